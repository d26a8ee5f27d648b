import Files
import Foundation
import GRDB
import JobKit
package import Scheduler

/// The state file: runs, attempts, cursors, services, values and events in SQLite.
package final class SQLiteStore: Sendable {
    private let queue: DatabaseQueue

    /// How the file is opened.
    enum Access {
        case full
        /// To look at what a file holds for whose helpers the disk has no room: no other program can use it meanwhile.
        case readingOnFullDisk
    }

    /// Opens or creates the file and brings it to the newest schema. Blocks.
    ///
    /// - Throws: `StoreError` where the file can't be written, is damaged, or comes from a newer program.
    package convenience init(path: String) throws(StoreError) { try self.init(path: path, .full) }

    init(path: String, _ access: Access) throws(StoreError) {
        // A file that is made now holds nothing to lose: its many small writes are synced once, when it is complete.
        let isNew = access == .full && Folder.size(ofPath: path) == 0
        var configuration = GRDB.Configuration()
        // Whoever waits for the state file tries again, and a stop must not wait long.
        configuration.busyMode = .timeout(1)
        configuration.prepareDatabase { db in
            if access == .readingOnFullDisk { try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
            // A run that is recorded stays recorded, whatever happens to the machine. Before the journal is set: a new file's first page is written by that.
            try db.execute(sql: "PRAGMA synchronous = \(isNew ? "OFF" : "FULL")")
            // Not by `configuration.journalMode`, which sets `synchronous` to NORMAL after this.
            _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
        }
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let done = try queue.read(Migrations.done)
            if !done.isSubset(of: Migrations.all.map(\.name)) {
                throw StoreError("\(path) was written by a newer shipkeeper; install that, or move the file away")
            }
            if access == .full { try queue.writeWithoutTransaction { try Migrations.apply(to: $0, besides: done) } }
            if isNew { try SQLiteStore.sync(queue, path) }
            self.queue = queue
        } catch let error as StoreError {
            throw error
        } catch {
            throw SQLiteStore.storeError(error, path)
        }
    }

    /// Opens the file; one that is damaged is kept under another name with its log of changes, and a new one begun. Blocks.
    package static func openOrReplace(path: String) throws(StoreError) -> (store: SQLiteStore, setAside: String?) {
        // SQLite takes the log of changes away when it closes a file, a damaged one too: then it may hold the only good pages.
        let (log, kept) = (path + "-wal", path + "-wal.kept")
        var isFolder: ObjCBool = false
        try? FileManager.default.removeItem(atPath: kept)
        let hasLog = (try? FileManager.default.linkItem(atPath: log, toPath: kept)) != nil
        defer { try? FileManager.default.removeItem(atPath: kept) }
        if unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            throw StoreError("\(path) is a folder; move it away")
        }
        do { return (try SQLiteStore(path: path), nil) } catch {
            guard isDamaged(path) else { throw error }
            let aside = "\(path).damaged-\(Int(Date.now.timeIntervalSince1970))"
            do {
                try FileManager.default.moveItem(atPath: path, toPath: aside)
                if hasLog { try FileManager.default.moveItem(atPath: kept, toPath: aside + "-wal") }
            } catch {
                throw StoreError("\(path): \(error.localizedDescription)")
            }
            for companion in [log, path + "-shm"] { try? FileManager.default.removeItem(atPath: companion) }
            // For its owner only, as the one before; SQLite gives the files beside it the same rights.
            _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
            return (try SQLiteStore(path: path), aside)
        }
    }

    /// Brings a new file and its name to the disk, and has each commit wait for the disk from here on. Blocks.
    private static func sync(_ queue: DatabaseQueue, _ path: String) throws {
        // By SQLite itself: a descriptor of ours on its file would drop its locks when it is closed.
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(PASSIVE)")
        }
        try Folder.open(URL(fileURLWithPath: path).deletingLastPathComponent().path).sync()
    }

    /// The same contents in memory, and the file closed. Blocks.
    func inMemory() throws(StoreError) -> SQLiteStore {
        do {
            let memory = try DatabaseQueue()
            try queue.backup(to: memory)
            try queue.close()
            return SQLiteStore(memory)
        } catch {
            throw SQLiteStore.storeError(error)
        }
    }

    private init(_ queue: DatabaseQueue) { self.queue = queue }

    private static func isDamaged(_ path: String) -> Bool {
        do {
            return try DatabaseQueue(path: path).read { try String.fetchOne($0, sql: "PRAGMA quick_check") } != "ok"
        } catch let error as DatabaseError {
            return [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
        } catch {
            return false
        }
    }

    /// All that a new boot needs of the file, read at once. Blocks.
    func contents() throws(StoreError) -> FileContents {
        do {
            return try queue.read { db in
                var contents = FileContents(state: try SQLiteStore.state(db))
                for row in try Row.fetchAll(db, sql: "SELECT owner, key, value FROM key_values") {
                    contents.values[row["owner"], default: [:]][row["key"]] = row["value"] as String
                }
                return contents
            }
        } catch {
            throw SQLiteStore.storeError(error)
        }
    }

    /// Whether each commit waits until the disk has it. Blocks.
    package func syncsEachCommit() throws(StoreError) -> Bool {
        do { return try queue.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2 } catch { throw SQLiteStore.storeError(error) }
    }

    private static func storeError(_ error: any Error, _ path: String? = nil) -> StoreError {
        let place = path.map { "\($0): " } ?? ""
        guard let error = error as? DatabaseError else { return StoreError("\(place)\(error)") }
        switch (error.resultCode, error.extendedResultCode) {
        case (.SQLITE_FULL, _), (_, .SQLITE_IOERR_SHMSIZE): return StoreError("\(place)the disk is full", kind: .noRoom)
        case (.SQLITE_READONLY, _): return StoreError("\(place)the file can't be written")
        case (.SQLITE_CANTOPEN, _): return StoreError("\(place)the file can't be opened; is its folder there and writable?")
        default: return StoreError("\(place)\(error.message ?? "SQLite error \(error.resultCode.rawValue)")")
        }
    }

    // In tasks of their own: what a cancelled run has come to is still recorded.

    func read<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws(StoreError) -> Value {
        do { return try await Task { [queue] in try await queue.read(work) }.value } catch { throw SQLiteStore.storeError(error) }
    }

    func write<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws(StoreError) -> Value {
        do { return try await Task { [queue] in try await queue.write(work) }.value } catch { throw SQLiteStore.storeError(error) }
    }
}

