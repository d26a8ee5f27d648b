package import JobKit

/// What restoring a certain backup takes: the jobs that work on the data, and how they are asked to do it.
package struct RestorePlan: Sendable {
    /// The name of the job that restores the data.
    package var restoreJob: String
    /// Jobs that store the same data, for a backup of the current data first.
    package var backupJobs: [String]
    /// Why the current data can't be stored as a conflict copy of another container's backup; nil where they can.
    package var whyNotAside: String?
    /// The backup's id.
    package var version: String
    /// How messages name it.
    package var displayText: String
    /// Requests a version from the restore job; nil for the newest again.
    package var request: @Sendable (String?) async throws(JobError) -> Void
    /// Lets the backup jobs know whether another container's backup is to stay the newest.
    package var yield: @Sendable (Bool) async throws(JobError) -> Void

    package init(
        restoreJob: String, backupJobs: [String], whyNotAside: String? = nil, version: String, displayText: String,
        request: @escaping @Sendable (String?) async throws(JobError) -> Void,
        yield: @escaping @Sendable (Bool) async throws(JobError) -> Void
    ) {
        self.restoreJob = restoreJob
        self.backupJobs = backupJobs
        self.whyNotAside = whyNotAside
        self.version = version
        self.displayText = displayText
        self.request = request
        self.yield = yield
    }
}

extension InPlaceRestore {
    /// Finds the backup that a selector names, and the jobs on its data. A repository is named where there are several.
    package typealias Planner = @Sendable (_ selector: String, _ repository: String?) async -> Result<RestorePlan, JobError>
}
