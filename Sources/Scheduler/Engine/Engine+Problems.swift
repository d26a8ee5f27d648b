package import Foundation
import JobKit
import Settings

/// What is wrong with jobs, and when that ends.
extension Engine {
    /// Restarts in a row after which a service is a problem.
    static let mostRestarts = 3

    /// Takes over what an earlier boot has recorded. An earlier version recorded no problems: what the newest verdict says has been reported.
    mutating func takeOverProblems(of name: String, _ stored: StoredState, at now: Date) {
        for problem in stored.problems[name] ?? [] { jobs[name]?.problems[problem.kind] = problem }
        guard let job = jobs[name], job.problems.isEmpty, !job.definition.isService, let run = job.verdict, let outcome = run.state.outcome else { return }
        guard let kind = outcome.problem else { return }
        let problem = JobProblem(kind, since: run.finishedAt ?? now, run: run.id, message: run.error ?? run.summary ?? "")
        jobs[name]?.problems[kind] = problem
        decision.changes.append(.problem(job: name, problem))
    }

    /// Forgets what was recorded of jobs that are gone.
    mutating func forgetProblems(_ stored: StoredState) {
        for (name, problems) in stored.problems where jobs[name] == nil {
            for problem in problems { decision.changes.append(.problemOver(job: name, problem.kind)) }
        }
        for name in stored.deadlines.keys where jobs[name] == nil { decision.changes.append(.deadline(job: name, nil)) }
    }

    /// Notes what the end of a run says of its job.
    mutating func judge(_ run: Run, _ outcome: RunOutcome) {
        let at = run.finishedAt ?? run.createdAt
        let isService = jobs[run.job]?.definition.isService == true
        var happening = Happening(job: run.job, run: run.id)
        (happening.outcome, happening.message) = (outcome, run.error ?? run.summary ?? "")
        switch outcome {
        case .succeeded: endProblems(of: run.job, &happening) { _ in true }
        case .incomplete:
            endProblems(of: run.job, &happening) { $0 != .incomplete }
            beginProblem(.incomplete, of: run.job, happening.message, at: at, &happening)
        case .failed, .timedOut: beginProblem(.failed, of: run.job, happening.message, at: at, &happening)
        // A service that was up when its container died starts again by itself.
        case .interrupted: if !isService { beginProblem(.failed, of: run.job, happening.message, at: at, &happening) }
        case .cancelled, .skipped: break
        }
        if isService {
            jobs[run.job]?.readySince = nil
            jobs[run.job]?.restarts = 0
        }
        if let state = jobs[run.job]?.deadline, outcome.didWork {
            setDeadline(of: run.job, DeadlineState(lastStart: state.lastStart, lastSuccess: at))
        }
        if outcome == .succeeded, jobs[run.job]?.deadline != nil, let start = run.startedAt {
            jobs[run.job]?.durations.insert(max(.zero, at.since(start)), at: 0)
            if let extra = jobs[run.job]?.durations.count, extra > DeadlineRule.mostRuns { jobs[run.job]?.durations.removeLast() }
        }
        addAlarm(of: run.job)
        add(happening)
    }

    /// The first attempt of a run has failed, for those who want to know before the last one has.
    mutating func judgeFirstFailure(_ run: Run, at now: Date) {
        var happening = Happening(job: run.job, run: run.id)
        happening.message = run.error ?? ""
        beginProblem(.failing, of: run.job, happening.message, at: now, &happening)
        add(happening)
    }

    /// A run has begun its first attempt.
    mutating func judgeStart(_ run: Run, at now: Date) {
        guard !run.cause.isDryRun else { return }
        if let state = jobs[run.job]?.deadline { setDeadline(of: run.job, DeadlineState(lastStart: now, lastSuccess: state.lastSuccess)) }
        addAlarm(of: run.job)
        var happening = Happening(job: run.job, run: run.id)
        happening.isStart = true
        add(happening)
    }

    // MARK: Services