extension SQLiteStore: RunStore {
    package func load() async throws(StoreError) -> StoredState {
        try await read(SQLiteStore.state)
    }

    private static func state(_ db: Database) throws -> StoredState {
        let unfinished = try RunRecord.fetchAll(db, "state <> 'finished' ORDER BY id")
        var state = StoredState(unfinished: unfinished.map(\.run))
        for job in try SQLiteStore.jobs(db) {
            let newest = try NewestRuns(of: job, db)
            state.last[job] = newest.end
            state.lastReports[job] = newest.report
            state.verdicts[job] = newest.verdict
            state.lastStored[job] = newest.stored
        }
        for row in try Row.fetchAll(db, sql: "SELECT job, schedule, fire_time FROM cursors") {
            guard let date = Timestamp.date(row["fire_time"]) else { continue }
            state.cursors[.init(job: row["job"], schedule: row["schedule"])] = date
        }
        // A file of an earlier release is read as it is where the disk is full.
        if try db.tableExists("pauses") {
            state.pauses = try SQLiteStore.pauses(db)
            for row in try Row.fetchAll(db, sql: "SELECT job, at FROM stopped_services") {
                state.stoppedServices[row["job"]] = Timestamp.date(row["at"])
            }
        }
        try ProblemRows.load(into: &state, db)
        if try db.tableExists("requests") {
            for row in try Row.fetchAll(db, sql: "SELECT job, key, run FROM requests") { state.requests[RequestKey(job: row[0], key: row[1])] = row[2] }
        }
        state.highestRunID = try Int64.fetchOne(db, sql: "SELECT max(id) FROM runs") ?? 0
        return state
    }

    private static func pauses(_ db: Database) throws -> [Pause] {
        try Row.fetchAll(db, sql: "SELECT job, since, until, via FROM pauses").compactMap { row in
            guard let since = Timestamp.date(row["since"]) else { return nil }
            let job: String = row["job"]
            return Pause(job: job.isEmpty ? nil : job, since: since, until: (row["until"] as String?).flatMap(Timestamp.date), via: row["via"])
        }
    }

