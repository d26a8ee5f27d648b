import JobKit
package import Settings

/// The schema of a plug-in's settings: the part of JSON Schema that describes the form of a value, read from `plugin.yaml`. Its other keywords
/// are warnings, and check nothing; unknown ones are errors. See json-schema.org, "JSON Schema Validation".
package indirect enum PluginSchema: Sendable {
    /// `pattern` may match anywhere in the text, as in JSON Schema; no `choices` means any. A secret is `writeOnly` in the schema.
    case text(pattern: String?, choices: [String], isSecret: Bool)
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case boolean
    case list(PluginSchema)
    /// `others` is the schema of keys that are not among the properties; nil refuses them.
    case object([Property], others: PluginSchema?)

    /// A key of an object.
    package struct Property: Sendable {
        package var key: String
        /// The description, else the title, else the key.
        package var about: String
        package var schema: PluginSchema
        package var isRequired: Bool
        /// The default, which keeps to the schema; nil for none.
        package var fallback: PluginValue?
        /// The first of `examples` that keeps to the schema.
        package var example: PluginValue?
    }

    private static let kinds = ["string", "integer", "number", "boolean", "array", "object"]

    /// Keywords of JSON Schema that are accepted with a warning, and have no effect.
    private static let unused: Set<String> = [
        "format", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains", "prefixItems", "exclusiveMinimum",
        "exclusiveMaximum", "multipleOf", "minProperties", "maxProperties", "patternProperties", "propertyNames", "dependentRequired", "dependentSchemas",
        "unevaluatedItems", "unevaluatedProperties", "const", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "deprecated", "readOnly",
        "contentEncoding", "contentMediaType", "contentSchema", "$id", "$anchor", "$defs", "definitions",
    ]

    // MARK: Reading the schema

    /// Reads a schema; nil where it is invalid, which has been reported to the reader then.
    package static func read(_ node: ConfigNode, _ reader: inout SettingsReader, path: String) -> PluginSchema? {
        guard node.entries != nil else {
            reader.report(at: node.place, "\"\(path)\" takes a schema, not \(node.kind)", hint: "write { type: string, description: … }")
            return nil
        }
        return reader.nested(node, path: path) { reader in
            let names = ["title", "description", "default", "examples", "$schema", "$comment"]
            for name in names { _ = reader.node(SettingShape(name, "For people", .anything)) }
            for entry in reader.allEntries where unused.contains(entry.key) {
                _ = reader.node(SettingShape(entry.key, "", .anything))
                reader.warn(
                    at: entry.place, "\"\(entry.key)\" of JSON Schema is passed over: nothing is checked by it",
                    hint: "let the plug-in check it itself, or use \"pattern\", \"enum\", \"minimum\" or \"maximum\"")
            }
            let kind = reader.node(SettingShape("type", "One of \(kinds.joined(separator: ", "))", .choice(kinds), isRequired: true))?.text
            switch kind {
            case "string": return string(&reader)
            case "integer":
                return .integer(
                    bounded(
                        reader.optionalInteger("minimum", "The least", in: Int.min...Int.max),
                        reader.optionalInteger("maximum", "The most", in: Int.min...Int.max), Int.min, Int.max, &reader))
            case "number":
                let bounds = ["minimum", "maximum"].map { number($0, &reader) }
                return .number(bounded(bounds[0], bounds[1], -Double.greatestFiniteMagnitude, Double.greatestFiniteMagnitude, &reader))
            case "boolean": return .boolean
            case "array":
                guard let items = reader.node(SettingShape("items", "The schema of each element", .anything, isRequired: true)) else { return nil }
                return read(items, &reader, path: "\(path).items").map { .list($0) }
            case "object": return object(&reader, path)
            default:
                if let kind { reader.report("type", "\"type\" is \"\(kind)\"", hint: "known are \(kinds.joined(separator: ", "))") }
                return nil
            }
        }
    }

    private static func bounded<Number: Comparable>(_ least: Number?, _ most: Number?, _ lowest: Number, _ highest: Number, _ reader: inout SettingsReader)
        -> ClosedRange<Number>
    {
        let (lower, upper) = (least ?? lowest, most ?? highest)
        if lower > upper { reader.report("maximum", "\"maximum\" is less than \"minimum\"") }
        return lower...max(lower, upper)
    }

    private static func number(_ key: String, _ reader: inout SettingsReader) -> Double? {
        reader.parsed(SettingShape(key, "A bound", .text), expected: "a number") { Double($0).flatMap { $0.isFinite ? $0 : nil } }
    }

    private static func string(_ reader: inout SettingsReader) -> PluginSchema {
        let pattern = reader.optionalString("pattern", "A regular expression that the text must match")
        if let pattern, (try? Regex(pattern)) == nil { reader.report("pattern", "\"\(pattern)\" is not a regular expression") }
        let choices = reader.strings("enum", "The texts that are allowed")
        // `writeOnly` is how JSON Schema marks what is never shown.
        let isSecret = reader.boolean("writeOnly", "Whether it is a secret", default: false)
        return .text(pattern: pattern, choices: choices, isSecret: isSecret)
    }

    private static func object(_ reader: inout SettingsReader, _ path: String) -> PluginSchema? {
        let required = reader.strings("required", "Keys that must be there")
        var others: PluginSchema?
        if let node = reader.node(SettingShape("additionalProperties", "The schema of other keys, or false", .anything)), node.text != "false" {
            others = read(node, &reader, path: "\(path).additionalProperties")
        }
        let node = reader.node(SettingShape("properties", "Schemas by key", .map(.anything)))
        let properties = (node?.entries ?? []).compactMap { entry -> Property? in
            guard let schema = read(entry.value, &reader, path: "\(path).\(entry.key)") else { return nil }
            let about = entry.value["description"]?.text ?? entry.value["title"]?.text ?? entry.key
            let fallback = entry.value["default"]
            let value = fallback.flatMap { schema.plain($0) }
            if let fallback, value == nil {
                reader.report(at: fallback.place, "the default of \"\(entry.key)\" is not what its schema says", hint: "write \(schema.expected)")
            }
            let example = entry.value["examples"]?.elements?.lazy.compactMap { schema.plain($0) }.first
            return Property(key: entry.key, about: about, schema: schema, isRequired: required.contains(entry.key), fallback: value, example: example)
        }
        for key in required where !properties.contains(where: { $0.key == key }) {
            reader.report("required", "\"\(key)\" is required, and not among \"properties\"")
        }
        return .object(properties, others: others)
    }

    // MARK: Reading settings

    /// The errors of settings in a file, by this schema, which must be an object's.
    package func problems(in node: ConfigNode, path: String) -> [Problem] {
        var reader = SettingsReader(node, path: path)
        _ = settings(&reader)
        reader.finish()
        return reader.problems.filter { $0.severity == .error }
    }

    /// Whether it is the schema of an object, as that of all settings must be.
    package var isObject: Bool { if case .object = self { true } else { false } }

    /// Reads the keys of an object, with defaults for missing ones. Invalid ones are reported, and read as their defaults, if any.
    package func settings(_ reader: inout SettingsReader) -> PluginValue {
        guard case .object(let properties, let others) = self else { return .object([:]) }
        var result: [String: PluginValue] = [:]
        for property in properties { result[property.key] = property.value(&reader) ?? property.fallback }
        if let others {
            for entry in reader.allEntries where !properties.contains(where: { $0.key == entry.key }) {
                _ = reader.node(SettingShape(entry.key, "", others.kind))
                result[entry.key] = others.value(entry.value, &reader, path: reader.qualified(entry.key))
            }
        }
        return .object(result)
    }

    /// The allowed values, for the schema of the whole configuration.
    var kind: SettingShape.Kind {
        switch self {
        case .text(_, let choices, _) where !choices.isEmpty: .choice(choices)
        case .text(let pattern?, _, _): .pattern(pattern)
        case .text: .text
        case .integer(let range): .integer(range)
        case .number: .text
        case .boolean: .boolean
        case .list(let element): .list(element.kind)
        case .object(_, let others?): .map(others.kind)
        case .object(let properties, nil): .section(properties.map(\.shape))
        }
    }

    /// A value that is reported where it is of another form.
    func value(_ node: ConfigNode, _ reader: inout SettingsReader, path: String) -> PluginValue? {
        if case .list(let element) = self {
            guard let elements = node.elements else {
                reader.report(at: node.place, "\"\(path)\" takes a list, not \(node.kind)", hint: "write [one, two]")
                return nil
            }
            return .list(elements.enumerated().compactMap { element.value($0.element, &reader, path: "\(path)[\($0.offset)]") })
        }
        if isObject {
            guard node.entries != nil else {
                reader.report(at: node.place, "\"\(path)\" takes a group of keys, not \(node.kind)")
                return nil
            }
            return reader.nested(node, path: path) { settings(&$0) }
        }
        guard node.text != nil else {
            reader.report(at: node.place, "\"\(path)\" takes one value, not \(node.kind)")
            return nil
        }
        if case .text(_, _, isSecret: true) = self, let text = node.text { reader.noteSecret(text) }
        if let value = plain(node) { return value }
        let isSecret = if case .text(_, _, isSecret: true) = self { true } else { false }
        reader.report(at: node.place, "\"\(path)\" is \(isSecret ? "not as it should be" : node.kind)", hint: "write \(expected)")
        return nil
    }

    /// A single value, or a list of such; nil where it is of another form.
    func plain(_ node: ConfigNode) -> PluginValue? {
        if case .list(let element) = self { return node.elements.map { .list($0.compactMap { element.plain($0) }) } }
        guard let text = node.text else { return nil }
        switch self {
        case .text(let pattern, let choices, _):
            if !choices.isEmpty, !choices.contains(text) { return nil }
            if let pattern, let expression = try? Regex(pattern), text.firstMatch(of: expression) == nil { return nil }
            return .text(text)
        case .integer(let range): return Int(text).flatMap { range.contains($0) ? .integer($0) : nil }
        case .number(let range): return Double(text).flatMap { $0.isFinite && range.contains($0) ? .number($0) : nil }
        case .boolean: return ["true": PluginValue.boolean(true), "false": .boolean(false)][text.lowercased()]
        case .list, .object: return nil
        }
    }

    fileprivate var expected: String {
        switch self {
        case .text(_, let choices, _) where !choices.isEmpty: "one of \(choices.joined(separator: ", "))"
        case .text(let pattern?, _, _): "what matches \(pattern)"
        case .text: "a text"
        case .integer(let range) where range == Int.min...Int.max: "a whole number"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number: "a number"
        case .boolean: "true or false"
        case .list: "a list"
        case .object: "a group of keys"
        }
    }
}

extension PluginSchema.Property {
    var shape: SettingShape {
        SettingShape(key, about, schema.kind, isRequired: isRequired, default: fallback.map(\.displayText))
    }

    fileprivate func value(_ reader: inout SettingsReader) -> PluginValue? {
        if case .text(_, _, isSecret: true) = schema {
            guard let secret = reader.secret(key, about, isRequired: isRequired) else { return nil }
            if let value = schema.plain(ConfigNode(.scalar(secret.revealed, isPlain: false), at: reader.place(of: key))) { return value }
            reader.report(key, "\"\(reader.qualified(key))\" is not as it should be", hint: "write \(schema.expected)")
            return nil
        }
        guard let node = reader.node(shape) else { return nil }
        if case .text = schema, isRequired, node.text?.isEmpty == true, node.missingSecrets.isEmpty {
            reader.report(key, "\"\(reader.qualified(key))\" is empty", hint: about)
            return nil
        }
        return schema.value(node, &reader, path: reader.qualified(key))
    }
}
