import Foundation
import JobKit
import Settings

extension Engine {
    mutating func attemptEnded(_ id: Int64, _ result: AttemptResult, at now: Date) {
        guard let run = runs[id], let attempt = run.state.activeAttempt else { return }
        let started = run.state.activeSince ?? now
        var record = Attempt(run: id, number: attempt, startedAt: started, endedAt: now, result: "succeeded")
        switch result {
        case .succeeded(let report):
            let isComplete = report.result.isComplete
            if !isComplete { record.result = RunOutcome.incomplete.rawValue }
            move(id, isComplete ? .succeeded : .incomplete, at: now) {
                ($0.summary, $0.error, $0.hint, $0.result, $0.attention) = (report.summary, nil, nil, report.result, report.attention)
            }
        case .failed(let error):
            let words = Engine.words(for: error, in: run.state, timeout: jobs[run.job]?.definition.timeout)
            (record.result, record.exitCode) = (words, error.exitCode)
            // Nobody waits for a server while the program stops, but the next one may.
            let isKept = phase == .running || jobs[run.job]?.definition.survivesRestarts == true
            let final = isKept ? error : JobError(error.summary, hint: error.hint, exitCode: error.exitCode)
            move(id, .failed(final), at: now) {
                ($0.error, $0.hint, $0.exitCode) = (words, error.hint, error.exitCode)
            }
        }
        if jobs[run.job]?.definition.isService != true { decision.changes.append(.saveAttempt(record)) }
        if attempt == 1, !run.cause.isDryRun, case .failed = result, hasFailed(id) { judgeFirstFailure(runs[id] ?? run, at: now) }
        addAlarm(of: run.job)
        if runs[id] == nil, let finished = jobs[run.job]?.last, finished.id == id { conclude(finished, at: now) }
    }

    /// Whether the attempt of a run that has just ended has failed: a server that asked to wait, or a person who asked for the end, says nothing of it.
    private func hasFailed(_ id: Int64) -> Bool {
        guard let run = runs[id] else { return [.failed, .timedOut].contains(decision.outcome(of: id)) }
        return !run.isDeferred
    }

    /// Who asked for the end knows why, so it is reported instead of what the end looked like from inside.
    private static func words(for error: JobError, in state: RunState, timeout: Duration?) -> String {
        guard case .ending(_, _, let reason) = state else { return error.summary }
        guard reason == .timeout, let timeout else { return reason.displayText }
        return "not done within \(DurationText.format(timeout))"
    }

    private mutating func conclude(_ run: Run, at now: Date) {
        guard let outcome = run.state.outcome else { return }
        jobs[run.job]?.outcome = outcome
        if standing(of: run.job) == nil { jobs[run.job]?.set(isReady: false, isUp: false) }
        if outcome.didWork { jobs[run.job]?.worked = min(run.startedAt ?? now, now)...now }
        if phase == .running { judgeHeldChanges(at: now) }
    }

    /// Takes over what a supervisor says: launches are attempts of the run.
    mutating func heard(_ news: ServiceNews, of id: Int64, at now: Date) {
        guard var run = runs[id], let attempt = run.state.activeAttempt else { return }
        switch news {
        case .launched(let number):
            guard number > attempt, case .running = run.state else { return }
            run.state = .running(attempt: number, since: now)
            record(run)
            decision.changes.append(.saveAttempt(Attempt(run: id, number: number, startedAt: now)))
            judgeRestart(of: run, at: now)
        case .ended(let exit, let number):
            let since = run.state.activeSince ?? now
            decision.changes.append(
                .saveAttempt(
                    Attempt(
                        run: id, number: number, startedAt: since, endedAt: now, result: exit.description, exitCode: exit.code)))
        case .status(let status): heard(status, of: run, at: now)
        case .wantsReplacement(let reason): replace(run, because: reason, at: now)
        }
    }

    // MARK: Stopping

