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
            // Nobody waits for a server while the program stops.
            let final = phase == .running ? error : JobError(error.summary, hint: error.hint, exitCode: error.exitCode)
            move(id, .failed(final), at: now) {
                ($0.error, $0.hint, $0.exitCode) = (words, error.hint, error.exitCode)
            }
        }
        if jobs[run.job]?.definition.isService != true { decision.changes.append(.saveAttempt(record)) }
        if attempt == 1, !run.cause.isDryRun, case .failed = result, runs[id]?.isDeferred != true { followTrouble(run, at: now) }
        if runs[id] == nil, let finished = jobs[run.job]?.last, finished.id == id { conclude(finished, at: now) }
    }

    /// For those who want to know before the last attempt has failed.
    private mutating func followTrouble(_ run: Run, at now: Date) {
        if runs[run.id] == nil, let outcome = jobs[run.job]?.last?.state.outcome, ![.failed, .timedOut].contains(outcome) { return }
        followUps.append(FollowUp(run: run, kind: .failing))
    }

    /// Starts what follows the ends that are new, whatever they came from: work, a request, a boot that found them interrupted.
    mutating func followEnds(at now: Date) {
        while !followUps.isEmpty {
            let next = followUps.removeFirst()
            guard phase == .running else { continue }
            for name in followers[next.run.job] ?? [] {
                guard let definition = jobs[name]?.definition, definition.disabled == nil else { continue }
                for followed in definition.triggers.compactMap(\.predecessor) where followed.job == next.run.job && followed.outcome.admits(next.kind) {
                    let run = newRun(name, .after(job: next.run.job, run: next.run.id), scheduledAt: now, at: now)
                    if pauses[name] == nil { enqueue(run, at: now) } else { skip(run, "\(name) is paused", at: now) }
                }
            }
        }
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
        jobs[run.job]?.isReady = false
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
        case .ended(let exit, let number):
            let since = run.state.activeSince ?? now
            decision.changes.append(
                .saveAttempt(
                    Attempt(
                        run: id, number: number, startedAt: since, endedAt: now, result: exit.description, exitCode: exit.code)))
        case .status(let status):
            jobs[run.job]?.isReady = status.state == .ready
            decision.changes.append(.service(job: run.job, status, at: now))
        }
    }

    // MARK: Stopping

    /// Ends all that does not belong to stopping, and queues what does.
    mutating func shutDown(runsUntil: Date, until deadline: Date, at now: Date) {
        guard phase == .running else { return }
        phase = .stopping(runsUntil: runsUntil, end: deadline)
        stopsServices = runs.values.contains { jobs[$0.job]?.definition.isService == true && $0.state.activeAttempt != nil }
        for run in runs.inOrder {
            guard let job = jobs[run.job]?.definition, !job.isService || run.state.activeAttempt == nil else { continue }
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
        note("stop", "stopping", at: now)
    }

    /// Jobs that run when the program stops, by name.
    private var stopJobs: [JobDefinition] {
        jobs.values.map(\.definition).filter { $0.triggers.contains(where: \.isAtStop) && $0.disabled == nil }.sorted { $0.name < $1.name }
    }

    /// The next step of stopping, once nothing runs any more: what takes what services left runs once more, else it is done.
    mutating func finishStopping(at now: Date) {
        guard runs.isEmpty else { return }
        if case .stopping(_, let end) = phase, stopsServices, now < end {
            phase = .lastPass(end: end)
            for job in stopJobs where job.takesWhatServicesLeave && job.needs.allSatisfy({ unmet($0) == nil }) {
                record(newRun(job.name, .stop, scheduledAt: now, at: now))
            }
            if !runs.isEmpty { return }
        }
        phase = .done
        decision.effects.append(.done)
    }

    /// Ends runs whose time is up, then services: each once nothing that needs it is left.
    mutating func proceedStopping(at now: Date) {
        if case .lastPass(let end) = phase, now >= end { for run in runs.values { self.end(run, because: .shutdown, at: now) } }
        guard case .stopping(let runsUntil, _) = phase else { return }
        let work = runs.values.filter { jobs[$0.job]?.definition.isService != true }
        if now >= runsUntil { for run in work { end(run, because: .shutdown, at: now) } }
        guard runs.values.allSatisfy({ jobs[$0.job]?.definition.isService == true }) else { return }
        for run in runs.values where run.state.activeAttempt == nil { end(run, because: .shutdown, at: now) }
        let alive = Set(runs.values.map(\.job))
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

extension Trigger.AfterOutcome {
    fileprivate func admits(_ kind: Engine.FollowUp.Kind) -> Bool {
        switch kind {
        case .ended(let outcome): admits(outcome)
        case .failing: self == .failing
        }
    }
}
