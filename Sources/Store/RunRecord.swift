import Foundation
import GRDB
import JobKit
import Scheduler

/// A row of `runs`.
struct RunRecord: FetchableRecord {
    private static let columns = [
        "id", "job", "cause", "cause_detail", "reason", "scheduled_at", "missed", "created_at", "started_at", "state", "attempt", "since", "retry_at",
        "end_reason", "outcome", "finished_at", "summary", "error", "hint", "exit_code", "outputs",
    ]
    private static let selection = "SELECT \(columns.joined(separator: ", ")) FROM runs WHERE"
    private static let upsert = """
        INSERT INTO runs (\(columns.joined(separator: ", "))) VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
        ON CONFLICT (id) DO UPDATE SET \(columns.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
        """

    var id: Int64
    var job: String
    var cause: String
    var causeDetail: String?
    var reason: String?
    var scheduledAt: String
    var missed: Int
    var createdAt: String
    var startedAt: String?
    var state: String
    var attempt: Int?
    var since: String?
    var retryAt: String?
    var endReason: String?
    var outcome: String?
    var finishedAt: String?
    var summary: String?
    var error: String?
    var hint: String?
    var exitCode: Int32?
    var outputs: String

    /// - Parameter row: With `columns`, in their order.
    init(row: Row) {
        (id, job, cause, causeDetail, reason) = (row[0], row[1], row[2], row[3], row[4])
        (scheduledAt, missed, createdAt, startedAt) = (row[5], row[6], row[7], row[8])
        (state, attempt, since, retryAt, endReason) = (row[9], row[10], row[11], row[12], row[13])
        (outcome, finishedAt, summary, error, hint) = (row[14], row[15], row[16], row[17], row[18])
        (exitCode, outputs) = (row[19], row[20])
    }

    /// - Parameter condition: What follows WHERE.
    static func fetchAll(_ db: Database, _ condition: String, _ arguments: StatementArguments = []) throws -> [RunRecord] {
        try fetchAll(db.cachedStatement(sql: "\(selection) \(condition)"), arguments: arguments)
    }

    /// The first of them; nil where there is none.
    static func fetchOne(_ db: Database, _ condition: String, _ arguments: StatementArguments = []) throws -> RunRecord? {
        try fetchOne(db.cachedStatement(sql: "\(selection) \(condition)"), arguments: arguments)
    }

    init(_ run: Run) {
        id = run.id
        job = run.job
        (cause, causeDetail) = run.cause.stored
        reason = run.reason
        scheduledAt = Timestamp.text(run.scheduledAt)
        missed = run.missed
        createdAt = Timestamp.text(run.createdAt)
        startedAt = run.startedAt.map(Timestamp.text)
        state = State.queued.rawValue
        summary = run.summary
        error = run.error
        hint = run.hint
        exitCode = run.exitCode
        outputs = StoredReport(run).text
        set(run.state)
    }

    func save(_ db: Database) throws {
        try db.cachedStatement(sql: RunRecord.upsert).execute(arguments: [
            id, job, cause, causeDetail, reason, scheduledAt, missed, createdAt, startedAt, state, attempt, since, retryAt, endReason, outcome, finishedAt,
            summary, error, hint, exitCode, outputs,
        ])
    }

    private mutating func set(_ value: RunState) {
        let word: State
        switch value {
        case .queued: word = .queued
        case .running(let number, let start): (word, attempt, since) = (.running, number, Timestamp.text(start))
        case .ending(let number, let start, let reason): (word, attempt, since, endReason) = (.ending, number, Timestamp.text(start), reason.rawValue)
        case .waitingToRetry(let number, let at): (word, attempt, retryAt) = (.waitingToRetry, number, Timestamp.text(at))
        case .deferred(let number, let until): (word, attempt, retryAt) = (.deferred, number, Timestamp.text(until))
        case .finished(let end, let at): (word, outcome, finishedAt) = (.finished, end.rawValue, Timestamp.text(at))
        }
        state = word.rawValue
    }

    /// The states as they are stored. A new one needs a word here: the compiler then names where it is read.
    private enum State: String {
        case queued, running, ending, deferred, finished
        case waitingToRetry = "waiting to retry"
    }

    /// The run. What another version of the program has written and this one does not know is shown as well as can be, never left out.
    var run: Run {
        let created = Timestamp.date(createdAt) ?? startedAt.flatMap(Timestamp.date) ?? .distantPast
        let report = StoredReport(text: outputs)
        return Run(
            id: id, job: job, cause: RunCause(kind: cause, detail: causeDetail), reason: reason, scheduledAt: Timestamp.date(scheduledAt) ?? created,
            missed: missed,
            createdAt: created, state: runState(since: created), startedAt: startedAt.flatMap(Timestamp.date), summary: summary, error: error,
            hint: hint, exitCode: exitCode, result: report.result, attention: report.attention ?? [])
    }

    /// A state that is not known was one of work under way: the boot finds it interrupted.
    private func runState(since created: Date) -> RunState {
        let start = since.flatMap(Timestamp.date) ?? created
        switch State(rawValue: state) {
        case .queued: return .queued
        case .ending: return .ending(attempt: attempt ?? 1, since: start, because: endReason.flatMap(EndReason.init(rawValue:)) ?? .shutdown)
        case .waitingToRetry: return .waitingToRetry(nextAttempt: attempt ?? 1, at: retryAt.flatMap(Timestamp.date) ?? created)
        case .deferred: return .deferred(nextAttempt: attempt ?? 1, until: retryAt.flatMap(Timestamp.date) ?? created)
        case .finished:
            return .finished(outcome.flatMap(RunOutcome.init(rawValue:)) ?? .failed, at: finishedAt.flatMap(Timestamp.date) ?? created)
        case .running, nil: return .running(attempt: attempt ?? 1, since: start)
        }
    }
}

/// What a run reported, as JSON in one column.
private struct StoredReport: Codable {
    var result: RunResult?
    var attention: [Attention]?

    init(_ run: Run) {
        result = run.result
        attention = run.attention.isEmpty ? nil : run.attention
    }

    /// Reads it back. Earlier versions stored names and texts alone.
    init(text: String) {
        let data = Data(text.utf8)
        if let report = try? JSONDecoder().decode(StoredReport.self, from: data), report.result != nil || report.attention != nil {
            self = report
        } else {
            result = (try? JSONDecoder().decode([String: OutputValue].self, from: data)).flatMap { $0.isEmpty ? nil : .values($0) }
        }
    }

    var text: String {
        // Most runs, and the first one of a boot, whose start waits for it.
        if result == nil, attention == nil { return "{}" }
        return (try? JSONEncoder.stable.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

extension JSONEncoder {
    fileprivate static var stable: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return encoder
    }
}