    /// Ends all that does not belong to stopping, and queues what does.
    mutating func shutDown(by times: StopTimes, at now: Date) {
        guard phase == .running else { return }
        phase = .stopping(runsUntil: times.runsUntil, end: times.end)
        stopsServices = runs.values.contains { jobs[$0.job]?.definition.isService == true && $0.state.activeAttempt != nil }
        for run in runs.inOrder {
            guard let job = jobs[run.job]?.definition, !job.isService || run.state.activeAttempt == nil, !isKept(run) else { continue }
            let mayFinish = job.triggers.contains(where: \.isAtStop) && run.state.activeAttempt != nil
            if !mayFinish { end(run, because: .shutdown, at: now) }
        }
        for job in stopJobs {
            let run = newRun(job.name, .stop, scheduledAt: now, at: now)
            if let need = job.needs.first(where: { unmet($0) != nil }), let reason = unmet(need) {
                skip(run, "it needs \(need), which \(reason.displayText)", at: now)
            } else {
                record(run)
            }
        }
        note(.stop, "stopping", at: now)
    }

    /// Jobs that run when the program stops, by name.
    private var stopJobs: [JobDefinition] {
        jobs.values.map(\.definition).filter { $0.triggers.contains(where: \.isAtStop) && $0.disabled == nil }.sorted { $0.name < $1.name }
    }

    /// Whether a run is left to the next program: it waits, and is none of this boot's own.
    func isKept(_ run: Run) -> Bool {
        run.state.activeAttempt == nil && !run.cause.isDryRun && !isOfItsBoot(run) && jobs[run.job]?.definition.survivesRestarts == true
    }

    /// Whether nothing is left that this program must end.
    private var isAtRest: Bool { runs.values.allSatisfy(isKept) }

    /// The next step of stopping, once nothing runs any more: what takes what services left runs once more, else it is done.
    mutating func finishStopping(at now: Date) {
        guard isAtRest else { return }
        if case .stopping(_, let end) = phase, stopsServices, now < end {
            phase = .lastPass(end: end)
            for job in stopJobs where job.takesWhatServicesLeave && job.needs.allSatisfy({ unmet($0) == nil }) {
                record(newRun(job.name, .stop, scheduledAt: now, at: now))
            }
            if !isAtRest { return }
        }
        phase = .done
        decision.effects.append(.done)
    }

    /// Ends runs whose time is up, then services: each once nothing that needs it is left.
    mutating func proceedStopping(at now: Date) {
        if case .lastPass(let end) = phase, now >= end { for run in runs.values where !isKept(run) { self.end(run, because: .shutdown, at: now) } }
        guard case .stopping(let runsUntil, _) = phase else { return }
        let work = runs.values.filter { jobs[$0.job]?.definition.isService != true && !isKept($0) }
        if now >= runsUntil { for run in work { end(run, because: .shutdown, at: now) } }
        guard runs.values.allSatisfy({ jobs[$0.job]?.definition.isService == true || isKept($0) }) else { return }
        for run in runs.values where run.state.activeAttempt == nil && !isKept(run) { end(run, because: .shutdown, at: now) }
        let alive = Set(runs.values.filter { !isKept($0) }.map(\.job))
        for run in runs.inOrder {
            guard case .running = run.state, !alive.contains(where: { $0 != run.job && needs($0, run.job) }) else { continue }
            end(run, because: .shutdown, at: now)
        }
    }

    /// Whether a job needs another, by itself or through what it needs.
    func needs(_ job: String, _ other: String) -> Bool {
        var open = jobs[job]?.definition.needs ?? []
        var seen = Set<String>()
        while let next = open.popLast() {
            if next == other { return true }
            if seen.insert(next).inserted { open += jobs[next]?.definition.needs ?? [] }
        }
        return false
    }
}

extension Decision {
    /// How a run has ended by this decision; nil where it has not.
    fileprivate func outcome(of run: Int64) -> RunOutcome? {
        for case .save(let saved) in changes.reversed() where saved.id == run { return saved.state.outcome }
        return nil
    }
}
