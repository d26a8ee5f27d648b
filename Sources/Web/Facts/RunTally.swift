import Control
import Foundation
import JobKit
import Scheduler

/// What runs came to since the start of the program, counted as they end. A value that is fed with runs.
struct RunTally: Sendable {
    struct Job: Sendable {
        /// Since the start of the program, by outcome.
        var ended: [RunOutcome: Int] = [:]
        /// Of the newest run that has begun and ended.
        var lastLength: Duration?
        var lastSuccess: Date?
        /// Of the newest backup that was stored.
        var archiveBytes: Int64?
    }

    private(set) var jobs: [String: Job] = [:]
    private var newest: [String: Int64] = [:]

    /// Takes in a run that ended before: it is not counted.
    mutating func remember(_ run: RunAnswer) { note(run, isCounted: false) }

    mutating func count(_ run: RunAnswer) { note(run, isCounted: true) }

    private mutating func note(_ run: RunAnswer, isCounted: Bool) {
        guard let outcome = run.outcome, let end = run.finishedAt else { return }
        var job = jobs[run.job] ?? Job()
        if isCounted { job.ended[outcome, default: 0] += 1 }
        if let start = run.startedAt, run.id >= newest[run.job] ?? 0 {
            job.lastLength = max(.zero, end.since(start))
            newest[run.job] = run.id
        }
        if outcome == .succeeded { job.lastSuccess = max(job.lastSuccess ?? end, end) }
        if outcome.didWork, case .integer(let bytes)? = run.outputs["archive_bytes"] { job.archiveBytes = bytes }
        jobs[run.job] = job
    }
}
