package import JobKit
import Settings

/// A configuration as it is read: with variables substituted, merge keys resolved, and defaults shown.
package struct ResolvedConfiguration {
    private let catalog: JobCatalog
    private let secrets: [String]

    /// - Parameter secrets: Variables whose values are not put in.
    package init(catalog: JobCatalog, secrets: [String]) {
        self.catalog = catalog
        self.secrets = secrets
    }

    /// The file's contents as YAML, with a comment at each default. Secrets that are in the file itself are in it: the caller redacts them.
    /// - Returns: Nil where the text is not YAML.
    package func text(of text: String, file: String, environment: [String: String]) -> String? {
        guard let root = YAMLTree(file: file, environment: environment).read(text).root?.withoutExtensions else { return nil }
        return group(root, shapes(at: []), [], indent: 0).joined(separator: "\n")
    }

    private func shapes(at path: [String], _ node: ConfigNode? = nil) -> [SettingShape] {
        switch path.count {
        case 0: ConfigurationReader.topShapes
        case 2 where path[0] == "repositories": node?["type"]?.text.flatMap { catalog.repositories[$0] }?.shapes() ?? []
        case 2 where path[0] == "jobs": CommonJobSettings.shapes
        default: []
        }
    }

    /// The lines of a group of keys: those that are set, in the file's order, then the defaults of the others.
    private func group(_ node: ConfigNode, _ shapes: [SettingShape], _ path: [String], indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        let entries = node.entries ?? []
        var lines: [String] = []
        for entry in entries {
            let shape = shapes.first { $0.key == entry.key || $0.formerly == entry.key }
            lines += value(
                entry.value, named: margin + ResolvedConfiguration.scalar(entry.key, isPlain: true) + ":", inner(of: entry, shape, path, node),
                path + [entry.key],
                indent)
        }
        for shape in shapes where !entries.contains(where: { $0.key == shape.key || $0.key == shape.formerly }) {
            guard let text = shape.defaultText else { continue }
            // A default that is a list or a group is YAML already.
            let value = text.hasPrefix("[") || text.hasPrefix("{") ? text : ResolvedConfiguration.scalar(text, isPlain: true)
            lines.append("\(margin)\(shape.key): \(value)  # default")
        }
        return lines
    }

    /// The keys that are known below an entry.
    private func inner(of entry: ConfigNode.Entry, _ shape: SettingShape?, _ path: [String], _ node: ConfigNode) -> [SettingShape] {
        if case .section(let shapes)? = shape?.kind { return shapes }
        if case .either(let kinds)? = shape?.kind {
            for case .section(let shapes) in kinds { return shapes }
        }
        if case .map(.section(let shapes))? = shape?.kind { return (entry.value.entries ?? []).map { SettingShape($0.key, "", .section(shapes)) } }
        if path.count == 2, path[0] == "jobs", entry.key == "with" { return node["type"]?.text.flatMap { catalog.entries[$0] }?.shapes() ?? [] }
        return shapes(at: path + [entry.key], entry.value)
    }

    private func value(_ node: ConfigNode, named head: String, _ shapes: [SettingShape], _ path: [String], _ indent: Int) -> [String] {
        switch node.value {
        case .null: return [head]
        case .scalar(let text, let isPlain):
            let written = node.written.flatMap { text in VariableText(environment: [:]).expand(text).used.contains(where: secrets.contains) ? text : nil }
            return ["\(head) \(ResolvedConfiguration.scalar(written ?? text, isPlain: isPlain))"]
        case .mapping:
            let lines = group(node, shapes, path, indent: indent + 2)
            return lines.isEmpty ? ["\(head) {}"] : [head] + lines
        case .sequence(let nodes):
            if nodes.isEmpty { return ["\(head) []"] }
            let margin = String(repeating: " ", count: indent + 2)
            return [head]
                + nodes.flatMap { element in
                    var lines = value(element, named: "", shapes, path, indent + 2)
                    // The first key of a group is behind the dash; a list in a list gets a line of its own.
                    if lines.count > 1, lines[0].isEmpty { lines.removeFirst() }
                    let first = lines[0].drop { $0 == " " }
                    return ["\(margin)- \(first)"] + lines.dropFirst()
                }
        }
    }

    /// Text as YAML: plain where it reads back as it was, else in double quotes.
    private static func scalar(_ text: String, isPlain: Bool) -> String {
        let isSimple = text.wholeMatch(of: /[\p{L}\p{N}\/_.~+][\p{L}\p{N}\/_.,~+@%=-]*(?::[\p{L}\p{N}\/_.,~+@%=-]+)*(?: [\p{L}\p{N}\/_.,~+@%=()-]+)*/) != nil
        // A quoted number or yes is text.
        let isOtherwise = !isPlain && (Double(text) != nil || ["true", "false", "yes", "no", "on", "off", "null", "~"].contains(text.lowercased()))
        if isSimple, !isOtherwise { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 32 || scalar.value == 127: quoted += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
