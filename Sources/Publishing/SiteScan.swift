package import Files

/// A file of a site as it is on disk.
package struct ScannedFile: Hashable, Sendable {
    /// Below the site's folder, as an address has it.
    package var key: ByteKey
    /// The names that lead to it from the site's folder; for a link, to its target. None of them is a link.
    package var place: [RawName]
    /// In bytes.
    package var size: Int64
    /// Differs when the content may have changed: made of size, modification time and inode.
    package var mark: String
}

/// Why a site can't be published as it is.
package struct SiteError: ThreadFailure, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, without a period at its end.
    package var message: String
    /// What to do about it.
    package var hint: String?
    /// Whether another try may succeed without a manual change.
    package var isPassing: Bool

    package init(_ message: String, hint: String? = nil, isPassing: Bool = false) {
        self.message = message
        self.hint = hint
        self.isPassing = isPassing
    }

    /// A file or folder that can't be read; one that has disappeared meanwhile is a passing problem.
    package init(_ error: FileError) {
        self.init(
            "\(error)", hint: error.isMissing ? "something changes the site while it is read; publish again when that has ended" : nil,
            isPassing: error.isMissing || error.isShortage)
    }

    package init(noThread message: String, hint: String) { self.init(message, hint: hint, isPassing: true) }

    package var description: String { message }
}

/// The files of a site's folder, without hidden names.
package struct SiteScan: Sendable {
    /// Names that are never part of a site, though they are not hidden.
    private static let ignored: Set<RawName> = ["Thumbs.db"]

    /// Whether a name may be part of a site. Hidden names hold keys and histories more often than pages; the one that is published is
    /// that of RFC 8615.
    package static func isPart(_ name: RawName) -> Bool {
        name == ".well-known" || name.bytes.first != UInt8(ascii: ".") && !ignored.contains(name)
    }

    /// In the order of their keys' bytes.
    package private(set) var files: [ScannedFile] = []
    /// What is left out of the site, and why.
    package private(set) var skipped: [SkippedName] = []
    /// The site's folder, which stays the same one however its path is used meanwhile.
    package let root: Folder
    private let realRoot: [UInt8]
    private let mostKeyBytes: Int

    /// Looks through a folder, however deep it is, with a few descriptors. Blocks.
    /// - Parameter mostKeyBytes: The longest key that can be published.
    /// - Throws: Where the folder is missing, or something in it can't be read.
    package init(_ path: String, mostKeyBytes: Int = 4000, _ flag: CancelFlag) throws(SiteError) {
        self.mostKeyBytes = mostKeyBytes
        do throws(FileError) {
            root = try Folder.open(path)
            realRoot = try RealPath.of(Array(path.utf8))
        } catch {
            throw SiteError(error.isMissing ? "the folder \(path) does not exist" : "\(error)", hint: "has the site been built?")
        }
        try scan(flag)
        files.sort { $0.key < $1.key }
    }

    private mutating func scan(_ flag: CancelFlag) throws(SiteError) {
        var pending: [[RawName]] = [[]]
        while let place = pending.popLast() {
            do throws(FileError) {
                let folder = try root.folder(below: place)
                for name in try folder.names() where SiteScan.isPart(name) {
                    let status = try folder.status(name)
                    let below = place + [name]
                    guard let key = accept(below) else { continue }
                    switch status.kind {
                    case .folder: pending.append(below)
                    case .file: add(key, below, status)
                    case .symbolicLink: try addLinked(key, below)
                    case .fifo, .socket, .device: skip(below, .noFile)
                    }
                }
            } catch {
                throw SiteError(error)
            }
            if flag.isSet { throw SiteError("cancelled") }
        }
    }

    private mutating func skip(_ place: [RawName], _ reason: SkippedName.Reason) { skipped.append(SkippedName(SiteScan.path(place), reason)) }

    private static func path(_ place: [RawName]) -> [UInt8] { Array(place.map(\.bytes).joined(separator: [UInt8(ascii: "/")])) }

    /// The key of a place; nil where it can have none, which is noted then.
    private mutating func accept(_ place: [RawName]) -> ByteKey? {
        let path = SiteScan.path(place)
        guard let text = String(validating: path, as: UTF8.self) else {
            skip(place, .notUTF8)
            return nil
        }
        guard path.count <= mostKeyBytes else {
            skip(place, .longName)
            return nil
        }
        return ByteKey(text)
    }

    private mutating func add(_ key: ByteKey, _ place: [RawName], _ status: FileStatus) {
        files.append(
            ScannedFile(
                key: key, place: place, size: status.size, mark: "\(status.size).\(status.modified.seconds).\(status.modified.nanoseconds).\(status.inode)"))
    }

    /// A link is published as what it leads to, if that is a file of the site.
    private mutating func addLinked(_ key: ByteKey, _ place: [RawName]) throws(FileError) {
        let target: [UInt8]
        do { target = try RealPath.of(realRoot + [UInt8(ascii: "/")] + SiteScan.path(place)) } catch {
            return skip(place, .deadLink)
        }
        let above = realRoot.last == UInt8(ascii: "/") ? realRoot : realRoot + [UInt8(ascii: "/")]
        guard target.starts(with: above) else { return skip(place, target == realRoot ? .linkToFolder : .linkOutside) }
        let names = target.dropFirst(above.count).split(separator: UInt8(ascii: "/")).map { RawName($0) }
        guard names.allSatisfy(SiteScan.isPart), let last = names.last else { return skip(place, .linkToHidden) }
        let status = try root.folder(below: names.dropLast()).status(last)
        switch status.kind {
        case .file: add(key, names, status)
        case .folder: skip(place, .linkToFolder)
        case .symbolicLink, .fifo, .socket, .device: skip(place, .noFile)
        }
    }
}

extension ScannedFile {
    /// Opens the file for reading; no link is followed on the way, so that none can lead out of the site. Blocks for the disk.
    package func open(below root: Folder) throws(FileError) -> OpenFile {
        guard let name = place.last else { throw FileError("open", key.text, code: ErrorNumber.missing) }
        return try root.folder(below: place.dropLast()).file(name)
    }
}