    /// The process of a service was started again, or has ended: it was not stable.
    mutating func judgeRestart(of run: Run, at now: Date) {
        jobs[run.job]?.readySince = nil
        jobs[run.job]?.restarts += 1
        guard let restarts = jobs[run.job]?.restarts, restarts >= Engine.mostRestarts, jobs[run.job]?.problems[.restarting] == nil else { return }
        var happening = Happening(job: run.job, run: run.id)
        let words = "it was started again \(restarts) times in a row"
        beginProblem(.restarting, of: run.job, words, at: now, &happening)
        note(.problem, job: run.job, "restarting: \(words)", at: now)
        add(happening)
    }

    mutating func judgeReadiness(_ status: ServiceStatus, of name: String, at now: Date) {
        switch status.state {
        case .ready: if jobs[name]?.readySince == nil { jobs[name]?.readySince = now }
        // A live check that fails says so before the service is restarted.
        case .unready: break
        case .stopped, .starting, .backingOff, .givenUp, .stopping: jobs[name]?.readySince = nil
        }
        addAlarm(of: name)
    }

    /// When a service counts as stable, where that would change anything.
    private func stableAt(_ job: Job) -> Date? {
        guard let since = job.readySince, let length = job.definition.stableAfter, job.restarts > 0 || !job.problems.isEmpty else { return nil }
        return since.adding(length)
    }

    private mutating func becomeStable(_ name: String, at now: Date) {
        jobs[name]?.restarts = 0
        var happening = Happening(job: name, run: unfinished(of: name).first?.id)
        happening.message = "it is ready, and has been for \(DurationText.readable(now.since(jobs[name]?.readySince ?? now)))"
        endProblems(of: name, &happening) { _ in true }
        guard !happening.ended.isEmpty else { return }
        note(.problem, job: name, "recovered: \(happening.message)", at: now)
        add(happening)
    }

    // MARK: Deadlines

    /// Begins to count, or no longer counts, by what the job's definition says now.
    mutating func syncDeadline(of name: String, at now: Date) {
        guard let job = jobs[name] else { return }
        let isCounted = job.definition.deadline != nil && job.definition.disabled == nil
        if isCounted {
            if job.deadline == nil { setDeadline(of: name, DeadlineState(lastStart: now, lastSuccess: now)) }
        } else if job.deadline != nil {
            jobs[name]?.deadline = nil
            decision.changes.append(.deadline(job: name, nil))
            for kind in job.problems.keys where kind.isOfDeadline { forget(kind, of: name) }
        }
        addAlarm(of: name)
    }

    private mutating func setDeadline(of name: String, _ state: DeadlineState) {
        guard jobs[name]?.deadline != state else { return }
        jobs[name]?.deadline = state
        decision.changes.append(.deadline(job: name, state))
        addAlarm(of: name)
    }

    /// Nothing was expected in a pause: it counts from its end.
    mutating func restartDeadlines(_ name: String?, at now: Date) {
        for job in name.map({ [$0] }) ?? names where jobs[job]?.deadline != nil {
            setDeadline(of: job, DeadlineState(lastStart: now, lastSuccess: now))
            addAlarm(of: job)
        }
    }

    /// Keeps them right when the wall clock jumped.
    mutating func shiftDeadlines(by jump: Duration) {
        for name in names {
            if let since = jobs[name]?.readySince { jobs[name]?.readySince = since.adding(jump) }
            if let state = jobs[name]?.deadline {
                setDeadline(of: name, DeadlineState(lastStart: state.lastStart.adding(jump), lastSuccess: state.lastSuccess.adding(jump)))
            }
            addAlarm(of: name)
        }
    }

    private func deadlineFacts(_ name: String) -> (rule: DeadlineRule, facts: DeadlineRule.Facts)? {
        guard let job = jobs[name], let rule = job.definition.deadline, let state = job.deadline else { return nil }
        let active = runs.of(name).first { $0.state.activeAttempt != nil && !$0.cause.isDryRun }
        return (
            rule,
            .init(
                state: state, activeSince: active?.state.activeSince, durations: job.durations, problems: Set(job.problems.keys),
                isPaused: pause(of: name) != nil)
        )
    }

    /// When something is to be decided about a job's deadline, or about whether a service is stable; nil for never.
    package func nextAlarm(of name: String) -> Date? {
        guard let job = jobs[name] else { return nil }
        return job.definition.isService ? stableAt(job) : nextDeadline(of: name)?.at
    }

