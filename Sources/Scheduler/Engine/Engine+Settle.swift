import Foundation
import JobKit
import Settings

extension Engine {
    /// Does all that is due: scheduled times, timeouts, retries, free slots, and the next step of stopping.
    mutating func settle(at now: Date) {
        noteTimesAgain(at: now)
        if phase == .running {
            resetStrayCursors(at: now)
            expirePauses(at: now)
            enqueueDue(at: now)
            resumed = []
            judgeAlarms(at: now)
        }
        followHappenings(at: now)
        expireRuns(at: now)
        proceedOrderedEnds(at: now)
        proceedStopping(at: now)
        grantSlots(at: now)
        // Some jobs follow starts. It ends: what follows goes in no circle.
        while !happenings.isEmpty {
            followHappenings(at: now)
            grantSlots(at: now)
        }
        switch phase {
        case .stopping, .lastPass:
            finishStopping(at: now)
            grantSlots(at: now)
        case .running, .done, .handedOver: break
        }
        forgetStaleTimes(at: now)
    }

    private mutating func enqueueDue(at now: Date) {
        for name in takeDueJobs(at: now) {
            guard let definition = jobs[name]?.definition, pause(of: name) == nil else { continue }
            for upcoming in jobs[name]?.upcoming ?? [] {
                guard let next = upcoming.next, next <= now, let cursor = jobs[name]?.cursors[upcoming.name] else { continue }
                let schedule = upcoming.schedule
                let plan = schedule.plan(last: cursor, now: now, rule: definition.fireRule, job: name)
                guard plan.cursor > cursor else { continue }
                advance(name, upcoming.name, plan)
                if definition.disabled == nil { act(on: plan, of: definition, upcoming.cause, at: now) }
            }
        }
    }

    private mutating func act(on plan: FirePlan, of job: JobDefinition, _ cause: RunCause, at now: Date) {
        if let newest = plan.newestDropped, plan.dropped > 0 {
            let run = newRun(job.name, cause, scheduledAt: newest, missed: plan.dropped - 1, at: now)
            let wasPaused = resumed.contains(job.name) || resumed.contains(String?.none)
            skip(run, "missed while \(wasPaused ? "its schedules were paused" : "shipkeeper was not running"), and not made up for", at: now)
        }
        for due in plan.due {
            let run = newRun(job.name, cause, scheduledAt: due.fireTime, missed: due.missed, at: now)
            if plan.due.count > 1 { record(run) } else { enqueue(run, at: now) }
        }
    }

    /// Queues a run by the job's overlap rule.
    mutating func enqueue(_ run: Run, overlap: Overlap? = nil, at now: Date) {
        let others = unfinished(of: run.job).filter { !$0.cause.isDryRun }
        guard let job = jobs[run.job], let current = others.last else { return record(run) }
        switch overlap ?? job.definition.overlap {
        case .skip: skip(run, "run \(current.id) was still \(current.state.word)", at: now)
        case .queue:
            // One whose next attempt is still to come takes what is there then.
            if var waiting = others.last(where: { $0.state == .queued || $0.state.nextAttemptAt != nil }) {
                guard waiting.cause == run.cause, adjoins(run, waiting) else {
                    return skip(run, "run \(waiting.id) is waiting already and serves it too", at: now)
                }
                waiting.missed += run.missed + 1
                waiting.scheduledAt = run.scheduledAt
                record(waiting)
            } else {
                record(run)
            }
        case .all: record(run)
        case .replace:
            for old in others { end(old, because: .replaced, at: now) }
            record(run)
        }
    }

    /// Whether a run's scheduled times follow those of a waiting run without a gap, so that the waiting one can stand for both: a run stands for its own
    /// time and for those right before it, and for no others. Times that were given up in between have a record of their own.
    private func adjoins(_ run: Run, _ waiting: Run) -> Bool {
        guard case .schedule = run.cause, let schedule = jobs[run.job]?.upcoming.first(where: { $0.cause == run.cause })?.schedule
        else { return true }
        return schedule.count(after: waiting.scheduledAt, upTo: run.scheduledAt) == run.missed + 1
    }

    mutating func skip(_ run: Run, _ reason: String, at now: Date) {
        var run = run
        run.state = .finished(.skipped, at: now)
        run.summary = reason
        record(run)
    }

    /// Ends attempts whose time is up, and gives up runs that are too late to start.
    private mutating func expireRuns(at now: Date) {
        for id in runTimes.takeDue(by: now).sorted() {
            guard let run = runs[id] else { continue }
            if let time = timeout(of: run), time <= now { end(run, because: .timeout, at: now) }
            guard let latest = latestStart(of: run), latest <= now, let limit = jobs[run.job]?.definition.fireRule.startDeadline else { continue }
            let reason = obstacle(to: run).map { ": \($0)" } ?? ""
            move(id, .skipped, at: now) { $0.summary = "it could not start within \(DurationText.format(limit))\(reason)" }
        }
    }

