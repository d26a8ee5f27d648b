import JobKit

/// What happens to a run that is due while the job's previous one is still under way: it is skipped, waits for it, or replaces it. The raw values
/// are those of the configuration.
package enum Overlap: String, CaseIterable, Hashable, Sendable {
    case skip, queue, replace
}

/// A declared job, as far as the scheduler knows it: when it runs, not what it does.
package struct JobDefinition: Hashable, Sendable {
    /// Unique in the configuration.
    package var name: String
    /// The key under which its type is in the catalog, for messages.
    package var typeName: String
    /// Whether it is kept running instead of ending by itself.
    package var isService: Bool
    /// What makes it due; empty for a job that is only started manually.
    package var triggers: [Trigger]
    /// Names of jobs that must have done their work, or be ready as services, before it starts.
    package var needs: [String]
    /// The longest one attempt may take; nil for no limit.
    package var timeout: Duration?
    /// Whether and when a failed run is tried again.
    package var retry: RetryPolicy
    package var overlap: Overlap
    /// How missed scheduled times are treated, and runs are spread.
    package var fireRule: FireRule
    /// Jobs of one group never run at once; nil for none.
    package var group: String?
    /// What it needs exclusively, as `repository/main` or `tree//data/app`; jobs whose keys conflict never run at once. See `ExclusiveKey`.
    package var exclusive: Set<String>
    /// Whether it can show what a run would do.
    package var canDryRun: Bool
    /// Whether its run at the stop is repeated once services are gone, to include what they wrote while they stopped.
    package var takesWhatServicesLeave: Bool
    /// Why the job does not run; nil where it does.
    package var disabled: DisabledReason?
    /// Differs when the job's configuration does, so that a reload knows which services to restart. Not for display: secrets may be in it.
    package var fingerprint: String

    package init(
        name: String, typeName: String = "command", isService: Bool = false, triggers: [Trigger] = [],
        needs: [String] = [], timeout: Duration? = nil, retry: RetryPolicy = .never, overlap: Overlap = .skip,
        fireRule: FireRule = FireRule(), group: String? = nil, exclusive: Set<String> = [], canDryRun: Bool = false, takesWhatServicesLeave: Bool = false,
        disabled: DisabledReason? = nil, fingerprint: String = ""
    ) {
        self.name = name
        self.typeName = typeName
        self.isService = isService
        self.triggers = triggers
        self.needs = needs
        self.timeout = timeout
        self.retry = retry
        self.overlap = overlap
        self.fireRule = fireRule
        self.group = group
        self.exclusive = exclusive
        self.canDryRun = canDryRun
        self.takesWhatServicesLeave = takesWhatServicesLeave
        self.disabled = disabled
        self.fingerprint = fingerprint
    }
}
