package import Foundation
import JobKit

/// What is due when, kept so that an event costs no look at all jobs and runs.
extension Engine {
    /// Works out again what depends on the definitions alone, and when each job is next due. To be called when they have changed.
    mutating func indexDefinitions() {
        names = jobs.keys.sorted()
        runs.use(jobs.values.reduce(into: [:]) { if $1.definition.priority != 0 { $0[$1.definition.name] = $1.definition.priority } })
        measuresPressure = jobs.values.contains { $0.definition.background?.pressure != nil }
        followers = Followers(jobs.values.map(\.definition))
        heldJobs = Set(jobs.values.filter { $0.heldChange != nil }.map(\.definition.name))
        addTimesOfAll()
        // A timeout may have changed.
        runTimes.removeAll()
        for run in runs.values { addTimes(of: run) }
    }

    /// Notes when a job is next due.
    mutating func addTimes(of name: String) {
        guard let job = jobs[name], let next = job.nextTime else { return }
        if job.definition.disabled == nil { fireTimes.add(name, at: next) } else { silentTimes.add(name, at: next) }
    }

    mutating func addTimesOfAll() {
        fireTimes.removeAll()
        silentTimes.removeAll()
        alarmTimes.removeAll()
        for name in jobs.keys {
            addTimes(of: name)
            addAlarm(of: name)
        }
    }

    /// Notes when a run times out, is tried again, has waited too long, or need not wait any longer.
    mutating func addTimes(of run: Run) { for time in times(of: run) { runTimes.add(run.id, at: time) } }

    /// When something is to be decided about a run without an event.
    func times(of run: Run) -> [Date] {
        switch run.state {
        case .running: [timeout(of: run)].compactMap(\.self)
        case .waitingToRetry(_, let at), .deferred(_, let at): [at]
        case .queued: [latestStart(of: run), endOfPatience(of: run)].compactMap(\.self)
        case .ending, .finished: []
        }
    }

    /// When the attempt under way has taken too long; nil for never.
    func timeout(of run: Run) -> Date? {
        guard case .running(_, let since) = run.state else { return nil }
        return jobs[run.job]?.definition.timeout.map { since.adding($0) }
    }

    /// From when on a waiting run is too late to start; nil for never. Its scheduled time counts, so one that took over later ones may wait longer.
    package func latestStart(of run: Run) -> Date? {
        guard run.state == .queued, case .schedule = run.cause else { return nil }
        return jobs[run.job]?.definition.fireRule.latestStart.map { run.scheduledAt.adding($0 + .milliseconds(1)) }
    }

    /// The names of the jobs that are due, in order. Paused ones are left out, and noted again when their pause ends.
    mutating func takeDueJobs(at now: Date) -> [String] {
        let (due, silent) = (fireTimes.takeDue(by: now), silentTimes.takeDue(by: now))
        return silent.isEmpty ? due.sorted() : due.union(silent).sorted()
    }

    /// A clock that was set back makes what was due before due again.
    mutating func noteTimesAgain(at now: Date) {
        defer { decidedUpTo = now }
        guard now < decidedUpTo else { return }
        addTimesOfAll()
        runTimes.removeAll()
        for run in runs.values { addTimes(of: run) }
    }

    /// Drops the earliest times that no longer hold, so that nobody is woken for them.
    mutating func forgetStaleTimes(at now: Date) {
        while let next = fireTimes.earliest, pause(of: next.key) != nil || jobs[next.key]?.nextFire != next.at { fireTimes.removeEarliest() }
        while let next = alarmTimes.earliest, nextAlarm(of: next.key) != next.at { alarmTimes.removeEarliest() }
        while let next = runTimes.earliest, next.at <= now || runs[next.key].map({ times(of: $0).contains(next.at) }) != true { runTimes.removeEarliest() }
    }
}
