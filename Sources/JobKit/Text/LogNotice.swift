/// Something that shipkeeper reports in the log of the container: about a run, or about itself.
package struct LogNotice: Hashable, Sendable {
    package enum Level: String, Hashable, Sendable {
        case info, warning, error
    }

    /// What it is about, for programs that read the log.
    package enum Event: String, Hashable, Sendable {
        case runFinished = "run_finished"
        case runRetrying = "run_retrying"
        case runDeferred = "run_deferred"
        /// A run does not end though it was asked to.
        case runStuck = "run_stuck"
        /// Schedules were paused or resumed.
        case pause, resume
        case reload
        /// Another program takes over.
        case upgrade
        /// The program is stopping.
        case stop
        /// The clock was set, or had been wrong.
        case clock
        /// The state file can't be written, or can be written again.
        case stateFile = "state_file"
        /// A job is late, silent or slow, a service is restarted often, or one of them has recovered.
        case problem
        /// A fault of the program itself.
        case defect
    }

    package var level: Level
    /// Nil for what programs need not tell apart.
    package var event: Event?
    /// Nil where it is not about a job.
    package var job: String?
    package var run: Int64?
    /// The outcome of a finished run: `succeeded`.
    package var outcome: String?
    /// Without the job's name.
    package var message: String

    package init(_ message: String, _ level: Level = .info, event: Event? = nil, job: String? = nil, run: Int64? = nil, outcome: String? = nil) {
        self.level = level
        self.event = event
        self.job = job
        self.run = run
        self.outcome = outcome
        self.message = message
    }
}
