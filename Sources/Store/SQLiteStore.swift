package import Foundation
import GRDB
package import JobKit
package import Scheduler

/// The state file: runs, attempts, cursors, services, values and events in SQLite.
package final class SQLiteStore: Sendable {
    private let queue: DatabaseQueue

    /// Opens or creates the file and brings it to the newest schema.
    ///
    /// - Throws: `StoreError` where the file can't be written, is damaged, or comes from a newer program.
    package init(path: String) throws(StoreError) {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(10)
        configuration.journalMode = .wal
        configuration.prepareDatabase { db in
            // A run that is recorded stays recorded, whatever happens to the machine.
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let migrator = Migrations.migrator
            if try queue.read(migrator.hasBeenSuperseded) {
                throw StoreError("\(path) was written by a newer shipkeeper; install that, or move the file away")
            }
            try migrator.migrate(queue)
            self.queue = queue
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError("\(path): \(SQLiteStore.words(error))")
        }
    }

    /// Opens the file; one that is damaged is kept under another name, and a new one begun.
    package static func openOrReplace(path: String) throws(StoreError) -> (store: SQLiteStore, setAside: String?) {
        do { return (try SQLiteStore(path: path), nil) } catch {
            guard isDamaged(path) else { throw error }
            let aside = "\(path).damaged-\(Int(Date.now.timeIntervalSince1970))"
            do { try FileManager.default.moveItem(atPath: path, toPath: aside) } catch {
                throw StoreError("\(path): \(error.localizedDescription)")
            }
            for companion in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + companion) }
            return (try SQLiteStore(path: path), aside)
        }
    }

    private static func isDamaged(_ path: String) -> Bool {
        do {
            return try DatabaseQueue(path: path).read { try String.fetchOne($0, sql: "PRAGMA quick_check") } != "ok"
        } catch let error as DatabaseError {
            return [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
        } catch {
            return false
        }
    }

    private static func words(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        switch error.resultCode {
        case .SQLITE_FULL: return "the disk is full"
        case .SQLITE_READONLY: return "the file can't be written"
        case .SQLITE_CANTOPEN: return "the file can't be opened; is its folder there and writable?"
        default: return error.message ?? "SQLite error \(error.resultCode.rawValue)"
        }
    }

    // In tasks of their own: what a cancelled run has come to is still recorded.

    private func read<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws(StoreError) -> Value {
        do { return try await Task { [queue] in try await queue.read(work) }.value } catch { throw StoreError(SQLiteStore.words(error)) }
    }

    private func write<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws(StoreError) -> Value {
        do { return try await Task { [queue] in try await queue.write(work) }.value } catch { throw StoreError(SQLiteStore.words(error)) }
    }
}

extension SQLiteStore: RunStore {
    /// The condition of a run that did its work.
    private static let didWork = "outcome IN ('succeeded', 'incomplete') AND cause <> 'dry run'"

    package func load() async throws(StoreError) -> StoredState {
        try await read { db in
            let unfinished = try RunRecord.fetchAll(db, sql: "SELECT * FROM runs WHERE state <> 'finished' ORDER BY id")
            let last = try RunRecord.fetchAll(
                db,
                sql: """
                    SELECT * FROM runs WHERE id IN (
                        SELECT max(id) FROM runs WHERE state = 'finished' AND outcome <> 'skipped' AND cause <> 'dry run' GROUP BY job)
                    """)
            let reports = try RunRecord.fetchAll(
                db, sql: "SELECT * FROM runs WHERE id IN (SELECT max(id) FROM runs WHERE \(SQLiteStore.didWork) GROUP BY job)")
            var state = StoredState(unfinished: unfinished.compactMap(\.run))
            for run in last.compactMap(\.run) { state.last[run.job] = run }
            for run in reports.compactMap(\.run) { state.lastReports[run.job] = run }
            for row in try Row.fetchAll(db, sql: "SELECT job, schedule, fire_time FROM cursors") {
                guard let date = Timestamp.date(row["fire_time"]) else { continue }
                state.cursors[.init(job: row["job"], schedule: row["schedule"])] = date
            }
            state.highestRunID = try Int64.fetchOne(db, sql: "SELECT max(id) FROM runs") ?? 0
            return state
        }
    }

    package func commit(_ changes: [StoreChange]) async throws(StoreError) {
        try await write { db in
            for change in changes { try SQLiteStore.apply(change, db) }
        }
    }

