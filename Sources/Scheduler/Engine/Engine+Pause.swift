import Foundation
import TimeZones

extension Engine {
    /// Pauses a job, or all; one that is paused already gets the new end.
    mutating func pause(_ name: String?, until: Date?, via origin: String, at now: Date) -> Reply {
        if let name {
            guard let job = jobs[name] else { return .noSuchJob }
            guard !job.definition.isService else { return .refused("\(name) is a service, which has no schedule to pause; stop it instead") }
        }
        if let until, until <= now { return .refused("the pause would be over already") }
        let pause = Pause(job: name, since: pauses[name]?.since ?? now, until: until, via: origin)
        pauses[name] = pause
        decision.changes.append(.pause(pause))
        for job in name.map({ [$0] }) ?? names { addAlarm(of: job) }
        let end = until.map { "until \(ShownTime.text($0))" } ?? "until resumed"
        note(.pause, job: name, "\(name == nil ? "all schedules: " : "")paused \(end) (\(origin))", at: now)
        return .done
    }

    /// Ends the pause of a job, or that of all jobs.
    mutating func resume(_ name: String?, at now: Date) -> Reply {
        if let name, jobs[name] == nil { return .noSuchJob }
        guard pauses[name] != nil else { return .refused(name.map { "\($0) is not paused" } ?? "the schedules are not paused") }
        endPause(name, at: now)
        return .done
    }

    /// What keeps the schedules of a job from starting it: its own pause, or that of all jobs.
    func pause(of name: String) -> Pause? { pauses[name] ?? pauses[String?.none] }

    mutating func expirePauses(at now: Date) {
        for (name, pause) in pauses where pause.until.map({ $0 <= now }) == true { endPause(name, at: now) }
    }

    /// Forgets the pauses of jobs that are gone.
    mutating func forgetPauses() {
        for case let name? in pauses.keys where jobs[name] == nil {
            pauses[name] = nil
            decision.changes.append(.resume(job: name))
        }
    }

    private mutating func endPause(_ name: String?, at now: Date) {
        pauses[name] = nil
        if let name { addTimes(of: name) } else { addTimesOfAll() }
        restartDeadlines(name, at: now)
        resumed.insert(name)
        decision.changes.append(.resume(job: name))
        note(.resume, job: name, "\(name == nil ? "all schedules: " : "")resumed", at: now)
        if phase == .running { judgeHeldChanges(at: now) }
    }
}
