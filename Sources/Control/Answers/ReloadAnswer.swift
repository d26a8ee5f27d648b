/// Whether a reload changes anything.
package enum ReloadMode: Sendable {
    case applied
    /// The file is read and compared, and nothing else.
    case rehearsed
}

package struct ReloadAnswer: ValueAnswer {
    /// One thing that another configuration changes.
    package struct Change: Codable, Sendable {
        /// Nil for a key outside the jobs.
        package var job: String?
        /// `added`, `removed`, `restarted`, `started`, `stopped`, `rescheduled`, `disabled`, `enabled` or `changed`.
        package var effect: String
        /// In words: `app restarted (live.failures 3 → 4)`.
        package var message: String

        package init(job: String?, effect: String, message: String) {
            self.job = job
            self.effect = effect
            self.message = message
        }
    }

    /// Whether the file is valid and now in force; after a dry run always false.
    package var isReloaded: Bool
    package var isDryRun: Bool
    /// What changed, or in a dry run would.
    package var changes: [Change]
    package var problems: [ProblemAnswer]
    /// Keys whose new values wait for a restart.
    package var needsRestart: [String]

    package init(isReloaded: Bool, isDryRun: Bool = false, changes: [Change] = [], problems: [ProblemAnswer], needsRestart: [String] = []) {
        self.isReloaded = isReloaded
        self.isDryRun = isDryRun
        self.changes = changes
        self.problems = problems
        self.needsRestart = needsRestart
    }
}
