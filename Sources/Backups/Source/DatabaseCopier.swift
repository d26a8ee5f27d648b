import Files
import Glibc

/// Brings what live databases hold into files of our own: whole, without a trace beside them and without breaking a lock.
///
/// Through SQLite where it can read them as they are; else the database with its log or journal byte by byte, in a moment in which
/// nobody writes, for SQLite to bring in order here.
final class DatabaseCopier {
    /// The name of a copy; a log or journal that could not be brought in has the same with its ending.
    static let copy: RawName = "database"
    private static let tries = 3
    /// How long nothing may move before a database counts as quiet that keeps everybody out, in seconds.
    private static let quiet = 2.0
    /// SQLite's own bytes for locks: who writes waits for those who have the second stretch.
    private static let pending: (Int64, Int64) = (0x4000_0000, 1)
    private static let shared: (Int64, Int64) = (0x4000_0002, 510)

    enum Verdict: Hashable {
        case of(DatabaseVerdict)
        /// It was kept locked and written to all the time: the copy may be torn.
        case locked(String)
        /// It was written to while it was copied, each time.
        case moving
    }

    struct Copy: Hashable {
        var verdict: Verdict
        /// Files that belong to the copy, because SQLite could not bring them in.
        var companions: [SQLiteFile.Companion] = []
    }

    private let scratch: Folder
    private let flag: CancelFlag
    /// How long locked databases are waited for, all together, in seconds.
    private var patience: Double
    private var quietLeft = 3 * DatabaseCopier.quiet
    private let onProgress: BackupProgressReceiver
    /// Databases up to this size are done before anyone looks.
    private static let small: Int64 = 4 << 20

    init(scratch: Folder, patience: Double, flag: CancelFlag, onProgress: @escaping BackupProgressReceiver = { _ in }) {
        self.scratch = scratch
        self.patience = patience
        self.flag = flag
        self.onProgress = onProgress
    }

    /// Copies a database into the scratch folder. Blocks.
    /// - Throws: What the database itself, or the scratch folder, refuses; `isMissing` when the database is gone.
    func copy(_ name: RawName, in folder: Folder) throws(FileError) -> Copy {
        var lockedBy: String?
        for _ in 0..<DatabaseCopier.tries {
            let file = try folder.file(name)
            let found = try HeldFiles.holding(file.status()) { () throws(FileError) in
                try copyOnce(Live(name: name, folder: folder, file: file), &lockedBy)
            }
            // A database that another took the place of meanwhile was not held.
            if let found, try folder.status(name).inode == file.status().inode { return found }
        }
        let copied = SQLiteFile.Companion.allCases.filter { scratch.exists($0.name(of: DatabaseCopier.copy)) }
        return Copy(verdict: lockedBy.map { .locked($0) } ?? .moving, companions: try bringIn(copied, nil).companions)
    }

    /// Removes what a copy has left.
    func clear() {
        for name in [DatabaseCopier.copy] + SQLiteFile.Companion.allCases.map({ $0.name(of: DatabaseCopier.copy) }) { try? scratch.remove(name) }
    }

    /// A database where it lies.
    private struct Live {
        let name: RawName
        let folder: Folder
        let file: OpenFile

        func has(_ companion: SQLiteFile.Companion) -> Bool { folder.exists(companion.name(of: name)) }

        /// What changes when anybody writes.
        func state() throws(FileError) -> State {
            let log = try? folder.file(SQLiteFile.Companion.log.name(of: name))
            return State(
                main: try file.status(), log: (try? log?.status()) ?? nil, logHeader: (try? log?.read(32, at: 0)) ?? [],
                journal: try? folder.status(SQLiteFile.Companion.journal.name(of: name)))
        }
    }

    private struct State {
        let main: FileStatus
        let log: FileStatus?
        let logHeader: [UInt8]
        let journal: FileStatus?

