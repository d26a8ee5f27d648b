package import Foundation
import GRDB
package import Scheduler

/// The runs of a job that a boot continues from, and that the retention keeps.
struct NewestRuns {
    /// The newest that ended, skipped ones apart.
    let end: Run?
    /// The newest that did its work.
    let report: Run?
    /// The newest that came to an end by itself.
    let verdict: Run?
    /// The newest that stored a whole backup.
    let stored: Run?

    /// Reads few rows, whatever the history.
    init(of job: String, _ db: Database) throws {
        func newest(_ condition: String) throws -> Run? {
            try RunRecord.fetchOne(db, "job = ? AND \(condition) ORDER BY id DESC LIMIT 1", [job])?.run
        }
        let last = try newest(RunConditions.isEnd)
        end = last
        // The newest is mostly all of them.
        report = try last?.state.outcome?.didWork == true ? last : newest(RunConditions.didWork)
        verdict = try last?.state.outcome?.isVerdict == true ? last : newest(RunConditions.isVerdict)
        stored = try newest(RunConditions.hasStoredBackup)
    }

    var ids: Set<Int64> { Set([end, report, verdict, stored].compactMap { $0?.id }) }
}

extension SQLiteStore {
    /// Jobs whose runs are looked through in one transaction: what else is to be recorded waits that long.
    private static let jobsAtOnce = 20

    /// The names of all jobs that have runs. Reads one row of the index for each, whatever the history.
    static func jobs(_ db: Database) throws -> [String] {
        try String.fetchAll(db, sql: "\(RunConditions.withJobs) SELECT name FROM jobs WHERE name IS NOT NULL")
    }

    package func prune(keeping mostRuns: Int, since oldest: Date) async throws(StoreError) -> [Int64] {
        let limit = Timestamp.text(oldest)
        let (jobs, aged) = try await read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT job, id FROM runs WHERE finished_at < ?", arguments: [limit])
            return (try SQLiteStore.jobs(db), Dictionary(grouping: rows.map { ($0[0] as String, $0[1] as Int64) }, by: \.0).mapValues { $0.map(\.1) })
        }
        var removed: [Int64] = []
        for start in stride(from: 0, to: jobs.count, by: SQLiteStore.jobsAtOnce) {
            let part = jobs[start..<min(start + SQLiteStore.jobsAtOnce, jobs.count)]
            removed += try await write { db in try part.flatMap { try SQLiteStore.prune($0, aged[$0] ?? [], mostRuns, db) } }
        }
        try await write { try $0.execute(sql: "DELETE FROM events WHERE at < ?", arguments: [limit]) }
        return removed
    }

    /// Removes the finished runs of a job that are beyond a number or too old.
    /// - Parameter aged: The ids of those that are too old.
    /// - Returns: The ids of those that were removed.
    private static func prune(_ job: String, _ aged: [Int64], _ mostRuns: Int, _ db: Database) throws -> [Int64] {
        let beyond = try Int64.fetchAll(
            db,
            sql: """
                SELECT id FROM runs WHERE job = ? AND state = 'finished'
                    AND id <= (SELECT id FROM runs WHERE job = ? ORDER BY id DESC LIMIT 1 OFFSET ?)
                """,
            arguments: [job, job, mostRuns])
        let candidates = Set(beyond).union(aged)
        guard !candidates.isEmpty else { return [] }
        let gone = candidates.subtracting(try NewestRuns(of: job, db).ids).sorted()
        for id in gone { try db.cachedStatement(sql: "DELETE FROM runs WHERE id = ?").execute(arguments: [id]) }
        return gone
    }
}
