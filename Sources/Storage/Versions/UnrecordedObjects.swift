import Buckets
import Foundation

/// Objects that belong together and that no record of ours names: what a script has put below the prefix itself, or contents whose record
/// is gone or was never written.
struct UnrecordedObjects {
    private static let idPrefix = "plain-"

    let version: StoreVersion
    /// Where they are, by name.
    let entries: [String: VersionManifest.Entry]
    /// Of those below the prefix itself: what changes with them, by name.
    let marks: [String: String]

    /// - Parameter objects: By name; keys are below the store's prefix.
    init(_ objects: [(name: String, object: StoredObject)], isPlain: Bool) {
        let sorted = objects.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        entries = Dictionary(sorted.map { ($0.name, VersionManifest.Entry(key: $0.object.name, size: $0.object.size, sha256: nil)) }) { first, _ in first }
        marks = isPlain ? Dictionary(sorted.map { ($0.name, $0.object.mark) }) { first, _ in first } : [:]
        version = StoreVersion(
            id: UnrecordedObjects.idPrefix + sorted.map(\.object.mark).joined(separator: "-"),
            date: sorted.compactMap(\.object.modified).max() ?? Date(timeIntervalSince1970: 0), objects: entries.mapValues(\.size))
    }

    static func isVersion(_ id: String) -> Bool { id.hasPrefix(idPrefix) }

    /// What a place that has no record holds in spite of that, newest first; nothing where it may be called empty.
    ///
    /// - Parameters:
    ///   - objects: All, with names below the store's prefix.
    ///   - place: The bucket and its prefix, for messages.
    /// - Throws: `refused` for contents of ours that can't be distinguished.
    static func all(_ objects: [StoredObject], in place: String) throws(StorageError) -> [UnrecordedObjects] {
        let telling = Set(PlaceRule.telling(objects.map(\.name), in: .shared))
        let found = objects.filter { telling.contains($0.name) }
        let contents = found.filter { $0.name.hasPrefix("objects/") && $0.name.split(separator: "/").count == 3 }
        let recorded = try contentsByCommit(contents, in: place)
        if !recorded.isEmpty { return recorded.sorted { ($0.version.date, $0.version.id) > ($1.version.date, $1.version.id) } }
        let others = found.filter { object in !contents.contains(object) }
        let plain = others.filter { !$0.name.contains("/") }
        // Of those in folders the names count: they can't be restored from there.
        let shown = plain.isEmpty ? others : plain
        return shown.isEmpty ? [] : [UnrecordedObjects(shown.map { ($0.name, $0) }, isPlain: true)]
    }

    /// Contents are below a name for each commit, the checksum before the archive.
    private static func contentsByCommit(_ contents: [StoredObject], in place: String) throws(StorageError) -> [UnrecordedObjects] {
        var found: [UnrecordedObjects] = []
        for (_, objects) in Dictionary(grouping: contents, by: { $0.name.split(separator: "/")[1] }) {
            let names = objects.map { (name: String($0.name.split(separator: "/")[2]), object: $0) }
            let archives = names.filter { !isChecksum($0.name) }
            // A commit that was cut short before its archive was there has stored nothing.
            guard let archive = archives.first else { continue }
            guard archives.count < names.count else {
                throw .refused(
                    "\(place) holds \(archive.object.name), and neither the record that names it nor its checksum",
                    hint: "bring back the objects below versions/; where it is what a first backup left that was cut short, delete it")
            }
            found.append(UnrecordedObjects(names, isPlain: false))
        }
        return found
    }

    static func isChecksum(_ name: String) -> Bool { name.hasSuffix(".sha256") }
}
