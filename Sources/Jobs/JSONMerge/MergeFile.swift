import Files
import Foundation
import JSON5
import JobKit
import Settings

/// The file that is merged into: read whole, written in one step.
struct MergeFile {
    /// The most that is read, in bytes.
    private static let most = 16 << 20

    let folder: Folder
    let name: RawName
    let path: String

    /// - Parameter path: Links are followed, so that the file itself is changed and not its name.
    /// - Returns: Nil where its folder is missing and is not to be made.
    init?(_ path: String, makingFolder: Bool) throws(JobError) {
        let real = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        self.path = real.path
        name = RawName(real.lastPathComponent)
        if !makingFolder, !FileManager.default.fileExists(atPath: real.deletingLastPathComponent().path) { return nil }
        do { folder = try Folder.make(real.deletingLastPathComponent().path, mode: 0o700) } catch {
            throw JobError("the folder of \(path) can't be used: \(error)", hint: "check the path, and whether user \(getuid()) may write there")
        }
    }

    /// What a file held, and how it looked when it was read.
    struct Content: Sendable {
        var bytes: [UInt8]
        var status: FileStatus

        /// A file that was cut when the disk was full is an empty one.
        var isBlank: Bool { bytes.allSatisfy { [9, 10, 13, 32].contains($0) } }

        func document() throws(JSONSyntaxError) -> JSONDocument { isBlank ? JSONDocument() : try JSONDocument(bytes) }
    }

    /// Nil where there is no file.
    func read() throws(JobError) -> Content? { try read(name) }

    private func read(_ name: RawName) throws(JobError) -> Content? {
        do {
            let status = try folder.status(name)
            guard status.kind == .file else { throw JobError("\(folder.path(of: name)) is not a file", hint: "move it away") }
            guard status.size <= MergeFile.most else {
                throw JobError("\(folder.path(of: name)) holds \(ByteSizeText.readable(status.size)), which is more than a file of settings may")
            }
            let bytes = try folder.contents(of: name, most: MergeFile.most)
            return Content(bytes: bytes, status: status)
        } catch let error as JobError {
            throw error
        } catch let error as FileError {
            if error.isMissing { return nil }
            throw JobError("\(folder.path(of: name)) can't be read: \(error)", hint: "check its permissions")
        } catch {
            throw JobError("\(folder.path(of: name)) can't be read: \(error)")
        }
    }

    // MARK: What can't be read

    /// Gives the file a second name, under which it stays when it is replaced. Returns that name.
    func keep(at date: Date) throws(JobError) -> String {
        let stamp = date.formatted(.iso8601.timeZoneSeparator(.omitted).dateTimeSeparator(.standard).timeSeparator(.omitted))
        let new = RawName("\(name).broken-\(stamp)")
        do throws(FileError) {
            // Some file systems have no hard links.
            do throws(FileError) { try folder.makeHardLink(new, to: name, in: folder) } catch {
                try folder.replace(new, with: folder.contents(of: name, most: MergeFile.most))
            }
        } catch {
            throw JobError("\(path) can't be kept as \(new): \(error)", hint: "check whether user \(getuid()) may write in its folder")
        }
        return folder.path(of: new)
    }

    /// The newest copy that an app has left next to the file, such as `openclaw.json.bak`, and that can be read.
    func newestCopy() -> (document: JSONDocument, path: String)? {
        let names = ((try? folder.names()) ?? []).filter { "\($0)".hasPrefix("\(name).bak") }
        let copies = names.compactMap { name in (try? read(name)).flatMap { $0 }.map { (name, $0) } }
        let readable = copies.compactMap { name, content in
            (content.isBlank ? nil : try? JSONDocument(content.bytes)).map { (document: $0, path: folder.path(of: name), date: content.status.modified) }
        }
        return readable.max { $0.date < $1.date }.map { ($0.document, $0.path) }
    }

    // MARK: Writing

    /// Next to the file and with its ending, for the program that checks it before it takes the file's place.
    private var candidate: RawName {
        let parts = "\(name)".split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1, let end = parts.last else { return RawName(".\(name).shipkeeper") }
        return RawName(".\(parts.dropLast().joined(separator: ".")).shipkeeper.\(end)")
    }

    var candidatePath: String { folder.path(of: candidate) }

    func writeCandidate(_ bytes: [UInt8], like status: FileStatus?) throws(JobError) {
        do {
            try folder.removeTree(candidate)
            let file = try folder.create(candidate)
            try file.write(bytes)
            if let status {
                _ = try FileUser.give { () throws(FileError) in try file.set(owner: status.owner, group: status.group) }
                try file.set(mode: status.mode & 0o777)
            }
            try file.sync()
        } catch {
            removeCandidate()
            throw JobError("\(candidatePath) can't be written: \(error)", hint: "is there room on the disk, and may user \(getuid()) write there?")
        }
    }

    func removeCandidate() { try? folder.removeTree(candidate) }

    /// Puts the candidate in the file's place. False where another program has changed the file meanwhile.
    func takeOver(since status: FileStatus?) throws(JobError) -> Bool {
        let now = try? folder.status(name)
        guard now?.inode == status?.inode, now?.modified == status?.modified, now?.size == status?.size else { return false }
        do {
            try folder.rename(candidate, to: folder, as: name)
            try folder.sync()
        } catch {
            throw JobError("\(path) can't be replaced: \(error)")
        }
        return true
    }
}