        /// Whether a copy made between the two is of one instant: a log may have grown, and what was added is not yet part of it.
        func holds(until later: State) -> Bool {
            main.hasSameContent(as: later.main) && journal?.hasSameContent(as: later.journal) ?? (later.journal == nil)
                && log?.inode == later.log?.inode && logHeader == later.logHeader && log?.size ?? 0 <= later.log?.size ?? 0
        }

        func isSame(as later: State) -> Bool { holds(until: later) && log?.hasSameContent(as: later.log) ?? true }
    }

    /// Nil where it is to be tried again.
    private func copyOnce(_ live: Live, _ lockedBy: inout String?) throws(FileError) -> Copy? {
        clear()
        try checkCancelled()
        let header = try SQLiteHeader(of: live.file)
        // In this mode SQLite reads through a log. Without one nobody has it open, and all there is stands in the database.
        let isAtRest = header?.hasLog == true && !live.has(.log) && !live.has(.journal)
        if !isAtRest, lockedBy == nil {
            do throws(SQLiteFailure) {
                return Copy(verdict: .of(try copyThroughSQLite(live, header)))
            } catch {
                switch error {
                case .diskFull: throw FileError("write", scratch.path, code: ErrorNumber.diskFull)
                case .busy(let words): lockedBy = words
                case .damaged, .unknown, .closed: break
                }
                try checkCancelled()
                clear()
            }
        }
        return try copyBytes(live, header, isLocked: lockedBy != nil)
    }

    private func checkCancelled() throws(FileError) {
        if flag.isSet { throw FileError("read", scratch.path, code: ErrorNumber.cancelled) }
    }

    // MARK: Through SQLite

    private func copyThroughSQLite(_ live: Live, _ header: SQLiteHeader?) throws(SQLiteFailure) -> DatabaseVerdict {
        let target = try SQLiteConnection(path: scratch.path(of: DatabaseCopier.copy))
        try target.run("PRAGMA synchronous = OFF")
        try take(live, into: target)
        return try verdict(of: target, header)
    }

    private func take(_ live: Live, into target: borrowing SQLiteConnection) throws(SQLiteFailure) {
        let source = try SQLiteConnection.reader(of: live.name, in: live.folder)
        source.wait(milliseconds: 100)
        while true {
            let start = ContinuousClock.now
            do throws(SQLiteFailure) {
                return try target.take(from: source) { done, total in
                    show(.copyingDatabase, done, of: total)
                    return !flag.isSet
                }
            } catch {
                guard case .busy = error, patience > 0, !flag.isSet else { throw error }
                usleep(50_000)
                patience -= (ContinuousClock.now - start) / .seconds(1)
            }
        }
    }

    private func verdict(of copy: borrowing SQLiteConnection, _ header: SQLiteHeader?) throws(SQLiteFailure) -> DatabaseVerdict {
        let watch = copy.beginWatch { [self] bytes in
            show(.checkingDatabase, bytes, of: nil)
            return !flag.isSet
        }
        defer { copy.endWatch(watch) }
        return try copy.verdict(header)
    }

    private func show(_ step: BackupProgress.Step, _ done: Int64, of total: Int64?) {
        if total ?? done > DatabaseCopier.small { onProgress(BackupProgress(step, bytes: done, ofBytes: total)) }
    }

    // MARK: Byte by byte

    private func copyBytes(_ live: Live, _ header: SQLiteHeader?, isLocked: Bool) throws(FileError) -> Copy? {
        let hasLock = try isLocked ? false : lock(live.file)
        defer { if hasLock { live.file.unlock(from: DatabaseCopier.shared.0, count: DatabaseCopier.shared.1) } }
        var before = try live.state()
        if isLocked {
            guard try isQuiet(live, &before) else { return nil }
        } else if before.main.modified.isJustNow {
            // A change within the same tick of the file system's clock could not be seen.
            usleep(20_000)
            before = try live.state()
        }
        let copied = try copyFiles(live)
        guard before.holds(until: try live.state()) else { return nil }
        return try bringIn(copied, header)
    }

