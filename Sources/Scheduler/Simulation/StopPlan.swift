import Foundation
import JobKit

/// What a stop comes to, by how long its parts have taken before: the engine itself stops in virtual time, with all services up and all jobs of the boot done.
package struct StopPlan: Sendable {
    /// A run of a job with `on: stop`.
    package struct Part: Hashable, Sendable {
        package var job: String
        /// Whether it is the run after the services.
        package var isLastPass: Bool
        package var length: Duration
        /// When it is done, from the signal on.
        package var end: Duration
    }

    /// In the order in which they end.
    package let parts: [Part]
    /// When all is done, from the signal on.
    package let end: Duration
    /// What comes after the runs; nil where a service has not been measured.
    package let afterRuns: Duration?
    /// How the budget is shared by this.
    package let shares: StopShares

    /// - Parameters:
    ///   - lengths: How long a run at a stop takes, by the job's name; the stop is planned for these jobs.
    ///   - stopLengths: How long services take to end, by name; others end at once.
    ///   - budget: The time that a stop has.
    package init(_ definitions: [JobDefinition], lengths: [String: Duration], stopLengths: [String: Duration], mostParallel: Int, budget: Duration) {
        let signal = Date(timeIntervalSince1970: 86_400)
        let jobs = definitions.map { job in
            var job = job
            job.triggers = job.triggers.filter { $0.isAtBoot || $0.isAtStop }
            return job
        }
        // Nothing is cut off: it is to be seen how long all of it takes.
        let world = ScheduleSimulation.World(
            lengths: lengths, usualLength: .zero, stopLengths: stopLengths, mostParallel: mostParallel, stopBudget: .seconds(864_000),
            runsBudget: .seconds(800_000))
        var simulation = ScheduleSimulation(jobs, world, from: Date(timeIntervalSince1970: 0), until: signal)
        var (parts, end, seen) = ([Part](), signal, Set<String>())
        // Only a mistake of the engine's own lets it stand still, and then nothing is known.
        try? simulation.run { run in
            guard let finished = run.finishedAt, finished >= signal else { return }
            end = max(end, finished)
            guard run.cause == .stop, let length = lengths[run.job], run.state.outcome?.didWork == true else { return }
            parts.append(Part(job: run.job, isLastPass: !seen.insert(run.job).inserted, length: length, end: finished.since(signal)))
        }
        self.parts = parts.sorted { ($0.end, $0.job) < ($1.end, $1.job) }
        self.end = end.since(signal)
        let services = definitions.filter { $0.isService && $0.disabled == nil }.map(\.name)
        let runsEnd = parts.filter { !$0.isLastPass }.map(\.end).max() ?? .zero
        afterRuns = services.allSatisfy { stopLengths[$0] != nil } ? self.end - runsEnd : nil
        shares = StopShares(of: budget, services: afterRuns)
    }

    /// The runs that would be cut off.
    package var cutOff: [Part] { parts.filter { $0.end > ($0.isLastPass ? shares.all : shares.runs) } }

    /// Whether the program would be killed before all is done, although no run is cut off.
    package var isTooLong: Bool { cutOff.isEmpty && end > shares.all }
}
