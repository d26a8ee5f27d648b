import Scheduler

/// What those that follow other jobs must have heard.
extension Simulation {
    /// Who follows ends of a backup hears of each, however it ended, unless the program was stopping.
    mutating func checkFollowers() {
        let heard = Set(disk.values.filter { $0.job == "alarm" }.map(\.cause))
        checkMessages()
        for run in disk.values where run.job == "backup" && endedBefore.contains(run.id) {
            guard let outcome = run.state.outcome, [.failed, .timedOut, .interrupted].contains(outcome) else { continue }
            if !heard.contains(.after(job: "backup", run: run.id, outcome: outcome.rawValue)) {
                problems.append("nobody heard that backup \(run.id) \(outcome.rawValue)")
            }
        }
    }

    /// Between two messages that a problem of a kind has begun there is one that the job has recovered, and no message is lost.
    private mutating func checkMessages() {
        var open: [String: Set<String>] = [:]
        for run in disk.values.filter({ $0.job == "message" }).sorted(by: { $0.id < $1.id }) {
            if let outcome = run.state.outcome, [.interrupted, .skipped].contains(outcome), run.summary?.contains("paused") != true,
                !stoppedRuns.contains(run.id)
            {
                problems.append("message \(run.id) was \(outcome.rawValue): \(run.summary ?? "")")
            }
            // A job that is removed takes its problems with it.
            guard case .after(let job, _, let word?) = run.cause, job != "extra" else { continue }
            // What fails is one kind of problem.
            let kind = ["timed out", "interrupted"].contains(word) ? "failed" : word
            if kind == "recovered" {
                open[job] = []
            } else if open[job, default: []].insert(kind).inserted == false {
                problems.append("message \(run.id): \(job) \(word) is reported a second time")
            }
        }
    }
}
