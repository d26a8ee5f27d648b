import Archive
import Files
import Glibc

/// What a restore drill has found.
package struct DrillReport: Hashable, Sendable {
    /// Regular files that were restored.
    package var files: Int
    /// Bytes of content, without holes.
    package var bytes: Int64
    /// What a restore leaves out, with the reason.
    package var skipped: [String]
    /// What did not come back as it is stored, a clause each; the first of them.
    package var differences: [String]
    package var differenceCount: Int
}

extension BackupRepository {
    /// Restores a whole snapshot into a folder, compares what is there then with what is stored, and removes it. The app's own data are not touched.
    /// - Parameter scratch: Where that folder is made.
    /// - Throws: `notEnoughSpace` before anything is written where it would not fit, `archive` for a snapshot that is damaged.
    package func drill(
        _ snapshot: Snapshot, scratch: String, onProgress: @escaping BackupProgressReceiver = { _ in }
    ) async throws(BackupError) -> DrillReport {
        try await ScratchFolder.with(below: scratch) { folder throws(BackupError) in
            let tree = try await open(snapshot, scratch: folder, onProgress: onProgress)
            return try await DedicatedThread.run { flag throws(BackupError) in try RestoreDrill(tree, folder, flag, onProgress).run() }
        }
    }
}

/// One drill. Blocks. Memory does not depend on the number of files: what is stored is noted in a file.
struct RestoreDrill {
    /// What is left to the app, in bytes.
    private static let reserve: Int64 = 32 << 20
    private static let mostNamed = 3

    private let tree: any TreeSource
    private let folder: Folder
    private let flag: CancelFlag
    private let onProgress: BackupProgressReceiver

    init(_ tree: any TreeSource, _ folder: Folder, _ flag: CancelFlag, _ onProgress: @escaping BackupProgressReceiver) {
        (self.tree, self.folder, self.flag, self.onProgress) = (tree, folder, flag, onProgress)
    }

    func run() throws(BackupError) -> DrillReport {
        try checkSpace()
        let (place, notes): (Folder, OpenFile)
        do throws(FileError) {
            try folder.makeFolder("tree")
            place = try folder.folder("tree")
            notes = try folder.create("notes")
        } catch {
            throw .file(error)
        }
        let noted = NotedTree(tree: tree, file: notes)
        // As the user of this process, without setuid bits: the scratch folder must hold no files of other users.
        let report = try extraction(of: noted, .unpacking).run(into: place).report
        let comparison = try compare(place, notes, isExact: report.skipped.isEmpty)
        return DrillReport(
            files: report.files, bytes: report.bytes, skipped: report.skipped, differences: comparison.first, differenceCount: comparison.count)
    }

    private func extraction(of tree: any TreeSource, _ step: BackupProgress.Step) -> TreeExtraction {
        TreeExtraction(
            tree: tree, flag: flag, owner: .running,
            onProgress: { [onProgress] in onProgress(BackupProgress(step, files: $0, bytes: $1, ofBytes: tree.storedBytes)) })
    }

    /// Before anything is written. Where it is not known how much comes out, it is read once for that.
    private func checkSpace() throws(BackupError) {
        let wanted: Int64
        if let bytes = tree.contentBytes { wanted = bytes } else { wanted = try extraction(of: tree, .verifying).run(into: nil).report.bytes }
        guard let free = (try? folder.space())?.bytes else { return }
        if free < wanted + RestoreDrill.reserve { throw .notEnoughSpace(needed: wanted + RestoreDrill.reserve, free: free, path: folder.path) }
    }

    // MARK: Comparing

    private func compare(_ place: Folder, _ notes: OpenFile, isExact: Bool) throws(BackupError) -> (first: [String], count: Int) {
        do throws(FileError) {
            var reader = try NoteReader(notes)
            var comparison = DrillComparison(place: place, isExact: isExact, flag: flag)
            var files = 0
            while let note = try reader.next() {
                if flag.isSet { throw FileError("read", folder.path, code: ECANCELED) }
                try comparison.take(note)
                files += 1
                if files % 100 == 0 { onProgress(BackupProgress(.verifying, files: files)) }
            }
            let names = comparison.differences.sorted { $0.key < $1.key }
            return (names.prefix(RestoreDrill.mostNamed).map { "\($0.key.readable) \($0.value)" }, names.count)
        } catch {
            throw flag.isSet ? .cancelled : .file(error)
        }
    }
}

/// Compares what was restored with what was stored.
struct DrillComparison {
    private static let pieceSize = 1 << 18

    private let place: Folder
    /// Whether modes and times must be those that were stored: not where the file system takes some of them only.
    private let isExact: Bool
    private let flag: CancelFlag
    private var parent: (names: [RawName], folder: Folder)
    /// By path. An archive may hold a path twice, and the last one counts.
    private(set) var differences: [RawName: String] = [:]

    init(place: Folder, isExact: Bool, flag: CancelFlag) {
        (self.place, self.isExact, self.flag) = (place, isExact, flag)
        parent = ([], place)
    }

    mutating func take(_ note: EntryNote) throws(FileError) {
        let names = note.path.bytes.split(separator: 47).filter { $0 != [46] }.map { RawName($0) }
        guard let name = names.last else { return }
        let key = RawName(Array(names.map(\.bytes).joined(separator: [47])))
        let flaw: String?
        do {
            if parent.names != Array(names.dropLast()) { parent = (Array(names.dropLast()), try place.folder(below: names.dropLast())) }
            flaw = try self.flaw(note, name, parent.folder)
        } catch {
            // What this user may not look into is there.
            if error.code == EACCES { return }
            guard error.isMissing || error.isNoFolder else { throw error }
            flaw = isExact || note.kind == .file ? "is missing" : nil
        }
        differences[key] = flaw
    }

    private func flaw(_ note: EntryNote, _ name: RawName, _ folder: Folder) throws(FileError) -> String? {
        let status = try folder.status(name)
        switch note.kind {
        case .folder: return status.kind == .folder ? nil : "is no folder"
        case .link:
            guard status.kind == .symbolicLink else { return "is no link" }
            return try folder.target(ofLink: name).bytes == note.sum ? nil : "leads elsewhere"
        case .file:
            guard status.kind == .file else { return "is no file" }
            guard status.size == note.size else { return "is \(status.size) bytes long, and not \(note.size)" }
            guard try sum(folder.file(name)) == note.sum else { return "has another content" }
            guard isExact else { return nil }
            if status.mode & 0o777 != note.mode & 0o777 { return "has another mode" }
            return status.modified.seconds == note.seconds ? nil : "has another time"
        }
    }

    private func sum(_ file: OpenFile) throws(FileError) -> [UInt8] {
        var sum = ContentSum()
        while case let bytes = try file.read(DrillComparison.pieceSize), !bytes.isEmpty {
            if flag.isSet { return [] }
            sum.add(bytes)
        }
        return sum.value
    }
}
