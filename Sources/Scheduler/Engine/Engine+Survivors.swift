package import Foundation
import JobKit

/// What the engine knows of a service's process that has outlived the last program.
package struct SurvivingService: Hashable, Sendable {
    package var job: String
    package var run: Int64
    package var launch: Int
    package var startedAt: Date
    /// Whether it was made from other settings than those in force.
    package var isChanged: Bool

    package init(job: String, run: Int64, launch: Int, startedAt: Date, isChanged: Bool) {
        self.job = job
        self.run = run
        self.launch = launch
        self.startedAt = startedAt
        self.isChanged = isChanged
    }

    /// Whether it is the process of a run. The record may be one launch behind, never ahead.
    func fits(_ run: Run) -> Bool {
        guard run.id == self.run, run.job == job, let attempt = run.state.activeAttempt else { return false }
        return attempt <= launch
    }
}

extension Engine {
    /// Continues the run of a service whose process is there. What was to end is ended, and what was made from other settings too; false where nobody
    /// would look after it: the service is gone or disabled.
    mutating func adopt(_ run: Run, _ survivor: SurvivingService, at now: Date) -> Bool {
        guard let definition = jobs[run.job]?.definition, definition.isService, definition.disabled == nil else { return false }
        var run = run
        if let attempt = run.state.activeAttempt, attempt < survivor.launch {
            // The last program has died before it recorded the launch.
            run.state = run.state.launched(survivor.launch, at: survivor.startedAt)
            decision.changes.append(.saveAttempt(Attempt(run: run.id, number: survivor.launch, startedAt: survivor.startedAt)))
        }
        record(run)
        decision.effects.append(.adopt(run, attempt: survivor.launch))
        if case .ending(_, _, let reason) = run.state {
            decision.effects.append(.end(run: run.id, because: reason))
            holdNeeds(of: run)
        }
        // Until it is known better.
        jobs[run.job]?.isUp = true
        return true
    }

    /// Ends services that were made from other settings than those in force, unless others take their place first.
    mutating func endChangedSurvivors(_ survivors: [SurvivingService], at now: Date) {
        let changed = changedRuns(survivors).filter { !startsNewFirst($0.job) }
        endInOrder(changed, because: .reloaded, definitions: jobs.mapValues(\.definition), at: now)
        for run in changed { holdNeeds(of: run) }
    }

    /// Starts what takes the place of services that were made from other settings, where it does not run already.
    mutating func replaceChangedSurvivors(_ survivors: [SurvivingService], at now: Date) {
        for run in changedRuns(survivors) where startsNewFirst(run.job) && unfinished(of: run.job).count == 1 {
            record(newRun(run.job, .reload, scheduledAt: now, at: now))
        }
    }

    private func changedRuns(_ survivors: [SurvivingService]) -> [Run] {
        survivors.filter(\.isChanged).compactMap { survivor in
            guard let run = runs[survivor.run], survivor.fits(run), case .running = run.state else { return nil }
            return run
        }
    }

    /// Whether a service with other settings is started next to the one that runs.
    private func startsNewFirst(_ job: String) -> Bool {
        guard let definition = jobs[job]?.definition else { return false }
        return definition.restartOrder == .startFirst && definition.triggers.contains(where: \.isAtBoot)
    }

    /// What a service needs, such as a restore of its data, waits until it is gone.
    private mutating func holdNeeds(of run: Run) {
        let needed = Set(jobs.keys.filter { needs(run.job, $0) })
        guard !needed.isEmpty else { return }
        holds.append(Hold(jobs: needed, holder: "boot", reason: "\(run.job) is being stopped", run: run.id))
    }

    /// While a service continues, so does the boot that it was started in, and a stop is the end of one: jobs that have done their work since the container began have done it.
    mutating func continueBoot(since containerStart: Date?, isStop: Bool = false) {
        guard let containerStart, isStop || runs.active.contains(where: { if case .running = $0.state { true } else { false } }) else { return }
        for (name, job) in jobs where !job.definition.isService {
            guard let run = job.lastReport, let end = run.finishedAt, end >= containerStart else { continue }
            jobs[name]?.worked = min(run.startedAt ?? end, end)...end
            jobs[name]?.outcome = run.state.outcome
        }
    }

    /// Ends scheduling with services as they are, unless the next program would find a run interrupted.
    mutating func handOver(at now: Date) -> Reply {
        guard phase == .running else { return .refused("the program is stopping") }
        if let run = runs.active.first(where: { jobs[$0.job]?.definition.isService != true }) {
            return .refused("\(run.job) (run \(run.id)) is \(run.state.word)")
        }
        phase = .handedOver
        note(.upgrade, "another program takes over", at: now)
        decision.effects.append(.done)
        return .done
    }

    /// Whether a job that starts at boot has nothing to start: its service continues, or it has done its work.
    func hasBooted(_ definition: JobDefinition, _ cause: RunCause) -> Bool {
        guard cause == .boot else { return false }
        if definition.isService { return isThere(definition.name) }
        return jobs[definition.name]?.hasSucceeded == true
    }
}

extension RunState {
    /// The same with another launch.
    fileprivate func launched(_ launch: Int, at start: Date) -> RunState {
        switch self {
        case .running: .running(attempt: launch, since: start)
        case .ending(_, _, let reason): .ending(attempt: launch, since: start, because: reason)
        case .queued, .waitingToRetry, .deferred, .finished: self
        }
    }
}
