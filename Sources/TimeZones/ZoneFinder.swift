import Foundation

/// Why a zone can't be found.
package enum ZoneProblem: Error, Hashable, Sendable {
    /// The name is neither a zone file's nor a valid rule.
    case unknown
    /// The system has no zone files at all.
    case noFiles(folder: String)
    /// The file is not a valid zone file (RFC 9636), or can't be read.
    case damaged(path: String)
}

/// Finds zones by the names that `TZ` accepts, in the system's files.
package struct ZoneFinder: Sendable {
    static let localFile = "/etc/localtime"
    /// What is UTC without any file.
    private static let utcNames: Set = ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal"]

    /// The folder with the zone files, `/usr/share/zoneinfo` by default.
    package let folder: String

    /// - Parameter environment: `TZDIR` in it names another folder than the system's.
    package init(environment: [String: String]) {
        folder = environment["TZDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/usr/share/zoneinfo"
    }

    /// The zone of a name, of a file's whole path, or of a rule such as `CST-8`; a `:` before it is skipped. Blocks.
    package func zone(_ text: String) throws(ZoneProblem) -> Zone {
        let name = text.hasPrefix(":") ? String(text.dropFirst()) : text
        if let path = path(of: name), let file = ZoneFile(path) {
            guard let bytes = file.read(), let data = try? ZoneData(bytes) else { throw .damaged(path: path) }
            return Zone(name: name, data, from: file)
        }
        if ZoneFinder.utcNames.contains(name) { return .utc }
        if let rule = PosixZone(name) { return Zone(name: name, rule) }
        guard hasFiles else { throw .noFiles(folder: folder) }
        throw .unknown
    }

    /// The zone of `/etc/localtime`; nil where there is none or it is not a zone file. Blocks.
    package func local() -> Zone? {
        guard let file = ZoneFile(ZoneFinder.localFile), let data = file.read().flatMap({ try? ZoneData($0) }) else { return nil }
        return Zone(name: ZoneFinder.localFile, data, from: file)
    }

    /// The same zone, read again where its file has changed; the zone as it is where the file is missing or damaged. Blocks.
    package func again(_ zone: Zone) -> Zone {
        guard let file = zone.file, file.hasChanged(), let now = ZoneFile(file.path), let data = now.read().flatMap({ try? ZoneData($0) }) else { return zone }
        return Zone(name: zone.name, data, from: now)
    }

    private var hasFiles: Bool { FileManager.default.fileExists(atPath: folder) }

    /// Nil for a name that leads out of the folder.
    private func path(of name: String) -> String? {
        if name.hasPrefix("/") { return name }
        guard !name.isEmpty, !name.utf8.contains(0), name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy({ !["", ".", ".."].contains($0) })
        else { return nil }
        return "\(folder)/\(name)"
    }

    /// The names of all zones that the system has, in no particular order; empty where it has no tables of them. Blocks.
    package func names() -> [String] {
        let compact = lines("tzdata.zi").compactMap { words in
            switch words[0] {
            case "Z" where words.count > 1: String(words[1])
            case "L" where words.count > 2: String(words[2])
            default: String?.none
            }
        }
        // Older systems have only the table of places.
        return compact.isEmpty ? lines("zone.tab").compactMap { $0.count > 2 ? String($0[2]) : nil } : compact
    }

    /// The words of the lines of one of the tables, comments left out.
    private func lines(_ table: String) -> [[Substring]] {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(table)") else { return [] }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { $0.split(whereSeparator: \.isWhitespace) }.filter { !$0.isEmpty }
    }
}
