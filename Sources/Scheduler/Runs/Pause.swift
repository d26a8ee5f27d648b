package import Foundation

/// A time in which the schedules and the watched folders of a job, or of all jobs, start nothing.
///
/// A paused job still runs at boot, when the program stops, and when it is started manually. What its schedules miss is made up for by its rule
/// for missed times, as after a time in which the program was down.
package struct Pause: Hashable, Sendable {
    /// Nil for all jobs.
    package var job: String?
    package var since: Date
    /// When it ends by itself; nil where it lasts until someone resumes the job.
    package var until: Date?
    /// Who asked for it: `command line`.
    package var via: String

    package init(job: String?, since: Date, until: Date?, via: String) {
        self.job = job
        self.since = since
        self.until = until
        self.via = via
    }
}
