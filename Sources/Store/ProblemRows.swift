import Foundation
import GRDB
import JobKit
import Scheduler

/// The rows of `problems` and `deadlines`.
enum ProblemRows {
    /// Adds what a boot continues from. A file of an earlier release has no such tables.
    static func load(into state: inout StoredState, _ db: Database) throws {
        guard try db.tableExists("problems") else { return }
        for row in try Row.fetchAll(db, sql: "SELECT job, kind, since, run, message FROM problems ORDER BY job, kind") {
            // One that only a newer version knows is left alone.
            guard let kind = JobProblem.Kind(rawValue: row["kind"]), let since = Timestamp.date(row["since"]) else { continue }
            state.problems[row["job"], default: []].append(JobProblem(kind, since: since, run: row["run"], message: row["message"]))
        }
        for row in try Row.fetchAll(db, sql: "SELECT job, last_start, last_success FROM deadlines") {
            guard let start = Timestamp.date(row["last_start"]), let success = Timestamp.date(row["last_success"]) else { continue }
            let job: String = row["job"]
            state.deadlines[job] = DeadlineState(lastStart: start, lastSuccess: success)
            state.durations[job] = try durations(of: job, db)
        }
    }

    static func save(_ job: String, _ problem: JobProblem, _ db: Database) throws {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO problems (job, kind, since, run, message) VALUES (?, ?, ?, ?, ?)")
            .execute(arguments: [job, problem.kind.rawValue, Timestamp.text(problem.since), problem.run, problem.message])
    }

    static func remove(_ job: String, _ kind: JobProblem.Kind, _ db: Database) throws {
        try db.cachedStatement(sql: "DELETE FROM problems WHERE job = ? AND kind = ?").execute(arguments: [job, kind.rawValue])
    }

    static func save(_ job: String, _ state: DeadlineState?, _ db: Database) throws {
        guard let state else { return try db.cachedStatement(sql: "DELETE FROM deadlines WHERE job = ?").execute(arguments: [job]) }
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO deadlines (job, last_start, last_success) VALUES (?, ?, ?)")
            .execute(arguments: [job, Timestamp.text(state.lastStart), Timestamp.text(state.lastSuccess)])
    }

    /// Runs that are looked at for those that have succeeded: a job that never does has many others.
    private static let mostSearched = 300

    /// How long the newest runs of a job took that have succeeded, newest first.
    private static func durations(of job: String, _ db: Database) throws -> [Duration] {
        try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT started_at, finished_at FROM (SELECT * FROM runs WHERE job = ? ORDER BY id DESC LIMIT \(mostSearched))
                        WHERE outcome = 'succeeded' AND cause <> 'dry run' AND started_at IS NOT NULL ORDER BY id DESC LIMIT \(DeadlineRule.mostRuns)
                    """), arguments: [job]
        ).compactMap { row in
            guard let start = Timestamp.date(row[0]), let end = Timestamp.date(row[1]) else { return nil }
            return max(.zero, end.since(start))
        }
    }
}
