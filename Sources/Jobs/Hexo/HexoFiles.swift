import Files
import Foundation

/// A file below a folder, with what the system knows of it.
struct ListedFile {
    var place: [RawName]
    var status: FileStatus

    var path: String { place.map(\.description).joined(separator: "/") }
    /// In lower case, without the dot; empty where there is none.
    var ending: String { FileEnding.of(path) }
}

/// Endings of names.
enum FileEnding {
    /// In lower case, without the dot; empty where there is none.
    static func of(_ path: String) -> String {
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last ?? path.utf8[...]
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot != name.startIndex else { return "" }
        return String(decoding: name[name.index(after: dot)...], as: UTF8.self).lowercased()
    }

    /// A path with another ending in the place of its own.
    static func replace(_ path: String, with ending: String) -> String {
        String(decoding: path.utf8.dropLast(of(path).utf8.count), as: UTF8.self) + ending
    }
}

/// All files below a folder, as far as it can be read.
enum FileList {
    private static let ignored: Set<RawName> = ["node_modules", ".git"]
    private static let most = 50_000

    /// In the order of their names; links stand for themselves. Blocks.
    static func files(below path: String) -> [ListedFile] {
        guard let root = try? Folder.open(path) else { return [] }
        var found: [ListedFile] = []
        var pending: [[RawName]] = [[]]
        while let place = pending.popLast(), found.count < most {
            guard let folder = try? root.folder(below: place), let names = try? folder.names() else { continue }
            for name in names where !ignored.contains(name) {
                guard let status = try? folder.status(name) else { continue }
                let below = place + [name]
                if status.kind == .folder { pending.append(below) } else { found.append(ListedFile(place: below, status: status)) }
            }
        }
        return found.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }
}
