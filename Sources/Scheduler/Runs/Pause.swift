package import Foundation

/// A time in which the schedules and the watched folders of a job, or of all jobs, start nothing.
///
/// A paused job still runs at boot, when the program stops, and when it is started manually. Scheduled times that it misses are treated by its
/// catch-up rule, as after a time in which the program was down.
package struct Pause: Hashable, Sendable {
    /// Nil for all jobs.
    package var job: String?
    /// When it began.
    package var since: Date
    /// When it ends by itself; nil where it lasts until someone resumes the job.
    package var until: Date?
    /// Where it was requested: `command line`, `web`.
    package var via: String

    package init(job: String?, since: Date, until: Date?, via: String) {
        self.job = job
        self.since = since
        self.until = until
        self.via = via
    }
}