    /// What will be wrong next with a job, unless something happens before.
    func nextDeadline(of name: String) -> DeadlineRule.Alarm? { deadlineFacts(name).flatMap { $0.rule.next($0.facts) } }

    mutating func addAlarm(of name: String) { if let at = nextAlarm(of: name) { alarmTimes.add(name, at: at) } }

    /// Reports what is wrong by now.
    mutating func judgeAlarms(at now: Date) {
        for name in alarmTimes.takeDue(by: now).sorted() {
            if jobs[name]?.definition.isService == true {
                if let at = nextAlarm(of: name), at <= now { becomeStable(name, at: now) }
            } else {
                while let (rule, facts) = deadlineFacts(name), let alarm = rule.next(facts), alarm.at <= now {
                    let run = runs.of(name).first { $0.state.activeAttempt != nil && !$0.cause.isDryRun }?.id
                    var happening = Happening(job: name, run: run)
                    let words = rule.words(for: alarm.kind, facts, at: now)
                    beginProblem(alarm.kind, of: name, words, at: now, &happening)
                    note(.problem, job: name, "\(alarm.kind.rawValue): \(words)", at: now)
                    add(happening)
                }
            }
            addAlarm(of: name)
        }
    }

    // MARK: Records

    private mutating func beginProblem(_ kind: JobProblem.Kind, of name: String, _ message: String, at now: Date, _ happening: inout Happening) {
        guard jobs[name] != nil, jobs[name]?.problems[kind] == nil else { return }
        let problem = JobProblem(kind, since: now, run: happening.run, message: message)
        jobs[name]?.problems[kind] = problem
        decision.changes.append(.problem(job: name, problem))
        happening.begun.append(problem)
    }

    private mutating func endProblems(of name: String, _ happening: inout Happening, where isOver: (JobProblem.Kind) -> Bool) {
        guard let problems = jobs[name]?.problems, !problems.isEmpty else { return }
        for kind in JobProblem.Kind.allCases where problems[kind] != nil && isOver(kind) {
            forget(kind, of: name)
            happening.ended.insert(kind)
        }
    }

    private mutating func forget(_ kind: JobProblem.Kind, of name: String) {
        jobs[name]?.problems[kind] = nil
        decision.changes.append(.problemOver(job: name, kind))
    }

    // MARK: Followers

    /// Notes what has happened, for those that follow the job. What one event says of one run is one.
    private mutating func add(_ happening: Happening) {
        guard !followers.isEmpty, !happening.isEmpty else { return }
        guard let index = happenings.lastIndex(where: { $0.job == happening.job && $0.run == happening.run && $0.isStart == happening.isStart }) else {
            happenings.append(happening)
            return
        }
        happenings[index].outcome = happening.outcome ?? happenings[index].outcome
        happenings[index].begun += happening.begun
        happenings[index].ended.formUnion(happening.ended)
        if !happening.message.isEmpty { happenings[index].message = happening.message }
    }

    /// Starts what follows what is new, wherever it came from: work, a request, a boot that found runs interrupted. While the program stops only those
    /// are queued that the next one continues.
    mutating func followHappenings(at now: Date) {
        while !happenings.isEmpty {
            let happening = happenings.removeFirst()
            // What the stop itself ends is no news.
            if phase != .running, happening.outcome == .cancelled { continue }
            for follower in followers.of(happening.job) {
                guard let definition = jobs[follower.name]?.definition, definition.disabled == nil,
                    let notice = Trigger.AfterOutcome.notice(of: happening, for: follower.outcomes), phase == .running || definition.survivesRestarts
                else { continue }
                var run = newRun(follower.name, .after(job: happening.job, run: happening.run, outcome: notice.word), scheduledAt: now, at: now)
                run.reason = notice.message.isEmpty ? nil : notice.message
                if pauses[follower.name] == nil { enqueue(run, at: now) } else { skip(run, "\(follower.name) is paused", at: now) }
            }
        }
    }
}

extension RunOutcome {
    /// The problem of a job whose newest verdict is this.
    fileprivate var problem: JobProblem.Kind? {
        switch self {
        case .failed, .timedOut, .interrupted: .failed
        case .incomplete: .incomplete
        case .succeeded, .cancelled, .skipped: nil
        }
    }
}
