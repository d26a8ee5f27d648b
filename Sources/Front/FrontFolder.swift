package import Files
import Foundation
import Glibc

/// The folder of the front: nginx's configuration, the sockets to this program, and the mark that the app is ready.
///
/// Worker processes of nginx run as another user where they can, so the folder is one that others may enter, with files that
/// they may read. It holds nothing private. All methods block for the disk.
package struct FrontFolder: Sendable {
    package struct Unusable: Error, CustomStringConvertible {
        package var description: String
    }

    /// A file's path in a socket's address is no longer than this, in bytes. Source: unix(7).
    private static let longestSocketPath = 107

    package let path: String

    /// - Parameter path: Of a folder that is there.
    package init(path: String) { self.path = path }

    /// Makes the folder below the first of these folders where that is possible.
    /// - Parameters:
    ///   - bases: Absolute paths, in the order of preference.
    ///   - name: The folder's own name.
    ///   - isShared: Whether other users must be able to reach it.
    package static func make(below bases: [String], name: String, isShared: Bool) throws(Unusable) -> FrontFolder {
        for base in bases where base.allSatisfy({ !"$\"\\\n;".contains($0) }) {
            let path = "\(base)/\(name)"
            guard "\(path)/visits.sock".utf8.count <= longestSocketPath, !isShared || canBeReached(base) else { continue }
            if isOurs(path, below: base, name: RawName(name)) { return FrontFolder(path: path) }
        }
        throw Unusable(description: "no folder for the sockets of the front can be made in \(bases.joined(separator: ", "))")
    }

    /// Whether every user may enter the folder and all above it.
    private static func canBeReached(_ path: String) -> Bool {
        var current = URL(fileURLWithPath: path).standardizedFileURL
        while true {
            var info = stat()
            guard unsafe stat(current.path, &info) == 0, info.st_mode & S_IXOTH != 0 else { return false }
            if current.path == "/" { return true }
            current.deleteLastPathComponent()
        }
    }

    private static func isOurs(_ path: String, below base: String, name: RawName) -> Bool {
        do {
            let above = try Folder.open(base)
            if !above.exists(name) { try above.makeFolder(name, mode: 0o711) }
            let status = try above.status(name)
            guard status.kind == .folder, status.owner == geteuid(), status.mode & 0o022 == 0 else { return false }
            try above.folder(name).set(mode: 0o711)
            let probe: RawName = ".write-test"
            try above.folder(name).replace(probe, with: [1], durably: false)
            try above.folder(name).remove(probe)
            return true
        } catch {
            return false
        }
    }

    /// What this front marks its answers with: made at the first call and kept in the folder, since nginx outlives this program.
    package func instance() throws(FileError) -> String {
        let (folder, name): (Folder, RawName) = (try Folder.open(path), "instance")
        if let kept = try? folder.contents(of: name), kept.count == 16, kept.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) {
            return String(decoding: kept, as: UTF8.self)
        }
        let made = Arrivals.random()
        try folder.replace(name, with: Array(made.utf8), durably: false)
        return made
    }

    /// Writes all that nginx reads.
    /// - Returns: Whether nginx's configuration differs from the one before.
    package func write(_ plan: FrontPlan) throws(FileError) -> Bool {
        let folder = try Folder.open(path)
        let (name, text): (RawName, [UInt8]) = ("nginx.conf", Array(NginxConfiguration(plan).text.utf8))
        if (try? folder.contents(of: name)) == text { return false }
        try folder.replace(name, with: text, mode: 0o644, durably: false)
        return true
    }

    /// Whether nginx passes requests to the app.
    package func setReady(_ isReady: Bool) throws(FileError) {
        let (folder, name): (Folder, RawName) = (try Folder.open(path), "ready")
        if isReady {
            try folder.replace(name, with: [], mode: 0o644, durably: false)
        } else if folder.exists(name) {
            try folder.remove(name)
        }
    }
}
