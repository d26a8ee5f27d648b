import Foundation
import JSON5

/// A site's own configuration, as far as it consists of plain settings at the top level.
struct HexoConfig: Sendable {
    /// As Hexo looks for it: the first that is there.
    static let names = ["_config.yml", "_config.yaml", "_config.json"]

    /// The file's name.
    let name: String
    private let values: [String: [String]]

    /// - Parameter text: The file's content. Lines that can't be read as settings are skipped; Hexo itself reports them.
    init(name: String, text: String) {
        self.name = name
        values = name.hasSuffix(".json") ? HexoConfig.json(text) : HexoConfig.yaml(text)
    }

    /// The configuration of a site; nil where it has none. Blocks.
    static func find(in folder: String) -> HexoConfig? {
        for name in names {
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else { continue }
            return HexoConfig(name: name, text: String(decoding: data, as: UTF8.self))
        }
        return nil
    }

    /// A setting of one value; nil where it is absent or empty.
    func text(_ key: String) -> String? { values[key]?.first.flatMap { $0.isEmpty ? nil : $0 } }

    /// A setting of one or more values.
    func list(_ key: String) -> [String] { (values[key] ?? []).filter { !$0.isEmpty } }

    // MARK: JSON

    private static func json(_ text: String) -> [String: [String]] {
        guard let members = try? JSONDocument(Array(text.utf8)).value.members else { return [:] }
        return Dictionary(members.map { ($0.key, plain($0.value)) }) { _, last in last }
    }

    private static func plain(_ value: JSONValue) -> [String] {
        switch value {
        case .text(let text): [text]
        case .number(let number): [number]
        case .boolean(let flag): ["\(flag)"]
        case .list(let items): items.flatMap(plain)
        case .null, .object: []
        }
    }

    // MARK: YAML

    private static func yaml(_ text: String) -> [String: [String]] {
        var found: [String: [String]] = [:]
        var current: String?
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            let trimmed = line.trimmed
            if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
            if let key = current, trimmed.hasPrefix("- ") {
                found[key]?.append(scalar(trimmed.dropFirst(2)))
            } else if let first = line.first, !first.isWhitespace, let colon = line.firstIndex(of: ":") {
                let key = scalar(line[..<colon])
                let value = line[line.index(after: colon)...]
                found[key] = items(value)
                current = found[key]?.isEmpty == true ? key : nil
            }
        }
        return found
    }

    /// The values on a key's own line: none, one, or those between brackets.
    private static func items(_ text: Substring) -> [String] {
        let value = text.trimmed
        if value.isEmpty || value.hasPrefix("#") { return [] }
        guard value.hasPrefix("["), let end = value.lastIndex(of: "]") else { return [scalar(value)] }
        return value[value.index(after: value.startIndex)..<end].split(separator: ",").map { scalar($0) }
    }

    private static func scalar(_ text: Substring) -> String {
        let trimmed = text.trimmed
        if let quote = trimmed.first, quote == "\"" || quote == "'" { return String(trimmed.dropFirst().prefix { $0 != quote }) }
        // A comment begins after a blank.
        let end = trimmed.firstRange(of: " #")?.lowerBound ?? trimmed.endIndex
        return String(trimmed[..<end].trimmed)
    }
}

extension Substring {
    /// Without blanks at its ends.
    var trimmed: Substring {
        var rest = drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
