import Archive
import Files

/// One extraction of a snapshot: into a folder, or only to validate it. All code that unpacks uses this, so the same is refused everywhere.
struct TreeExtraction {
    let tree: any TreeSource
    let flag: CancelFlag
    var owner = FileOwner.stored
    var isWanted: ([RawName]) -> Bool = { _ in true }
    /// The trees that it is wanted for; none where any archive will do.
    var source: BackupSource?
    /// Called with the files that have been unpacked, and with how many of the stored bytes have been read.
    var onProgress: (_ files: Int, _ bytes: Int64) -> Void = { _, _ in }

    struct Result {
        var report: ExtractionReport
        /// The items of the source that are in it, and those that are not.
        var present: [BackupSource.Item]
        var missing: [BackupSource.Item]
        var notes: [String]
    }

    /// Unpacks below a folder; nil to read and judge everything and to write nothing.
    ///
    /// Sizes that entries name are not trusted for checking free space: the disk is full when a write fails. Then the snapshot is read once
    /// more, because damage must not be reported as lack of space, and to find out how much is needed.
    func run(into folder: Folder?) throws(BackupError) -> Result {
        let free = (try? folder?.space().bytes) ?? .max
        do { return try extract(into: folder, limit: free) } catch {
            guard error.isDiskFull, let folder else { throw error }
            let needed = try extract(into: nil, limit: .max).report.bytes
            throw needed > free ? .notEnoughSpace(needed: needed, free: free, path: folder.path) : error
        }
    }

    private func extract(into folder: Folder?, limit: Int64) throws(BackupError) -> Result {
        let extractor = TreeExtractor(into: folder, limits: ExtractionLimits(bytes: limit), owner: owner, isWanted: isWanted)
        let onRead = { [onProgress] (bytes: Int64) in onProgress(extractor.report.files, bytes) }
        let reading = try tree.read(flag, onRead: onRead) { reader throws(ArchiveError) in try extractor.read(reader) }
        let items = try judge(extractor)
        if extractor.needsSecondReading { _ = try tree.read(flag, onRead: onRead) { reader throws(ArchiveError) in try extractor.readAgain(reader) } }
        do throws(ArchiveError) {
            return Result(report: try extractor.finish(), present: items.present, missing: items.missing, notes: reading.notes)
        } catch {
            throw .archive(error)
        }
    }

    private func judge(_ extractor: TreeExtractor) throws(BackupError) -> (present: [BackupSource.Item], missing: [BackupSource.Item]) {
        guard let source else { return ([], []) }
        var (present, missing) = ([BackupSource.Item](), [BackupSource.Item]())
        for item in source.located() {
            switch extractor.found(at: item.member) {
            case .folder, .file: present.append(item)
            case nil: missing.append(item)
            case .link: throw .archive(.refused("it holds no data of \(item.readable), only a symbolic link in its place"))
            }
        }
        guard present.isEmpty else { return (present, missing) }
        let found = extractor.topNames.prefix(20).map(\.description).joined(separator: ", ")
        throw .notInBackup(wanted: missing.map(\.readable).joined(separator: ", "), holds: found.isEmpty ? "nothing" : found)
    }
}
