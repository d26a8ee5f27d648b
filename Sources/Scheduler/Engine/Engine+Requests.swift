import Foundation

extension Engine {
    mutating func start(_ name: String, via road: String, evenIfRunning: Bool, at now: Date) -> Reply {
        guard let job = jobs[name] else { return .noSuchJob }
        if let reason = job.definition.disabled { return .refused("\(name) is disabled: \(reason)") }
        guard phase == .running else { return .refused("the program is stopping") }
        if let run = unfinished(of: name).first(where: { $0.state.isJoinable }), !evenIfRunning || job.definition.isService {
            if case .waitingToRetry = run.state { retryNow(run, at: now) }
            return .joined(run: run.id)
        }
        if let reason = hopelessNeed(of: job.definition) { return .refused("\(name) can't start: \(reason)") }
        let run = newRun(name, .person(via: road), scheduledAt: now, at: now)
        record(run)
        return .started(run: run.id)
    }

    /// Somebody does not want to wait for the next attempt.
    private mutating func retryNow(_ run: Run, at now: Date) {
        guard case .waitingToRetry(let attempt, _) = run.state else { return }
        var run = run
        run.state = .waitingToRetry(nextAttempt: attempt, at: now)
        record(run)
    }

    mutating func stop(_ name: String, at now: Date) -> Reply {
        guard jobs[name] != nil else { return .noSuchJob }
        let runs = unfinished(of: name)
        guard let first = runs.first else { return .notRunning }
        for run in runs { end(run, because: .person, at: now) }
        return .stopping(run: first.id)
    }

    mutating func restart(_ name: String, via road: String, at now: Date) -> Reply {
        guard let job = jobs[name] else { return .noSuchJob }
        if let reason = job.definition.disabled { return .refused("\(name) is disabled: \(reason)") }
        guard phase == .running else { return .refused("the program is stopping") }
        for run in unfinished(of: name) { end(run, because: .person, at: now) }
        let run = newRun(name, .person(via: road), scheduledAt: now, at: now)
        record(run)
        return .started(run: run.id)
    }

    /// Asks a run to end; one that has not begun ends at once.
    mutating func end(_ run: Run, because reason: EndReason, at now: Date) {
        let isActive = run.state.activeAttempt != nil
        move(run.id, .endRequested(reason), at: now) { if !isActive { $0.summary = reason.words } }
        if case .running = run.state { decision.effects.append(.end(run: run.id, because: reason)) }
    }
}

extension RunState {
    /// Whether somebody who asks for the job now is served by this run.
    fileprivate var isJoinable: Bool {
        switch self {
        case .queued, .running, .waitingToRetry: true
        case .ending, .finished: false
        }
    }
}
