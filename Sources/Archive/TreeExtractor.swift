package import Files

/// Unpacks an archive below one folder and nowhere else, whatever the archive says.
///
/// What could lead elsewhere is refused and ends the extraction: the folder is a staging folder, and nothing is lost. A member that
/// merely can't be made is skipped, with a line in the report. Links are made last, so nothing can be written through one.
package final class TreeExtractor {
    private static let pieceSize = 256 * 1024

    let target: any ExtractionTarget
    private let limits: ExtractionLimits
    private let isWanted: ([RawName]) -> Bool
    package internal(set) var report = ExtractionReport()
    let index = MemberIndex()
    /// How many members have come.
    var count = 0
    var links: [(node: Int, entry: TreeEntry, target: RawName, isWanted: Bool)] = []
    private var folders: [Int: TreeEntry] = [:]
    /// Bytes of the extended attributes of folders and links, which wait for the end.
    var keptAttributeBytes = 0
    /// Names that are wanted for content that is not: by the number of the member that holds it.
    var elsewhere: [Int: [Int]] = [:]

    /// - Parameters:
    ///   - root: Nil to judge all that is there and write nothing.
    ///   - owner: Whether files get the owner that the archive names. Only root may set it, so for other users there is no difference.
    ///   - isWanted: Whether a member is unpacked, by the names of its path; the names of all members are judged.
    ///   - onProgress: Called after each piece of content and each member, on the same thread, with the totals so far.
    package init(
        into root: Folder?, limits: ExtractionLimits = ExtractionLimits(), owner: FileOwner = .stored, isWanted: @escaping ([RawName]) -> Bool = { _ in true }
    ) {
        target = root.map { FolderTarget($0, owner: owner) } ?? NoTarget()
        self.limits = limits
        self.isWanted = isWanted
    }

    /// Unpacks the members that are wanted, in one reading; a hard link to a file that is not wanted is reported as skipped. Blocks until the
    /// end of the archive. See `read` for what it throws.
    package func extract(_ reader: any EntryReader) throws(ArchiveError) -> ExtractionReport {
        try read(reader)
        return try finish()
    }

    /// Unpacks the members as they come; `finish` must follow. Symbolic links, modes and times of folders are left to `finish`.
    /// - Throws: `refused` for what could lead out of the folder or exceeds the limit of members, `tooLarge` beyond the limit of bytes, `file`
    ///   where the folder can't be written, and what the reader throws. What was unpacked until then stays.
    package func read(_ reader: any EntryReader) throws(ArchiveError) {
        while let entry = try reader.next() {
            count += 1
            if count > limits.members { throw .refused("it has more than \(limits.members) members") }
            try take(entry, reader)
            // One path can imply thousands of folders that have no member of their own.
            if index.count > limits.members { throw .refused("it has more than \(limits.members) files and folders") }
        }
        reader.passedOver.forEach { report.skip($0) }
    }

    /// Whether something is a hard link to a file that is not wanted, so that the archive must be read again.
    package var needsSecondReading: Bool { !elsewhere.isEmpty }

    /// Unpacks the files that hard links need and that the first reading left out. Call it between `read` and `finish`, if `needsSecondReading`.
    /// - Parameter reader: The same archive, at its beginning.
    package func readAgain(_ reader: any EntryReader) throws(ArchiveError) {
        var number = 0
        while let entry = try reader.next() {
            number += 1
            guard let nodes = elsewhere.removeValue(forKey: number), let first = nodes.first else { continue }
            try makeParents(Int(index[first].parent))
            guard try makeFile(first, entry, reader) else { continue }
            for node in nodes.dropFirst() { try makeHardLink(node, to: first, entry) }
        }
    }

    /// Makes the symbolic links, then sets modes and times of folders. Call it once; it does not sync.
    /// - Throws: `file` where that is impossible for a reason other than the member itself.
    package func finish() throws(ArchiveError) -> ExtractionReport {
        try makeLinks()
        try finishFolders()
        for nodes in elsewhere.values { for node in nodes { skip(index.names(node), "a hard link to a file that is not unpacked") } }
        target.notes.forEach { report.skip($0) }
        return report
    }

    // MARK: One member

    private func take(_ entry: TreeEntry, _ reader: any EntryReader) throws(ArchiveError) {
        let names: [RawName]
        switch try MemberName(entry.path) {
        case .unusable(let reason): return report.skip(reason)
        case .names(let found): names = found
        }
        guard let name = names.last else {
            if entry.kind != .folder { report.skip("\(entry.path.readable): a member without a name") }
            return
        }
        let wanted = isWanted(names)
        switch index.parent(names.dropLast()) {
        case .link:
            if wanted { throw .refused("\"\(entry.path.readable)\" is below a symbolic link") }
        case .other(let other):
            if wanted { report.skip("\(entry.path.readable): \"\(other)\" is in the way and is not a folder") }
        case .folder(let known, let missing):
            let member = Member(entry: entry, name: name, known: known, missing: missing, isWanted: wanted)
            switch entry.kind {
            case .folder: try takeFolder(member)
            case .file: try takeFile(member, reader)
            case .symbolicLink(let target): try takeLink(member, to: target)
            case .hardLink(let target): try takeHardLink(member, to: target)
            case .fifo: if wanted { report.skip("\(entry.path.readable): a named pipe") }
            case .device: if wanted { report.skip("\(entry.path.readable): a device") }
            }
        }
    }

    struct Member {
        var entry: TreeEntry
        var name: RawName
        /// The deepest folder above it that is known, and the folders below it for which there was no member.
        var known: Int
        var missing: ArraySlice<RawName>
        var isWanted: Bool
    }

    /// Adds the member to the index and returns its number; nil if a folder is already there.
    func claim(_ member: Member, _ kind: MemberIndex.Kind) throws(ArchiveError) -> Int? {
        var parent = member.known
        for name in member.missing { parent = index.add(name, to: parent, .folder) }
        guard let node = index.child(member.name, of: parent) else {
            let node = index.add(member.name, to: parent, kind)
            if member.isWanted { try makeParents(parent) }
            return node
        }
        if index[node].kind == .folder {
            if member.isWanted { report.skip("\(member.entry.path.readable): it comes as a folder too, which stays") }
            return nil
        }
        try giveWay(node)
        index[node].kind = kind
        if member.isWanted { try makeParents(parent) }
        return node
    }

    /// The later of two members of one name wins.
    private func giveWay(_ node: Int) throws(ArchiveError) {
        guard index[node].isMade else { return }
        if case .file = index[node].kind { try file { () throws(FileError) in try target.remove(index.place(node)) } }
        index[node].isMade = false
    }

    private func file(_ body: () throws(FileError) -> Void) throws(ArchiveError) {
        do { try body() } catch {
            throw error.isNoFolder ? .refused("\"\(error.path)\" is in the way and is not a folder") : .file(error)
        }
    }

    func skip(_ names: [RawName], _ reason: String) {
        report.skip("\(RawName(names.map(\.bytes).joined(separator: [47])).readable): \(reason)")
    }

    // MARK: Folders

    private func takeFolder(_ member: Member) throws(ArchiveError) {
        var parent = member.known
        for name in member.missing { parent = index.add(name, to: parent, .folder) }
        let node = index.child(member.name, of: parent) ?? index.add(member.name, to: parent, .folder)
        switch index[node].kind {
        case .folder: break
        case .link:
            if member.isWanted { throw .refused("\"\(member.entry.path.readable)\" comes as a folder and as a link") }
            return
        case .file, .nothing:
            try giveWay(node)
            index[node].kind = .folder
        }
        guard member.isWanted else { return }
        try makeParents(parent)
        if !index[node].isMade {
            do { try target.makeFolder(index.place(node), isImplied: false) } catch {
                guard error.isOfTheMember else { throw .file(error) }
                index[node].kind = .nothing
                return skip(index.names(node), "it can't be made here (\(error.cause))")
            }
            index[node].isMade = true
            report.folders += 1
        }
        folders[node] = kept(member.entry)
    }

    /// Makes the folders on the way to something that is wanted.
    private func makeParents(_ node: Int) throws(ArchiveError) {
        var missing: [Int] = []
        var next = node
        while !index[next].isMade {
            missing.append(next)
            next = Int(index[next].parent)
        }
        for node in missing.reversed() {
            try file { () throws(FileError) in try target.makeFolder(index.place(node), isImplied: true) }
            index[node].isMade = true
        }
    }

    /// Innermost first, which are those that came last: writing below a folder changes its time, and a closed one can't be written.
    private func finishFolders() throws(ArchiveError) {
        for node in folders.keys.sorted(by: >) {
            guard let entry = folders[node] else { continue }
            try file { () throws(FileError) in try target.finish(index.place(node), entry) }
        }
    }

    // MARK: Files

    private func takeFile(_ member: Member, _ reader: any EntryReader) throws(ArchiveError) {
        guard let node = try claim(member, .file(content: count)), member.isWanted else { return }
        _ = try makeFile(node, member.entry, reader)
    }

    /// Returns whether it could be made.
    private func makeFile(_ node: Int, _ entry: TreeEntry, _ reader: any EntryReader) throws(ArchiveError) -> Bool {
        let place = index.place(node)
        guard let failure = try write(node, place, entry, reader) else {
            report.files += 1
            return true
        }
        guard failure.isOfTheMember else { throw .file(failure) }
        if index[node].isMade { try file { () throws(FileError) in try target.remove(place) } }
        (index[node].isMade, index[node].kind) = (false, .nothing)
        skip(index.names(node), "it can't be made here (\(failure.cause))")
        return false
    }

    /// Returns an error of writing; an error of the archive is thrown.
    private func write(_ node: Int, _ place: MemberPlace, _ entry: TreeEntry, _ reader: any EntryReader) throws(ArchiveError) -> FileError? {
        let sink: any ContentSink
        do { sink = try target.makeFile(place) } catch { return error }
        index[node].isMade = true
        while let piece = try reader.piece(TreeExtractor.pieceSize) {
            if case .bytes(let bytes) = piece, Int64(bytes.count) > limits.bytes - report.bytes { throw .tooLarge(limit: limits.bytes) }
            do throws(FileError) {
                switch piece {
                case .hole(let length): try sink.skip(length)
                case .bytes(let bytes): try sink.write(bytes)
                }
            } catch {
                return error
            }
            if case .bytes(let bytes) = piece { report.bytes += Int64(bytes.count) }
        }
        do { try sink.finish(entry) } catch { return error }
        return nil
    }
}
