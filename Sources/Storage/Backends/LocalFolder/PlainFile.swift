import Files
import Foundation
import Glibc

/// A file that no commit of ours has put into a folder, under the name that plain tools see.
struct PlainFile {
    private static let idPrefix = "plain-"

    var name: String
    var size: Int64 = 0
    var modified = FileTime(seconds: 0)
    /// Changes with the file.
    private var mark = ""

    /// Something below the folder that is known by its name only.
    init(name: String) { self.name = name }

    private init(_ name: String, _ status: FileStatus) {
        (self.name, size, modified) = (name, status.size, status.modified)
        mark = "\(status.inode).\(status.size).\(status.modified.seconds).\(status.modified.nanoseconds)"
    }

    static func all(_ entries: [LocalFolderLayout.RootEntry]) -> [PlainFile] {
        entries.compactMap { entry in
            switch entry.what {
            case .plain(let status): PlainFile(entry.name, status)
            case .lost, .orphaned: nil
            }
        }
    }

    /// The version that files are together.
    static func version(_ files: [PlainFile]) -> StoreVersion {
        let newest = files.map(\.modified).max() ?? FileTime(seconds: 0)
        let marks = files.map { (ByteKey($0.name), $0.mark) }.sorted { $0.0 < $1.0 }.map(\.1)
        return StoreVersion(
            id: idPrefix + marks.joined(separator: "-"),
            date: newest.date,
            objects: Dictionary(files.map { ($0.name, $0.size) }) { first, _ in first })
    }

    static func isVersion(_ id: String) -> Bool { id.hasPrefix(idPrefix) }

    /// Opens it, be it a link.
    func open(in folder: Folder) throws(FileError) -> OpenFile {
        switch try folder.followed(RawName(name)) {
        case .file(let place, let name, _): try place.file(name)
        case .folder: throw FileError("read", folder.path(of: RawName(name)), code: EISDIR)
        case .dangling, nil: throw FileError("open", folder.path(of: RawName(name)), code: ENOENT)
        }
    }
}

extension StoreVersion {
    var isPlain: Bool { PlainFile.isVersion(id) }
}
