import Foundation
import GRDB
import Scheduler

extension RunQuery {
    /// The WHERE clause of a query for `runs`, empty where all are asked for, and its arguments.
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
            terms.append("id IN (SELECT max(id) FROM runs WHERE started_at IS NOT NULL GROUP BY job)")
            return RunQuery.clause(terms, arguments)
        }
        if let outcomes {
            terms.append("outcome IN (\(outcomes.map { _ in "?" }.joined(separator: ", ")))")
            arguments += StatementArguments(outcomes.map(\.rawValue))
        }
        if let since {
            terms.append("(finished_at IS NULL OR finished_at >= ?)")
            arguments += [Timestamp.text(since)]
        }
        return RunQuery.clause(terms, arguments)
    }

    private static func clause(_ terms: [String], _ arguments: StatementArguments) -> (sql: String, arguments: StatementArguments) {
        (terms.isEmpty ? "" : "WHERE \(terms.joined(separator: " AND "))", arguments)
    }
}
