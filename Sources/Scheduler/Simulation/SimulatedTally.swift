package import Foundation
import JobKit

/// What a simulation has brought for each job.
package struct SimulatedTally: Sendable {
    /// One job.
    package struct Job: Sendable {
        package var runs = 0
        /// Scheduled times that were skipped because the run before them was not over.
        package var overlaps = 0
        /// Runs that stand for scheduled times of an absence, or were made up for later.
        package var caughtUp = 0
        /// Scheduled times without a run of their own: others stand for them.
        package var servedByLater = 0
        /// Scheduled times that were given up.
        package var missed = 0
        /// Runs that were cut off: by a timeout, by another run, or by the end of the program.
        package var cutOff = 0
        /// The longest time from the scheduled time to the start, of runs that were not made up for.
        package var longestWait = Duration.zero

        /// Nothing yet.
        package init() {}
    }

    /// What is worth a line.
    package struct Moment: Hashable, Sendable {
        package enum Kind: String, Hashable, Sendable {
            case overlap, caughtUp = "caught up", missed
            case cutOff = "cut off"
        }

        package var at: Date
        package var job: String
        package var kind: Kind
        package var message: String
    }

    package private(set) var jobs: [String: Job] = [:]
    /// The first ones of each job and kind, in the order of time.
    package private(set) var moments: [Moment] = []
    package private(set) var runs = 0
    private var counts: [String: Int] = [:]
    private let mostMoments: Int

    /// Above this a run that is late was made up for.
    private static let punctual = Duration.seconds(60)

    /// - Parameter mostMoments: Of each job and kind.
    package init(mostMoments: Int = 3) { self.mostMoments = mostMoments }

    package mutating func add(_ run: Run) {
        var job = jobs[run.job] ?? Job()
        defer { jobs[run.job] = job }
        guard let outcome = run.state.outcome, outcome != .interrupted else {
            job.cutOff += 1
            return note(.cutOff, run, "the program ended before it was done")
        }
        switch outcome {
        case .skipped:
            if isOverlap(run) {
                job.overlaps += 1 + run.missed
                note(.overlap, run, run.summary ?? "")
            } else {
                job.missed += 1 + run.missed
                note(.missed, run, (run.summary ?? "") + (run.missed > 0 ? " (\(run.missed + 1) scheduled times)" : ""))
            }
        case .cancelled, .timedOut, .failed, .interrupted:
            job.cutOff += 1
            note(.cutOff, run, run.cause == .stop ? "not done within the stop budget" : run.error ?? run.summary ?? outcome.rawValue)
        case .succeeded, .incomplete: count(run, &job)
        }
    }

    private mutating func count(_ run: Run, _ job: inout Job) {
        runs += 1
        job.runs += 1
        job.servedByLater += run.missed
        guard case .schedule = run.cause, let started = run.startedAt else { return }
        if run.createdAt < run.scheduledAt {
            // It waited for the run before it, and took over what was due meanwhile.
            job.longestWait = max(job.longestWait, started.since(run.createdAt))
        } else if run.missed > 0 || run.createdAt.since(run.scheduledAt) > SimulatedTally.punctual {
            job.caughtUp += 1
            let missed = run.missed > 0 ? ", and stands for \(run.missed) more" : ""
            note(.caughtUp, run, "started at the end of an absence\(missed)")
        } else {
            job.longestWait = max(job.longestWait, started.since(run.scheduledAt))
        }
    }

    /// Whether a skipped run was one too many, and not missed.
    private func isOverlap(_ run: Run) -> Bool { run.summary?.hasPrefix("missed while") != true }

    private mutating func note(_ kind: Moment.Kind, _ run: Run, _ message: String) {
        let key = "\(run.job) \(kind)"
        counts[key, default: 0] += 1
        guard counts[key, default: 0] <= mostMoments else { return }
        moments.append(Moment(at: run.scheduledAt, job: run.job, kind: kind, message: message))
    }
}
