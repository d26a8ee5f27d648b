import Foundation
import GRDB
import JobKit
import Scheduler

extension SQLiteStore {
    /// Writes what the file holds to a new one, as another container may continue from it: without processes, with the run that stores it ended, and with all
    /// others that had not ended interrupted, for what became of them is not known. Blocks.
    /// - Parameter mostBytes: Old runs and events are left out of a copy that is larger.
    func writeCopy(
        to path: String, _ ending: TravellingState.Ending, _ mark: TravellingState.Mark, mostBytes: Int64 = TravellingState.mostBytes
    ) throws(StoreError) {
        do {
            let copy = try DatabaseQueue(path: path)
            defer { try? copy.close() }
            try queue.backup(to: copy)
            try copy.writeWithoutTransaction { db in
                // One file, and nothing beside it.
                _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
                try db.execute(sql: "PRAGMA synchronous = OFF")
                try db.inTransaction {
                    try SQLiteStore.prepare(db, ending, mark)
                    return .commit
                }
                try SQLiteStore.thin(db, to: mostBytes)
            }
        } catch {
            throw SQLiteStore.storeError(error)
        }
    }

    private static func prepare(_ db: Database, _ ending: TravellingState.Ending, _ mark: TravellingState.Mark) throws {
        let at = Timestamp.text(mark.at)
        for record in try RunRecord.fetchAll(db, "state <> 'finished'") {
            var run = record.run
            if run.id == ending.run {
                run.state = .finished(ending.outcome, at: mark.at)
                (run.summary, run.result, run.attention) = (ending.report.summary, ending.report.result, ending.report.attention)
            } else {
                run.state = .finished(.interrupted, at: mark.at)
                run.error = "the container was replaced by another: what became of this is not known"
            }
            try RunRecord(run).save(db)
            try db.execute(
                sql: "UPDATE attempts SET ended_at = ?, result = ? WHERE run = ? AND ended_at IS NULL",
                arguments: [at, run.state.outcome?.rawValue, run.id])
        }
        try db.execute(sql: "DELETE FROM services")
        for key in TravellingState.ownValues {
            try db.execute(sql: "DELETE FROM key_values WHERE key = ? AND owner LIKE 'repository/%'", arguments: [key])
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try db.execute(
            sql: "INSERT OR REPLACE INTO key_values (owner, key, value) VALUES (?, ?, ?)",
            arguments: [TravellingState.owner, TravellingState.key, String(decoding: try encoder.encode(mark), as: UTF8.self)])
    }

    /// Leaves old runs and events out until the file is small enough. Its values always stay.
    private static func thin(_ db: Database, to most: Int64) throws {
        for kept in TravellingState.runsKept where try size(db) > most {
            try db.inTransaction {
                for job in try SQLiteStore.jobs(db) {
                    let newest = try NewestRuns(of: job, db).ids
                    let beyond = try Int64.fetchAll(
                        db, sql: "SELECT id FROM runs WHERE job = ? ORDER BY id DESC LIMIT -1 OFFSET ?", arguments: [job, kept])
                    for id in beyond where !newest.contains(id) { try db.execute(sql: "DELETE FROM runs WHERE id = ?", arguments: [id]) }
                }
                try db.execute(sql: "DELETE FROM events WHERE id NOT IN (SELECT id FROM events ORDER BY id DESC LIMIT ?)", arguments: [kept])
                return .commit
            }
            try db.execute(sql: "VACUUM")
        }
    }

    private static func size(_ db: Database) throws -> Int64 {
        let pages = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        return pages * (try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
    }

    // MARK: Taking one over

    /// Takes all that a copy holds, in one transaction, where the file is empty. The copy is brought to the newest schema first. Blocks.
    /// - Parameter isOurs: Whether a copy belongs to what is backed up here.
    func take(copy path: String, if isOurs: (TravellingState.Mark) -> Bool) throws(TravellingState.Refusal) -> TravellingState.Taken {
        if SQLiteStore.isDamaged(path) { throw .damaged }
        do {
            // What a newer program has written is not looked into.
            let raw = try DatabaseQueue(path: path)
            let done = try raw.read(Migrations.done)
            try raw.close()
            if done.isEmpty { throw TravellingState.Refusal.damaged }
            if !done.isSubset(of: Migrations.all.map(\.name)) { throw TravellingState.Refusal.newer }
            let copy = try SQLiteStore(path: path)
            let text = try copy.queue.write { db in
                let text = try String.fetchOne(
                    db, sql: "SELECT value FROM key_values WHERE owner = ? AND key = ?", arguments: [TravellingState.owner, TravellingState.key])
                try db.execute(sql: "DELETE FROM key_values WHERE owner = ?", arguments: [TravellingState.owner])
                return text
            }
            try copy.queue.close()
            guard let mark = text.flatMap({ try? JSONDecoder().decode(TravellingState.Mark.self, from: Data($0.utf8)) }), isOurs(mark) else {
                throw TravellingState.Refusal.others(text.flatMap { try? JSONDecoder().decode(TravellingState.Mark.self, from: Data($0.utf8)) })
            }
            return TravellingState.Taken(runs: try takeRows(path), mark: mark)
        } catch let refusal as TravellingState.Refusal {
            throw refusal
        } catch let error as StoreError {
            throw .store(error)
        } catch {
            throw .store(SQLiteStore.storeError(error))
        }
    }

    /// - Returns: How many runs were taken.
    private func takeRows(_ path: String) throws -> Int {
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "ATTACH DATABASE ? AS copy", arguments: [path])
            defer { try? db.execute(sql: "DETACH DATABASE copy") }
            try db.inTransaction(.immediate) {
                guard try SQLiteStore.isEmpty(db) else { throw TravellingState.Refusal.inUse }
                for table in try SQLiteStore.tables(db) { try db.execute(sql: "INSERT INTO main.\(table) SELECT * FROM copy.\(table)") }
                return .commit
            }
            return try Int.fetchOne(db, sql: "SELECT count(*) FROM main.runs") ?? 0
        }
    }

    static func isEmpty(_ db: Database) throws -> Bool {
        try tables(db).allSatisfy { try Row.fetchOne(db, sql: "SELECT 1 FROM main.\($0) LIMIT 1") == nil }
    }

    /// Those that hold what was recorded. First the runs, which others refer to: SQLite copies whole tables without looking for references that wait.
    private static func tables(_ db: Database) throws -> [String] {
        try String.fetchAll(
            db,
            sql:
                "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name <> 'grdb_migrations' AND name NOT LIKE 'sqlite%' ORDER BY name <> 'runs', name"
        )
    }
}
