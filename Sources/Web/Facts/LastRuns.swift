import Control
import Scheduler
import Synchronization

/// The newest runs of each job, as they were read at a position of the feed of events. A value.
///
/// Only what has changed since is read again: a page is asked for far more often than a run begins or ends.
struct LastRuns: Sendable {
    private var runs: [String: [RunAnswer]] = [:]
    private var position: Int64 = 0

    /// Forgets the runs of jobs of which the feed has news.
    mutating func follow(_ events: SchedulerEvents) {
        var iterator = events.makeAsyncIterator()
        while let event = iterator.nextIfHeld() {
            switch event.content {
            case .run(let run): runs[run.job] = nil
            case .missed: runs = [:]
            case .service, .configured, .progress, .log, .message: continue
            }
        }
        position = iterator.position
    }

    /// Nil where they have to be read.
    func of(_ job: String) -> [RunAnswer]? { runs[job] }

    /// Where to begin in the feed.
    var after: Int64 { position }

    mutating func keep(_ read: [String: [RunAnswer]]) { runs = read }
}

extension Site {
    /// The newest runs of these jobs, newest first.
    func lastRuns(of jobs: [String]) async throws(OperationError) -> [String: [RunAnswer]] {
        var known = lastRuns.withLock { $0 }
        // Before they are read: what happens meanwhile is news the next time.
        known.follow(operations.scheduler.events(after: known.after))
        var found: [String: [RunAnswer]] = [:]
        for job in jobs {
            if let kept = known.of(job) {
                found[job] = kept
            } else {
                found[job] = try await RunsOperation.run(.init(job: job, limit: RunBars.most), on: operations, via: Site.caller).runs
            }
        }
        known.keep(found)
        lastRuns.withLock { [known] newest in if known.after >= newest.after { newest = known } }
        return found
    }
}
