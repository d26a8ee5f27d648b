package import Foundation

/// What has happened to the job that a run follows.
package struct FollowedJob: Hashable, Sendable {
    /// The most lines of a log that are passed on.
    package static let mostLines = 20

    package var job: String
    /// The run that it is about; nil where there is none.
    package var run: Int64?
    /// `failed`, `late`, `recovered`: the outcome of the run, or the kind of problem.
    package var outcome: String
    /// The summary or the error of the run, or what is wrong; may be empty.
    package var message: String
    package var at: Date
    /// The last lines of the run's log as they are now, up to `mostLines`.
    package var log: [String]

    package init(job: String, run: Int64?, outcome: String, message: String, at: Date, log: [String] = []) {
        self.job = job
        self.run = run
        self.outcome = outcome
        self.message = message
        self.at = at
        self.log = log
    }

    /// For the run's processes.
    package var variables: [String: String] {
        var variables = ["SHIPKEEPER_AFTER": job, "SHIPKEEPER_AFTER_OUTCOME": outcome, "SHIPKEEPER_AFTER_WORDS": message]
        variables["SHIPKEEPER_AFTER_RUN"] = run.map { "\($0)" }
        return variables
    }
}
