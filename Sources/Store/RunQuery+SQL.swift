import Foundation
import GRDB
import Scheduler

extension RunQuery {
    /// The condition of a query for `runs`, and its arguments. Each part can be answered by an index.
    var condition: (sql: String, arguments: StatementArguments) {
        var terms: [String] = []
        var arguments = StatementArguments()
        if let job {
            terms.append("job = ?")
            arguments += [job]
        }
        switch selection {
        case .all: break
        case .started: terms.append("started_at IS NOT NULL")
        case .newestStartedOfEachJob:
            terms.append(
                """
                id IN (\(RunConditions.withJobs)
                SELECT (SELECT id FROM runs WHERE job = name AND started_at IS NOT NULL ORDER BY id DESC LIMIT 1) FROM jobs)
                """)
            return RunQuery.clause(terms, arguments)
        }
        if let outcomes, outcomes == RunQuery.failures {
            terms.append(RunConditions.isFailure)
        } else if let outcomes {
            terms.append("outcome IN (\(outcomes.map { _ in "?" }.joined(separator: ", ")))")
            arguments += StatementArguments(outcomes.map(\.rawValue))
        }
        if let since {
            terms.append("id IN (SELECT id FROM runs WHERE state <> 'finished' UNION ALL SELECT id FROM runs WHERE finished_at >= ?)")
            arguments += [Timestamp.text(since)]
        }
        return RunQuery.clause(terms, arguments)
    }

    /// Those of `RunConditions.isFailure`.
    private static let failures: Set<RunOutcome> = [.failed, .incomplete, .interrupted, .timedOut]

    private static func clause(_ terms: [String], _ arguments: StatementArguments) -> (sql: String, arguments: StatementArguments) {
        (terms.isEmpty ? "TRUE" : terms.joined(separator: " AND "), arguments)
    }
}