    /// Keeps those out who write, as any reader does; false where the file system has no locks, or one has it for itself.
    private func lock(_ file: OpenFile) throws(FileError) -> Bool {
        for _ in 0..<40 {
            do throws(FileError) {
                try file.lockForReading(from: DatabaseCopier.pending.0, count: DatabaseCopier.pending.1)
                defer { file.unlock(from: DatabaseCopier.pending.0, count: DatabaseCopier.pending.1) }
                try file.lockForReading(from: DatabaseCopier.shared.0, count: DatabaseCopier.shared.1)
                return true
            } catch {
                guard error.isLocked else { return false }
            }
            try checkCancelled()
            usleep(50_000)
        }
        return false
    }

    private func isQuiet(_ live: Live, _ before: inout State) throws(FileError) -> Bool {
        let end = ContinuousClock.now + .seconds(min(DatabaseCopier.quiet, max(0.05, quietLeft)))
        quietLeft -= DatabaseCopier.quiet
        repeat {
            try checkCancelled()
            usleep(50_000)
        } while ContinuousClock.now < end
        let first = before
        before = try live.state()
        if first.isSame(as: before) { return true }
        // The last try leaves a copy, torn or not: it is better than none.
        _ = try copyFiles(live)
        return false
    }

    private func copyFiles(_ live: Live) throws(FileError) -> [SQLiteFile.Companion] {
        clear()
        let total = try live.file.status().size
        var done: Int64 = 0
        try live.file.copyContent(to: scratch.create(DatabaseCopier.copy), flag) { bytes in
            done += Int64(bytes)
            show(.copyingDatabase, done, of: total)
        }
        var copied: [SQLiteFile.Companion] = []
        for companion in [SQLiteFile.Companion.log, .journal] {
            do throws(FileError) {
                let file = try live.folder.file(companion.name(of: live.name))
                try file.copyContent(to: scratch.create(companion.name(of: DatabaseCopier.copy)), flag)
                copied.append(companion)
            } catch {
                if !error.isMissing { throw error }
            }
        }
        return copied
    }

    /// Lets SQLite bring log and journal in order, and checks what comes of it. What it can't is kept as it is.
    private func bringIn(_ copied: [SQLiteFile.Companion], _ header: SQLiteHeader?) throws(FileError) -> Copy {
        let verdict: DatabaseVerdict
        do throws(SQLiteFailure) {
            let copy = try SQLiteConnection(path: scratch.path(of: DatabaseCopier.copy))
            try copy.run("PRAGMA synchronous = OFF")
            verdict = try self.verdict(of: copy, header)
            if copied.contains(.log) { try? copy.run("PRAGMA wal_checkpoint(TRUNCATE)") }
        } catch {
            switch error {
            case .diskFull: throw FileError("write", scratch.path, code: ErrorNumber.diskFull)
            case .busy(let words), .damaged(let words), .unknown(let words), .closed(let words): verdict = .unchecked(words)
            }
        }
        let left = copied.filter { companion in
            (try? scratch.status(companion.name(of: DatabaseCopier.copy)).size).map { $0 > 0 } ?? false
        }
        return Copy(verdict: .of(verdict), companions: left)
    }
}

extension FileStatus {
    /// Whether nobody seems to have written to the file between two looks at it.
    func hasSameContent(as later: FileStatus?) -> Bool {
        inode == later?.inode && device == later?.device && size == later?.size && modified == later?.modified
    }
}

extension FileTime {
    /// Whether it lies within the last tick of a file system's clock, or in the future.
    var isJustNow: Bool {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let tick = 20_000_000
        let limit =
            now.tv_nsec < tick
            ? FileTime(seconds: Int64(now.tv_sec) - 1, nanoseconds: Int64(now.tv_nsec - tick + 1_000_000_000))
            : FileTime(seconds: Int64(now.tv_sec), nanoseconds: Int64(now.tv_nsec - tick))
        return self > limit
    }
}