    // MARK: Slots

    private mutating func grantSlots(at now: Date) {
        guard runs.hasWaiting, phase != .handedOver else { return }
        var busy = busy
        for run in runs.waiting where run.isWaiting(at: now) && runs[run.id] != nil {
            if phase != .running, isKept(run) { continue }
            // The limit comes first: where it is reached, it is what most runs wait for.
            if busy.isFull, jobs[run.job]?.definition.isService == false { continue }
            guard obstacle(to: run, busy) == nil else { continue }
            move(run.id, .slotGranted, at: now) { $0.startedAt = $0.startedAt ?? now }
            guard let started = runs[run.id], case .running(let attempt, _) = started.state else { continue }
            busy.add(started, jobs[started.job]?.definition)
            if attempt == 1 { judgeStart(started, at: now) } else { addAlarm(of: started.job) }
            decision.changes.append(.saveAttempt(Attempt(run: run.id, number: attempt, startedAt: now)))
            decision.effects.append(.start(started, attempt: attempt))
        }
    }

    /// Why a waiting run can't start just now; nil when it can.
    package func obstacle(to run: Run) -> String? { obstacle(to: run, busy) }

    /// What the runs under way keep from others.
    var busy: Busy {
        var busy = Busy(most: mostParallel)
        for run in runs.active { busy.add(run, jobs[run.job]?.definition) }
        return busy
    }

    func obstacle(to run: Run, _ busy: Busy) -> String? {
        guard let job = jobs[run.job]?.definition else { return "the job is not declared" }
        if let hold = hold(on: run.job, for: run.cause) { return "waits: \(hold.reason)" }
        for need in job.needs {
            if let reason = unmet(need) { return "waits for \(need), which \(reason.displayText)" }
        }
        if let own = busy.runs[run.job], !isBeside(run, own) { return "run \(own.id) is still \(own.state.word)" }
        if let group = job.group, let other = busy.groups[group], other != run.job { return "\(other) of the same group is running" }
        for (other, keys) in busy.exclusive where other != run.job {
            guard let key = ExclusiveKey.meeting(job.exclusive, keys) else { continue }
            return "\(other), which works on \(ExclusiveKey.readable(key)) too, is running"
        }
        if let reason = unquiet(for: run) { return reason }
        return !job.isService && busy.isFull ? "\(busy.count) jobs are running, which is the limit" : nil
    }

    /// Why a need is not met, and whether that can change without someone's help.
    enum UnmetNeed: Hashable, Sendable {
        case pending(String)
        case hopeless(String)

        var displayText: String {
            switch self {
            case .pending(let words), .hopeless(let words): words
            }
        }
    }

    func unmet(_ need: String) -> UnmetNeed? {
        guard let job = jobs[need] else { return .hopeless("is not declared") }
        // One that runs again, such as a restore in place, is changing what was good.
        let isAgain = runs.of(need).contains { $0.state.activeAttempt != nil && !$0.cause.isDryRun }
        if job.definition.isService ? job.isReady && isThere(need) : job.hasSucceeded && !isAgain { return nil }
        if let reason = job.definition.disabled { return .hopeless("is disabled: \(reason)") }
        if let run = unfinished(of: need).first { return .pending("is \(run.state.word)") }
        guard let last = job.last, let outcome = job.outcome else { return .hopeless("has not run in this boot") }
        return .hopeless(outcome.rawValue + ((last.error ?? last.summary).map { ": \($0)" } ?? ""))
    }

    /// A need that nothing on its way will meet.
    func hopelessNeed(of job: JobDefinition) -> String? {
        for need in job.needs {
            if case .hopeless(let words) = unmet(need) { return "it needs \(need), which \(words)" }
        }
        return nil
    }
}

extension Run {
    fileprivate func isWaiting(at now: Date) -> Bool {
        switch state {
        case .queued: true
        case .waitingToRetry(_, let at), .deferred(_, let at): at <= now
        case .running, .ending, .finished: false
        }
    }
}

extension RunState {
    /// As it is put in a sentence: "is …".
    package var word: String {
        switch self {
        case .queued: "waiting"
        case .running: "running"
        case .ending: "stopping"
        case .waitingToRetry: "waiting to try again"
        case .deferred: "deferred"
        case .finished(let outcome, _): outcome.rawValue
        }
    }
}