    package func commit(_ changes: [StoreChange]) async throws(StoreError) {
        try await write { db in
            for change in changes { try SQLiteStore.apply(change, db) }
        }
    }

    private static func apply(_ change: StoreChange, _ db: Database) throws {
        switch change {
        case .save(let run): try RunRecord(run).save(db)
        case .saveAttempt(let attempt):
            try db.cachedStatement(
                sql: """
                    INSERT INTO attempts (run, number, started_at, ended_at, result, exit_code) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET ended_at = excluded.ended_at, result = excluded.result,
                        exit_code = excluded.exit_code
                    """
            ).execute(arguments: [
                attempt.run, attempt.number, Timestamp.text(attempt.startedAt), attempt.endedAt.map(Timestamp.text), attempt.result,
                attempt.exitCode,
            ])
        case .cursor(let job, let schedule, let date):
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO cursors (job, schedule, fire_time) VALUES (?, ?, ?)")
                .execute(arguments: [job, schedule, Timestamp.text(date)])
        case .forgetCursor(let job, let schedule):
            try db.cachedStatement(sql: "DELETE FROM cursors WHERE job = ? AND schedule = ?").execute(arguments: [job, schedule])
        case .service(let job, let status, let at):
            try db.cachedStatement(
                sql: "INSERT OR REPLACE INTO services (job, state, process, launches, note, changed_at) VALUES (?, ?, ?, ?, ?, ?)"
            ).execute(arguments: [job, status.state.rawValue, status.process, status.launches, status.note, Timestamp.text(at)])
        case .serviceStopped(let job, let at):
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO stopped_services (job, at) VALUES (?, ?)").execute(arguments: [job, Timestamp.text(at)])
        case .serviceWanted(let job): try db.cachedStatement(sql: "DELETE FROM stopped_services WHERE job = ?").execute(arguments: [job])
        case .pause(let pause):
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO pauses (job, since, until, via) VALUES (?, ?, ?, ?)")
                .execute(arguments: [pause.job ?? "", Timestamp.text(pause.since), pause.until.map(Timestamp.text), pause.via])
        case .resume(let job): try db.cachedStatement(sql: "DELETE FROM pauses WHERE job = ?").execute(arguments: [job ?? ""])
        case .problem(let job, let problem): try ProblemRows.save(job, problem, db)
        case .problemOver(let job, let kind): try ProblemRows.remove(job, kind, db)
        case .deadline(let job, let deadline): try ProblemRows.save(job, deadline, db)
        case .request(let request, let run):
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO requests (job, key, run) VALUES (?, ?, ?)").execute(arguments: [request.job, request.key, run])
        case .event(let event):
            try db.cachedStatement(sql: "INSERT INTO events (at, kind, job, message) VALUES (?, ?, ?, ?)")
                .execute(arguments: [Timestamp.text(event.at), event.kind.stored, event.job, event.message])
        }
    }

    package func runs(_ query: RunQuery) async throws(StoreError) -> [Run] {
        try await read { db in
            let (condition, arguments) = query.condition
            return try RunRecord.fetchAll(db, "\(condition) ORDER BY id DESC LIMIT ?", arguments + [query.limit]).map(\.run)
        }
    }

    package func run(_ id: Int64) async throws(StoreError) -> Run? {
        try await read { db in try RunRecord.fetchOne(db, "id = ?", [id])?.run }
    }

    package func attempts(of run: Int64) async throws(StoreError) -> [Attempt] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM attempts WHERE run = ? ORDER BY number", arguments: [run]).compactMap { row in
                guard let start = Timestamp.date(row["started_at"]) else { return nil }
                return Attempt(
                    run: row["run"], number: row["number"], startedAt: start,
                    endedAt: (row["ended_at"] as String?).flatMap(Timestamp.date), result: row["result"],
                    exitCode: row["exit_code"])
            }
        }
    }

    package func events(limit: Int) async throws(StoreError) -> [Event] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM events ORDER BY id DESC LIMIT ?", arguments: [limit]).compactMap { row in
                guard let at = Timestamp.date(row["at"]) else { return nil }
                return Event(at: at, kind: Event.Kind(stored: row["kind"]), job: row["job"], message: row["message"])
            }
        }
    }
}

/// What a new boot needs of a state file.
struct FileContents: Sendable {
    var state = StoredState()
    /// By owner and key.
    var values: [String: [String: String]] = [:]
}
