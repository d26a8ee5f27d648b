import Foundation

extension Engine {
    mutating func start(_ name: String, _ cause: RunCause, evenIfRunning: Bool, at now: Date) -> Reply {
        guard let job = jobs[name] else { return .noSuchJob }
        if let reason = job.definition.disabled { return .refused("\(name) is disabled: \(reason)") }
        guard phase == .running else { return .refused("the program is stopping") }
        if let hold = hold(on: name, for: cause) { return .refused("\(name) can't start: \(hold.reason)") }
        if let run = unfinished(of: name).first(where: { $0.state.isJoinable && !$0.cause.isDryRun }), !evenIfRunning || job.definition.isService {
            // Who joined a run that waits for what will not come would wait for ever.
            if run.state == .queued, let reason = hopelessNeed(of: job.definition) { return .refused("\(name) can't start: \(reason)") }
            if run.state.nextAttemptAt != nil { retryNow(run, at: now) }
            return .joined(run: run.id)
        }
        if let reason = hopelessNeed(of: job.definition) { return .refused("\(name) can't start: \(reason)") }
        let run = newRun(name, cause, scheduledAt: now, at: now)
        record(run)
        return .started(run: run.id)
    }

    /// Asks for a run that shows what it would do; it waits until the job is free.
    mutating func dryRun(_ name: String, via origin: String, at now: Date) -> Reply {
        guard let job = jobs[name] else { return .noSuchJob }
        guard job.definition.canDryRun else {
            return .refused("\(name) can't show what it would do: a job of the type \(job.definition.typeName) has no dry run")
        }
        if let reason = job.definition.disabled { return .refused("\(name) is disabled: \(reason)") }
        guard phase == .running else { return .refused("the program is stopping") }
        if let hold = hold(on: name, for: .dryRun(via: origin)) { return .refused("\(name) can't start: \(hold.reason)") }
        if let reason = hopelessNeed(of: job.definition) { return .refused("\(name) can't start: \(reason)") }
        let run = newRun(name, .dryRun(via: origin), scheduledAt: now, at: now)
        record(run)
        return .started(run: run.id)
    }

    /// A watched folder has come to rest. What a needed job has done there itself, such as a restore, counts for nothing.
    mutating func changed(_ name: String, _ path: String, last: Date, at now: Date) {
        guard let job = jobs[name], job.definition.disabled == nil, phase == .running else { return }
        let needs = job.definition.needs.filter { jobs[$0]?.definition.isService != true }
        // Whether it is theirs shows once they are done.
        let areDone = needs.allSatisfy { need in
            jobs[need]?.worked != nil && !unfinished(of: need).contains { $0.state.activeAttempt != nil && !$0.cause.isDryRun }
        }
        guard areDone, pause(of: name) == nil else {
            jobs[name]?.heldChange = Engine.HeldChange(path: path, last: last)
            heldJobs.insert(name)
            return
        }
        jobs[name]?.heldChange = nil
        heldJobs.remove(name)
        if needs.contains(where: { jobs[$0]?.worked?.contains(last) == true }) { return }
        // A change during a run would be lost with it, whatever the job's rule for overlaps is.
        enqueue(newRun(name, .change(path: path), scheduledAt: last, at: now), overlap: .queue, at: now)
    }

    /// Looks again at changes that were waiting for needed jobs.
    mutating func judgeHeldChanges(at now: Date) {
        for name in heldJobs.sorted() {
            if let held = jobs[name]?.heldChange { changed(name, held.path, last: held.last, at: now) }
        }
    }

    /// Someone does not want to wait for the next attempt.
    private mutating func retryNow(_ run: Run, at now: Date) {
        var run = run
        switch run.state {
        case .waitingToRetry(let attempt, _): run.state = .waitingToRetry(nextAttempt: attempt, at: now)
        case .deferred(let attempt, _): run.state = .deferred(nextAttempt: attempt, until: now)
        case .queued, .running, .ending, .finished: return
        }
        record(run)
    }

    mutating func stop(_ name: String, because reason: EndReason, at now: Date) -> Reply {
        guard let job = jobs[name] else { return .noSuchJob }
        let runs = unfinished(of: name)
        // Recorded with the request: a crash before the service has ended must not start it again.
        if job.definition.isService, reason == .person, stoppedServices[name] == nil {
            stoppedServices[name] = now
            decision.changes.append(.serviceStopped(job: name, at: now))
        }
        guard let first = runs.first else { return .notRunning }
        for run in runs { end(run, because: reason, at: now) }
        return .stopping(run: first.id)
    }

    /// Services that are to run again.
    mutating func forgetStops(where isOver: (_ service: String, _ at: Date) -> Bool) {
        for (name, at) in stoppedServices where isOver(name, at) {
            stoppedServices[name] = nil
            decision.changes.append(.serviceWanted(job: name))
        }
    }

    mutating func restart(_ name: String, via origin: String, reason: String?, at now: Date) -> Reply {
        guard let job = jobs[name] else { return .noSuchJob }
        if let reason = job.definition.disabled { return .refused("\(name) is disabled: \(reason)") }
        guard phase == .running else { return .refused("the program is stopping") }
        if let hold = hold(on: name, for: .person(via: origin)) { return .refused("\(name) can't start: \(hold.reason)") }
        let kept = kept(of: name)?.id
        for run in unfinished(of: name) where run.id != kept { end(run, because: .person, at: now) }
        var run = newRun(name, .person(via: origin), scheduledAt: now, at: now)
        run.reason = reason
        record(run)
        return .started(run: run.id)
    }

    /// Asks a run to end; one that has not begun ends at once.
    mutating func end(_ run: Run, because reason: EndReason, at now: Date) {
        let isActive = run.state.activeAttempt != nil
        move(run.id, .endRequested(reason), at: now) { if !isActive { $0.summary = reason.displayText } }
        if case .running = run.state { decision.effects.append(.end(run: run.id, because: reason)) }
    }
}

extension RunState {
    /// Whether someone who asks for the job now is served by this run.
    fileprivate var isJoinable: Bool {
        switch self {
        case .queued, .running, .waitingToRetry, .deferred: true
        case .ending, .finished: false
        }
    }
}
