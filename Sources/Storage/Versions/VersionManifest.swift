import Foundation

/// What a version in a bucket holds: an object under a number, put once and never written over.
struct VersionManifest: Codable, Hashable, Sendable {
    struct Entry: Codable, Hashable, Sendable {
        /// Where the content is, below the store's prefix.
        var key: String
        var size: Int64
        /// In hexadecimal digits; nil for what a script has stored, whose digest is not known.
        var sha256: String?
    }

    private static let folder = "versions/"
    private static let digits = 10
    /// No store comes to so many versions: an object with a higher number is not ours.
    private static let most = 1 << 53

    /// Of the commit that made it; no two are alike.
    var id: String
    /// In seconds since 1970.
    var date: Double
    var title: String
    /// By name.
    var objects: [String: Entry]
    /// Marks of the objects that a script had put below the prefix itself, as they were when their place was taken; by name.
    var plain: [String: String]?

    static func key(_ number: Int) -> String {
        let text = String(number)
        return folder + String(repeating: "0", count: max(0, digits - text.count)) + text + ".json"
    }

    /// The number in a key; nil where it is not a manifest's.
    static func number(of key: String) -> Int? {
        guard key.hasPrefix(folder), key.hasSuffix(".json") else { return nil }
        let number = Int(key.dropFirst(folder.count).dropLast(".json".count))
        return number.flatMap { 0..<most ~= $0 && self.key($0) == key ? $0 : nil }
    }

    /// - Parameter id: Of the commit; a new one by default.
    init(
        id: String = String(UInt64.random(in: 0 ... .max), radix: 36), date: Date, title: String, objects: [String: Entry], plain: [String: String]? = nil
    ) {
        self.id = id
        self.date = date.timeIntervalSince1970
        self.title = title
        self.objects = objects
        self.plain = plain
    }

    init?(_ bytes: [UInt8]) {
        guard let manifest = try? JSONDecoder().decode(VersionManifest.self, from: Data(bytes)) else { return nil }
        self = manifest
    }

    var bytes: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map(Array.init) ?? []
    }

    func version(_ number: Int) -> StoreVersion {
        StoreVersion(
            id: "\(number)-\(id)", date: Date(timeIntervalSince1970: date), objects: objects.mapValues(\.size), digests: objects.compactMapValues(\.sha256))
    }
}

extension StoreVersion {
    /// The number of the manifest that says it.
    var manifestNumber: Int? { id.split(separator: "-").first.flatMap { Int($0) } }
}
