import Foundation
import GRDB
import JobKit
import Scheduler

/// A row of `runs`.
struct RunRecord: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "runs"
    static let databaseColumnDecodingStrategy = DatabaseColumnDecodingStrategy.convertFromSnakeCase
    static let databaseColumnEncodingStrategy = DatabaseColumnEncodingStrategy.convertToSnakeCase

    var id: Int64
    var job: String
    var cause: String
    var causeDetail: String?
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

    init(_ run: Run) {
        id = run.id
        job = run.job
        (cause, causeDetail) = run.cause.columns
        scheduledAt = Timestamp.text(run.scheduledAt)
        missed = run.missed
        createdAt = Timestamp.text(run.createdAt)
        startedAt = run.startedAt.map(Timestamp.text)
        state = "queued"
        summary = run.summary
        error = run.error
        hint = run.hint
        exitCode = run.exitCode
        outputs = StoredReport(run).text
        set(run.state)
    }

    private mutating func set(_ value: RunState) {
        switch value {
        case .queued: break
        case .running(let number, let start): (state, attempt, since) = ("running", number, Timestamp.text(start))
        case .ending(let number, let start, let reason):
            (state, attempt, since, endReason) = ("ending", number, Timestamp.text(start), reason.rawValue)
        case .waitingToRetry(let number, let at): (state, attempt, retryAt) = ("waiting to retry", number, Timestamp.text(at))
        case .deferred(let number, let until): (state, attempt, retryAt) = ("deferred", number, Timestamp.text(until))
        case .finished(let end, let at): (state, outcome, finishedAt) = ("finished", end.rawValue, Timestamp.text(at))
        }
    }

    /// The run, or nil for a row that this program can't have written.
    var run: Run? {
        guard let cause = RunCause(cause, causeDetail), let scheduled = Timestamp.date(scheduledAt),
            let created = Timestamp.date(createdAt), let state = runState
        else { return nil }
        let report = StoredReport(text: outputs)
        return Run(
            id: id, job: job, cause: cause, scheduledAt: scheduled, missed: missed, createdAt: created, state: state,
            startedAt: startedAt.flatMap(Timestamp.date), summary: summary, error: error, hint: hint, exitCode: exitCode,
            result: report.result, attention: report.attention ?? [])
    }

    private var runState: RunState? {
        switch state {
        case "queued": return .queued
        case "running":
            guard let attempt, let start = since.flatMap(Timestamp.date) else { return nil }
            return .running(attempt: attempt, since: start)
        case "ending":
            guard let attempt, let start = since.flatMap(Timestamp.date), let reason = endReason.flatMap(EndReason.init(rawValue:))
            else { return nil }
            return .ending(attempt: attempt, since: start, because: reason)
        case "waiting to retry":
            guard let attempt, let at = retryAt.flatMap(Timestamp.date) else { return nil }
            return .waitingToRetry(nextAttempt: attempt, at: at)
        case "deferred":
            guard let attempt, let until = retryAt.flatMap(Timestamp.date) else { return nil }
            return .deferred(nextAttempt: attempt, until: until)
        case "finished":
            guard let end = outcome.flatMap(RunOutcome.init(rawValue:)), let at = finishedAt.flatMap(Timestamp.date)
            else { return nil }
            return .finished(end, at: at)
        default: return nil
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
            result = (try? JSONDecoder().decode([String: String].self, from: data)).flatMap { $0.isEmpty ? nil : .values($0) }
        }
    }

    var text: String { (try? JSONEncoder.stable.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}" }
}

extension JSONEncoder {
    fileprivate static var stable: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return encoder
    }
}

extension RunCause {
    fileprivate var columns: (String, String?) {
        switch self {
        case .boot: ("boot", nil)
        case .stop: ("stop", nil)
        case .schedule(let name): ("schedule", name)
        case .person(let road): ("person", road)
        case .change(let path): ("change", path)
        case .dryRun(let road): ("dry run", road)
        case .confirmed(let road): ("confirmed", road)
        case .after(let job, let run): ("after", "\(job)#\(run)")
        }
    }

    fileprivate init?(_ kind: String, _ detail: String?) {
        switch kind {
        case "boot": self = .boot
        case "stop": self = .stop
        case "schedule": self = .schedule(detail ?? "")
        case "person": self = .person(via: detail ?? "")
        case "change": self = .change(path: detail ?? "")
        case "dry run": self = .dryRun(via: detail ?? "")
        case "confirmed": self = .confirmed(via: detail ?? "")
        case "after":
            let parts = (detail ?? "").split(separator: "#")
            guard parts.count == 2, let run = Int64(parts[1]) else { return nil }
            self = .after(job: String(parts[0]), run: run)
        default: return nil
        }
    }
}
