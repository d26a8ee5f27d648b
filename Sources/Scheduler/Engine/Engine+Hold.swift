extension Engine {
    /// Puts a hold in force. Runs under way continue: the holder ends them.
    mutating func take(_ hold: Hold) -> Reply? {
        guard phase == .running else { return .refused("the program is stopping") }
        if let other = holds.first(where: { $0.holder != hold.holder && !$0.jobs.isDisjoint(with: hold.jobs) }) { return .refused(other.reason) }
        if let run = hold.run, runs[run] == nil { return .refused("run \(run) has ended") }
        holds.removeAll { $0.holder == hold.holder }
        holds.append(hold)
        return nil
    }

    /// What keeps a job from being started for this cause.
    func hold(on job: String, for cause: RunCause) -> Hold? {
        holds.first { hold in
            if cause == .person(via: hold.holder) || cause == .confirmed(via: hold.holder) { return false }
            return hold.jobs.contains(job) || hold.jobs.contains { needs(job, $0) }
        }
    }
}
