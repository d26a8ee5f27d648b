import Foundation
import JobKit

/// What is due when, kept so that an event costs no look at all jobs and runs.
extension Engine {
    /// Works out again what depends on the definitions alone, and when each job is next due. To be called when they have changed.
    mutating func indexDefinitions() {
        names = jobs.keys.sorted()
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

    /// Notes when a run times out or is tried again.
    mutating func addTimes(of run: Run) { if let time = nextTime(of: run) { runTimes.add(run.id, at: time) } }

    /// When something is to be decided about a run without an event; nil where that never comes.
    func nextTime(of run: Run) -> Date? {
        switch run.state {
        case .running(_, let since): jobs[run.job]?.definition.timeout.map { since.adding($0) }
        case .waitingToRetry(_, let at), .deferred(_, let at): at
        case .queued, .ending, .finished: nil
        }
    }

    /// The names of the jobs that are due, in order. Paused ones are left out, and noted again when their pause ends.
    mutating func takeDueJobs(at now: Date) -> [String] {
        (fireTimes.takeDue(by: now).union(silentTimes.takeDue(by: now))).sorted()
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
        while let next = runTimes.earliest, next.at <= now || runs[next.key].flatMap(nextTime) != next.at { runTimes.removeEarliest() }
    }
}