    private static func apply(_ change: StoreChange, _ db: Database) throws {
        switch change {
        case .save(let run): try RunRecord(run).upsert(db)
        case .saveAttempt(let attempt):
            try db.execute(
                sql: """
                    INSERT INTO attempts (run, number, started_at, ended_at, result, exit_code) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET ended_at = excluded.ended_at, result = excluded.result,
                        exit_code = excluded.exit_code
                    """,
                arguments: [
                    attempt.run, attempt.number, Timestamp.text(attempt.startedAt), attempt.endedAt.map(Timestamp.text),
                    attempt.result, attempt.exitCode,
                ])
        case .cursor(let job, let schedule, let date):
            try db.execute(
                sql: "INSERT OR REPLACE INTO cursors (job, schedule, fire_time) VALUES (?, ?, ?)",
                arguments: [job, schedule, Timestamp.text(date)])
        case .service(let job, let status, let at):
            try db.execute(
                sql: "INSERT OR REPLACE INTO services (job, state, process, launches, note, changed_at) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [job, status.state.rawValue, status.process, status.launches, status.note, Timestamp.text(at)])
        case .event(let event):
            try db.execute(
                sql: "INSERT INTO events (at, kind, job, message) VALUES (?, ?, ?, ?)",
                arguments: [Timestamp.text(event.at), event.kind, event.job, event.message])
        }
    }

    package func runs(of job: String?, limit: Int) async throws(StoreError) -> [Run] {
        try await read { db in
            let filter = job == nil ? "" : "WHERE job = ?"
            let arguments = StatementArguments(job.map { [$0] } ?? []) + [limit]
            return try RunRecord.fetchAll(db, sql: "SELECT * FROM runs \(filter) ORDER BY id DESC LIMIT ?", arguments: arguments)
                .compactMap(\.run)
        }
    }

    package func run(_ id: Int64) async throws(StoreError) -> Run? {
        try await read { try RunRecord.fetchOne($0, key: id)?.run }
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
                return Event(at: at, kind: row["kind"], job: row["job"], message: row["message"])
            }
        }
    }

    package func prune(keeping mostRuns: Int, since oldest: Date) async throws(StoreError) -> [Int64] {
        try await write { db in
            let removed = try Int64.fetchAll(
                db,
                sql: """
                    DELETE FROM runs WHERE state = 'finished'
                        AND id NOT IN (SELECT max(id) FROM runs WHERE state = 'finished' AND outcome <> 'skipped' AND cause <> 'dry run' GROUP BY job)
                        AND id NOT IN (SELECT max(id) FROM runs WHERE \(SQLiteStore.didWork) GROUP BY job)
                        AND (finished_at < ? OR id IN (
                            SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY job ORDER BY id DESC) AS place FROM runs)
                            WHERE place > ?))
                    RETURNING id
                    """,
                arguments: [Timestamp.text(oldest), mostRuns])
            try db.execute(sql: "DELETE FROM events WHERE at < ?", arguments: [Timestamp.text(oldest)])
            return removed
        }
    }
}

extension SQLiteStore: KeyValues {
    package func value(_ key: String, of owner: String) async throws(JobError) -> String? {
        do {
            return try await read { db in
                try String.fetchOne(db, sql: "SELECT value FROM key_values WHERE owner = ? AND key = ?", arguments: [owner, key])
            }
        } catch {
            throw JobError("the state file can't be read: \(error.message)", retry: .worthwhile)
        }
    }

    package func values(of owner: String) async throws(JobError) -> [String: String] {
        do {
            return try await read { db in
                let rows = try Row.fetchAll(db, sql: "SELECT key, value FROM key_values WHERE owner = ?", arguments: [owner])
                return Dictionary(rows.map { ($0["key"] as String, $0["value"] as String) }) { first, _ in first }
            }
        } catch {
            throw JobError("the state file can't be read: \(error.message)", retry: .worthwhile)
        }
    }

    package func set(_ values: [String: String?], of owner: String) async throws(JobError) {
        do {
            try await write { db in
                for (key, value) in values {
                    try db.execute(sql: "DELETE FROM key_values WHERE owner = ? AND key = ?", arguments: [owner, key])
                    guard let value else { continue }
                    try db.execute(
                        sql: "INSERT INTO key_values (owner, key, value) VALUES (?, ?, ?)", arguments: [owner, key, value])
                }
            }
        } catch {
            throw JobError("the state file can't be written: \(error.message)", retry: .worthwhile)
        }
    }
}
