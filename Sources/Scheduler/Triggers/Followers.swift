/// Which jobs follow which, by their triggers.
package struct Followers: Sendable {
    /// In the place of a name: every job but those that follow it, and messages.
    package static let anyJob = "*"

    package struct Follower: Hashable, Sendable {
        package var name: String
        package var outcomes: Set<Trigger.AfterOutcome>
    }

    private var byJob: [String: [String: Set<Trigger.AfterOutcome>]] = [:]
    private var ofAny: [String: Set<Trigger.AfterOutcome>] = [:]
    /// Jobs that nobody follows by `anyJob`: a message about a message that is not delivered would follow itself without end.
    private var unfollowed: Set<String> = []

    package init() {}

    package init(_ jobs: [JobDefinition]) {
        for job in jobs {
            if job.isMessage { unfollowed.insert(job.name) }
            for (other, outcome) in job.triggers.compactMap(\.predecessor) {
                if other == Followers.anyJob {
                    ofAny[job.name, default: []].insert(outcome)
                    unfollowed.insert(job.name)
                } else {
                    byJob[other, default: [:]][job.name, default: []].insert(outcome)
                }
            }
        }
    }

    /// Whether anybody follows anything.
    package var isEmpty: Bool { byJob.isEmpty && ofAny.isEmpty }

    /// Those of a job, by name.
    package func of(_ job: String) -> [Follower] {
        var found = byJob[job] ?? [:]
        if !ofAny.isEmpty, !unfollowed.contains(job) { found.merge(ofAny) { $0.union($1) } }
        return found.map { Follower(name: $0.key, outcomes: $0.value) }.sorted { $0.name < $1.name }
    }
}
