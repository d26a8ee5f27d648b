import Foundation
import JobKit

extension Engine {
    /// Accounts for a run that the last boot left unfinished.
    mutating func takeOver(_ run: Run, at now: Date) {
        runs[run.id] = run
        addTimes(of: run)
        guard let job = jobs[run.job] else {
            move(run.id, .endRequested(.reloaded), at: now) { $0.summary = "the job is no longer declared" }
            if runs[run.id] != nil { move(run.id, .foundInterrupted, at: now) }
            return
        }
        switch run.state {
        case .running, .ending:
            move(run.id, .foundInterrupted, at: now) {
                $0.error = "the program ended while this was running"
            }
            if run.state.activeAttempt == 1, !run.cause.isDryRun, !job.definition.isService { judgeFirstFailure(run, at: now) }
        case .queued, .waitingToRetry, .deferred:
            let isOfItsBoot = isOfItsBoot(run)
            if isOfItsBoot || job.definition.disabled != nil {
                move(run.id, .endRequested(.shutdown), at: now) {
                    $0.summary = isOfItsBoot ? "the program ended before it could start" : job.definition.disabled?.description
                }
                // It ended with the last boot's stop, which starts nothing.
                happenings.removeAll { $0.run == run.id }
            } else if run.createdAt > now.adding(Engine.mostAhead) {
                // What it waits for was reckoned by a clock that was ahead as far.
                var run = run
                run.state = run.state.shifted(by: now.since(run.createdAt))
                record(run)
            }
        case .finished: break
        }
    }

    /// Starts a job's life in this boot: its cursors and its boot run. A service that was stopped manually gets none.
    /// - Parameter cause: What has brought it: the boot, or a reload.
    mutating func begin(_ definition: JobDefinition, _ cause: RunCause = .boot, at now: Date) {
        jobs[definition.name]?.lookAhead()
        addTimes(of: definition.name)
        syncDeadline(of: definition.name, at: now)
        for case .schedule(.every(let length), _) in definition.triggers {
            // A cursor that a wrong clock left in the future would silence an interval until then.
            let schedule = Schedule.every(length)
            if let cursor = jobs[definition.name]?.cursors[schedule.name], cursor > now { setCursor(definition.name, schedule, now) }
        }
        for case .schedule(let schedule, let atStart) in definition.triggers
        where jobs[definition.name]?.cursors[schedule.name] == nil {
            setCursor(definition.name, schedule, now)
            if atStart, definition.disabled == nil {
                enqueue(newRun(definition.name, .schedule(schedule.readable), scheduledAt: now, at: now), at: now)
            }
        }
        if definition.triggers.contains(where: \.isAtBoot), definition.disabled == nil, stoppedServices[definition.name] == nil, !hasBooted(definition, cause) {
            record(newRun(definition.name, cause, scheduledAt: now, at: now))
        }
    }

    /// Forgets the cursors of schedules that no job has: one that is put back later starts over instead of catching up.
    mutating func forgetCursors(_ known: Set<StoredState.CursorKey>) {
        for key in known.sorted(by: { ($0.job, $0.schedule) < ($1.job, $1.schedule) }) {
            if jobs[key.job]?.definition.triggers.contains(where: { $0.schedule?.name == key.schedule }) == true { continue }
            jobs[key.job]?.cursors[key.schedule] = nil
            decision.changes.append(.forgetCursor(job: key.job, schedule: key.schedule))
        }
    }

    mutating func setCursor(_ job: String, _ schedule: Schedule, _ cursor: Date) {
        let name = schedule.name
        jobs[job]?.set(cursor, of: name)
        note(cursor, of: job, name)
    }

    /// Moves the cursor of a schedule on by what it has asked for.
    mutating func advance(_ job: String, _ schedule: String, _ plan: FirePlan) {
        jobs[job]?.set(plan, of: schedule)
        note(plan.cursor, of: job, schedule)
    }

    private mutating func note(_ cursor: Date, of job: String, _ schedule: String) {
        addTimes(of: job)
        latestCursor = max(latestCursor, cursor)
        decision.changes.append(.cursor(job: job, schedule: schedule, cursor))
    }

    /// Puts another configuration in force. Runs of jobs that are gone, and services whose work changed, are ended.
    mutating func reload(_ definitions: [JobDefinition], at now: Date) {
        let old = jobs
        jobs = [:]
        for definition in definitions {
            var job = old[definition.name] ?? Job(definition: definition, cursors: [:])
            job.definition = definition
            job.lookAhead()
            jobs[definition.name] = job
        }
        indexDefinitions()
        forgetCursors(Set(old.flatMap { name, job in job.cursors.keys.map { StoredState.CursorKey(job: name, schedule: $0) } }))
        forgetPauses()
        forgetStops { [jobs] name, _ in jobs[name]?.definition.isService != true }
        var ended: [Run] = []
        for (name, job) in old {
            let isSame = jobs[name].map { !$0.definition.isService || $0.definition.fingerprint == job.definition.fingerprint }
            guard isSame != true || jobs[name]?.definition.disabled != nil else { continue }
            let kept = jobs[name]?.definition.triggers.contains(where: \.isAtBoot) == true ? kept(of: name)?.id : nil
            ended += unfinished(of: name).filter { $0.id != kept }
        }
        endInOrder(ended, because: .reloaded, definitions: old.mapValues(\.definition), at: now)
        for (name, job) in old where jobs[name] == nil {
            for kind in job.problems.keys { decision.changes.append(.problemOver(job: name, kind)) }
            if job.deadline != nil { decision.changes.append(.deadline(job: name, nil)) }
        }
        for definition in definitions {
            let before = old[definition.name]?.definition
            syncDeadline(of: definition.name, at: now)
            let isChangedService = definition.isService && before?.fingerprint != definition.fingerprint
            if before == nil || before?.disabled != nil || isChangedService {
                begin(definition, .reload, at: now)
            } else {
                for case .schedule(let schedule, _) in definition.triggers
                where jobs[definition.name]?.cursors[schedule.name] == nil {
                    setCursor(definition.name, schedule, now)
                }
            }
        }
        note(.reload, "configuration reloaded: \(definitions.count) jobs", at: now)
    }
}
