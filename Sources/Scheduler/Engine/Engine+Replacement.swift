import Foundation
import JobKit

/// A service whose new process starts next to the old one, and takes its place once it is ready.
///
/// Each of the two has a run of its own, and nothing else says which is which: the oldest run that continues is the one that others use, and a younger one
/// takes its place by becoming ready. So a program that takes both over continues where the last one was.
extension Engine {
    /// The run of a service that others use; nil while there is none, or it is being ended.
    func standing(of job: String) -> Run? { runs.of(job).first { if case .running = $0.state { true } else { false } } }

    /// The run of a job that is shown as its current one.
    func shown(of job: String) -> Run? { standing(of: job) ?? runs.of(job).first }

    /// The run that continues until another one takes its place; nil where a process that is there is ended first.
    func kept(of job: String) -> Run? {
        guard let job = jobs[job], job.definition.isService, job.definition.restartOrder == .startFirst, job.definition.disabled == nil, job.isUp
        else { return nil }
        return standing(of: job.definition.name)
    }

    /// Whether a run may start although another one of the job is under way.
    func isBeside(_ run: Run, _ own: Run) -> Bool {
        guard let definition = jobs[run.job]?.definition, definition.isService, definition.restartOrder == .startFirst else { return false }
        // Never three: one that is being ended goes first.
        return standing(of: run.job)?.id == own.id && runs.of(run.job).count { $0.state.activeAttempt != nil } == 1
    }

    /// Whether a service's process is there to stay.
    func isThere(_ job: String) -> Bool {
        guard let run = standing(of: job) else { return false }
        return !orderedEnds.contains { $0.run == run.id }
    }

    /// What a supervisor says of its service: a younger run that is ready takes the place of the older one.
    mutating func heard(_ status: ServiceStatus, of run: Run, at now: Date) {
        if let standing = standing(of: run.job), standing.id != run.id {
            // Of two only the one that others use is shown.
            guard case .running = run.state, status.state == .ready, standing.id < run.id else { return }
            for older in runs.of(run.job) where older.id < run.id { end(older, because: .replaced, at: now) }
        }
        switch status.state {
        case .ready: jobs[run.job]?.set(isReady: true, isUp: true)
        case .unready, .stopping: jobs[run.job]?.isReady = false
        case .starting, .backingOff, .givenUp, .stopped: jobs[run.job]?.set(isReady: false, isUp: false)
        }
        judgeReadiness(status, of: run.job, at: now)
        decision.changes.append(.service(job: run.job, status, at: now))
    }

    /// Another process is to take the place of one that is over its memory limit. One that can't start now is asked for again.
    mutating func replace(_ run: Run, because reason: String, at now: Date) {
        guard phase == .running, case .running = run.state, jobs[run.job]?.definition.restartOrder == .startFirst, runs.of(run.job).count == 1,
            hold(on: run.job, for: .memoryLimit) == nil
        else { return }
        var new = newRun(run.job, .memoryLimit, scheduledAt: now, at: now)
        new.reason = reason
        record(new)
    }

    /// The older run in whose place this one is to step, where it is not ready yet.
    package func replaced(by id: Int64) -> Int64? {
        guard let run = runs[id], let standing = standing(of: run.job), standing.id < id else { return nil }
        return standing.id
    }
}

extension Engine.Job {
    mutating func set(isReady: Bool, isUp: Bool) {
        self.isReady = isReady
        self.isUp = isUp
    }
}
