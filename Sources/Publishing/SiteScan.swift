import Crypto
package import Files
import Foundation
import Storage

/// A file of a site as it lies on disk.
package struct ScannedFile: Hashable, Sendable {
    package var key: String
    /// Where it lies: for a link, where that leads.
    package var path: String
    package var size: Int64
    /// Differs when the content may: size, time and inode.
    package var mark: String
}

/// Why a site can't be published as it is.
package struct SiteError: ThreadFailure, Hashable, Sendable, CustomStringConvertible {
    package var message: String
    package var hint: String?

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    package init(noThread message: String, hint: String) { self.init(message, hint: hint) }

    package var description: String { message }
}

/// What lies in a site's folder.
package struct SiteScan: Sendable {
    /// Names that are never part of a site, though they are not hidden.
    private static let ignored: Set<String> = ["Thumbs.db"]

    /// Hidden names hold keys and histories more often than pages; the one that is published is that of RFC 8615.
    private static func isPart(_ name: String) -> Bool { name == ".well-known" || !name.hasPrefix(".") && !ignored.contains(name) }

    package private(set) var files: [ScannedFile] = []
    private let root: String

    /// Blocks.
    package init(_ path: String, prefix: String = "", _ flag: CancelFlag) throws(SiteError) {
        let folder: Folder
        do { folder = try Folder.open(path) } catch {
            throw SiteError(error.isMissing ? "the folder \(path) does not exist" : "\(error)", hint: "has the site been built?")
        }
        root = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        try scan(folder, path, prefix, flag)
        files.sort { $0.key < $1.key }
    }

    private mutating func scan(_ folder: Folder, _ path: String, _ prefix: String, _ flag: CancelFlag) throws(SiteError) {
        let names: [RawName]
        do { names = try folder.names() } catch { throw SiteError("\(error)") }
        for name in names where SiteScan.isPart(name.description) {
            if flag.isSet { throw SiteError("cancelled") }
            let place = "\(path)/\(name)"
            let status = try SiteScan.status(name, in: folder)
            switch status.kind {
            case .folder:
                let below: Folder
                do { below = try folder.folder(name) } catch { throw SiteError("\(error)") }
                try scan(below, place, "\(prefix)\(name)/", flag)
            case .file: add(name, status, place, prefix)
            case .symbolicLink: try addLinked(name, place, prefix)
            case .fifo, .socket, .device: break
            }
        }
    }

    private static func status(_ name: RawName, in folder: Folder) throws(SiteError) -> FileStatus {
        do { return try folder.status(name) } catch { throw SiteError("\(error)") }
    }

    private mutating func add(_ name: RawName, _ status: FileStatus, _ place: String, _ prefix: String) {
        files.append(
            ScannedFile(
                key: "\(prefix)\(name)", path: place, size: status.size,
                mark: "\(status.size).\(status.modified.seconds).\(status.modified.nanoseconds).\(status.inode)"))
    }

    /// A link is published as what it leads to, if that is a file of the site.
    private mutating func addLinked(_ name: RawName, _ place: String, _ prefix: String) throws(SiteError) {
        let target = URL(fileURLWithPath: place).resolvingSymlinksInPath()
        let hint = "put a copy in its place, or remove it"
        guard target.path.hasPrefix(root + "/") else { throw SiteError("\(place) is a link that leads out of the site", hint: hint) }
        let folder: Folder
        do { folder = try Folder.open(target.deletingLastPathComponent().path) } catch { throw SiteError("\(error)", hint: hint) }
        let status = try SiteScan.status(RawName(target.lastPathComponent), in: folder)
        guard status.kind == .file else { throw SiteError("\(place) is a link to something that is no file", hint: hint) }
        add(name, status, target.path, prefix)
    }
}

/// Digests of a site's contents, taken anew only where a file may have changed.
package struct SiteDigests: Sendable {
    package struct Known: Hashable, Sendable {
        package var mark: String
        package var md5: String

        package init(mark: String, md5: String) {
            self.mark = mark
            self.md5 = md5
        }
    }

    /// By key.
    package private(set) var known: [String: Known]
    package private(set) var countRead = 0

    package init(known: [String: Known] = [:]) { self.known = known }

    /// The files with their digests and headers. Blocks.
    package mutating func site(_ files: [ScannedFile], _ rules: HeaderRules, prefix: String, _ flag: CancelFlag) throws(SiteError) -> [SiteFile] {
        var site: [SiteFile] = []
        var fresh: [String: Known] = [:]
        for file in files {
            if flag.isSet { throw SiteError("cancelled") }
            let digest: String
            if let old = known[file.key], old.mark == file.mark {
                digest = old.md5
            } else {
                do { digest = try SiteDigests.digest(file.path) } catch { throw SiteError("\(error)") }
                countRead += 1
            }
            fresh[file.key] = Known(mark: file.mark, md5: digest)
            let headers = rules.headers(of: String(file.key.dropFirst(prefix.count)))
            site.append(SiteFile(key: file.key, size: file.size, md5: digest, headers: HeaderRules.fingerprint(headers)))
        }
        known = fresh
        return site
    }

    private static func digest(_ path: String) throws(FileError) -> String {
        let file = try OpenFile.open(path)
        var hash = Insecure.MD5()
        while case let bytes = try file.read(1 << 20), !bytes.isEmpty { hash.update(data: bytes) }
        return hash.finalize().hex
    }
}
