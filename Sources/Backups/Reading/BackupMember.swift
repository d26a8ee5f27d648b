import Archive
package import Files
package import Foundation

/// A file, folder or link, as a backup holds it.
package struct BackupMember: Hashable, Sendable {
    /// What it is, with the target of a link.
    package enum Kind: Hashable, Sendable {
        case file
        case folder
        case symbolicLink(to: RawName)
        /// Another name of a file of the same backup.
        case hardLink(to: RawName)
        case fifo
        case device
    }

    /// As the archive names it, without slashes at its ends.
    package var path: RawName
    package var kind: Kind
    /// Permission bits, with setuid, setgid and sticky.
    package var mode: UInt32
    /// Bytes of content; 0 for all but files.
    package var size: Int64
    /// Modification time of the content, or of a link itself.
    package var modified: Date

    /// Nil for the folder itself that the archive was made in.
    init?(_ entry: TreeEntry) {
        let names = entry.path.names
        guard !names.isEmpty else { return nil }
        path = RawName(names.map(\.bytes).joined(separator: [47]))
        kind =
            switch entry.kind {
            case .file: .file
            case .folder: .folder
            case .symbolicLink(let target): .symbolicLink(to: target)
            case .hardLink(let target): .hardLink(to: RawName(target.names.map(\.bytes).joined(separator: [47])))
            case .fifo: .fifo
            case .device: .device
            }
        (mode, size, modified) = (entry.mode, entry.size, entry.modified.date)
    }

    package var isFolder: Bool { kind == .folder }
}

extension RawName {
    /// The names of a path; `.` and doubled slashes count for nothing.
    package var names: [RawName] { bytes.split(separator: 47).filter { $0 != [46] }.map { RawName($0) } }
}
