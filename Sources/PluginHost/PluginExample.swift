import Foundation
import Settings

extension PluginManifest {
    /// A job that uses this plug-in, to be pasted into a configuration: what is required with a value, the rest as comments.
    package var exampleBlock: String {
        guard case .object(let properties, _) = settings else { return "" }
        let known = exampleValues
        var (lines, secrets): ([String], [String]) = ([], [])
        for property in properties {
            let isSecret = if case .text(_, _, isSecret: true) = property.schema { true } else { false }
            let variable = PluginSchema.variableName("\(name)_\(property.key)")
            let value = isSecret ? "\"${\(variable)}\"" : (property.isRequired ? property.sample(known) : property.fallback ?? property.sample(known)).yaml
            if isSecret { secrets.append(variable) }
            let key = PluginValue.text(property.key).yaml
            let about = property.about.split(whereSeparator: \.isNewline).joined(separator: " ")
            lines.append("      \(property.isRequired ? "" : "# ")\(key): \(value)  # \(about)")
        }
        let head = secrets.isEmpty ? [] : ["secrets: [\(secrets.joined(separator: ", "))]"]
        let on: [String] =
            switch kind {
            case .job: ["    on: { every: 24h }  # or cron, after, watch; without it only \"shipkeeper start \(name)\""]
            case .message: ["    on: { after: { job: \"*\", outcome: [problem, recovered] } }"]
            case .service: []
            }
        // A group without a key that is set is left out.
        let with = properties.isEmpty ? [] : [properties.contains(where: \.isRequired) ? "    with:" : "    # with:"]
        return (head + ["jobs:", "  \(name):", "    type: \(name)"] + on + with + lines).joined(separator: "\n")
    }

    /// Values from `example` in the manifest, where they keep to the schema.
    private var exampleValues: [String: PluginValue] {
        guard let example, case .object(let properties, _) = settings else { return [:] }
        return properties.reduce(into: [:]) { values, property in values[property.key] = example[property.key].flatMap { property.schema.plain($0) } }
    }
}

extension PluginSchema.Property {
    /// A valid value: the first of `examples` of the schema, that of the manifest's `example`, the default, or one that its type allows.
    fileprivate func sample(_ known: [String: PluginValue]) -> PluginValue { example ?? known[key] ?? fallback ?? schema.sample }
}

extension PluginSchema {
    fileprivate var sample: PluginValue {
        switch self {
        case .text(_, let choices, _): .text(choices.first ?? "…")
        case .integer(let range): .integer(range.contains(1) ? 1 : range.lowerBound == .min ? range.upperBound : range.lowerBound)
        case .number(let range): .number(range.contains(1) ? 1 : range.lowerBound == -.greatestFiniteMagnitude ? range.upperBound : range.lowerBound)
        case .boolean: .boolean(false)
        case .list(let element): .list([element.sample])
        case .object(let properties, _):
            .object(properties.filter(\.isRequired).reduce(into: [:]) { $0[$1.key] = $1.sample([:]) })
        }
    }
}

extension PluginValue {
    private static let otherwise: Set<String> = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]

    private static func isPlain(_ text: String) -> Bool {
        text.wholeMatch(of: /[A-Za-z\/][A-Za-z0-9\/_.-]*/) != nil && !otherwise.contains(text.lowercased())
    }

    /// On one line of YAML, with dollars escaped as the configuration requires.
    fileprivate var yaml: String {
        switch self {
        case .text(let text) where PluginValue.isPlain(text): text
        case .list(let values): "[\(values.map(\.yaml).joined(separator: ", "))]"
        // JSON is YAML.
        default: String(decoding: bytes, as: UTF8.self).replacing("$", with: "$$")
        }
    }
}
