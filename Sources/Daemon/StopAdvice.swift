package import Config
import Foundation
import JobKit
package import Scheduler
package import Settings

/// Warns where the stop budget is too short for what stops have taken before. Pure.
package struct StopAdvice: Sendable {
    private let configuration: Configuration
    private let lengths: MeasuredLengths

    package init(_ configuration: Configuration, _ lengths: MeasuredLengths) { (self.configuration, self.lengths) = (configuration, lengths) }

    package var problems: [Problem] {
        let (budget, plan) = (configuration.stopBudget, lengths.plan(of: configuration))
        let hint = "write a longer stop_budget if the platform allows it; a backup that runs more often has less to store at the stop"
        let cutOff = plan.cutOff.compactMap { part in
            configuration.jobs.first { $0.definition.name == part.job }.map { job in
                let limit = part.isLastPass ? "all of it \(DurationText.format(budget))" : "runs \(DurationText.readable(plan.shares.runs))"
                let when = part.end > part.length ? ", and is done \(DurationText.readable(part.end)) after SIGTERM" : ""
                return Problem(
                    .warning, at: job.places.place(below: "on", "stop"),
                    "\"\(part.job)\" takes \(DurationText.readable(part.length)) at a stop, as measured\(when): the stop budget gives \(limit), and it is cut off",
                    hint: hint)
            }
        }
        guard plan.isTooLong, let place = configuration.stopBudgetPlace ?? configuration.jobs.first?.places.name else { return cutOff }
        return [
            Problem(
                .warning, at: place,
                "a stop takes \(DurationText.readable(plan.end)), as measured, and what still runs \(DurationText.format(budget)) after SIGTERM is killed",
                hint: hint)
        ]
    }
}

extension MeasuredLengths {
    /// What a stop of a configuration comes to.
    package func plan(of configuration: Configuration) -> StopPlan {
        StopPlan(
            configuration.jobs.map(\.definition), lengths: atStop, stopLengths: services, mostParallel: configuration.mostParallel,
            budget: configuration.stopBudget)
    }
}
