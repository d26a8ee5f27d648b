package import JobKit

/// What happens to a run that is due while the job's previous one is still under way: it is skipped, waits for it, or replaces it. With `queue` one
/// run waits and serves further ones, with `all` each of them waits for its turn. The raw values are those of the configuration.
package enum Overlap: String, CaseIterable, Hashable, Sendable {
    case skip, queue, all, replace
}

/// A declared job, as far as the scheduler knows it: when it runs, not what it does.
package struct JobDefinition: Hashable, Sendable {
    /// Unique in the configuration.
    package var name: String
    /// The key under which its type is in the catalog, for messages.
    package var typeName: String
    /// Whether it is kept running instead of ending by itself.
    package var isService: Bool
    /// Whether runs that the end of the program cuts off, or keeps waiting, are continued by the next one.
    var survivesRestarts: Bool { !isService && retry.on.contains(.interrupted) && retry.attempts > 1 }
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
    /// When it must have started, and how long it may take; nil where nobody asks.
    package var deadline: DeadlineRule?
    /// Whether it reports what happens to other jobs. It is none of those that a job named `*` follows.
    package var isMessage: Bool
    /// Of a service: how long it must have been ready to count as recovered.
    package var stableAfter: Duration?
    /// Of the runs that wait for a place, those with more get it first; of equal ones the one that was due first. 0 unless the file says otherwise.
    package var priority: Int
    /// How it makes room for the app; nil where it does not.
    package var background: Background?
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
    /// Of a service: what comes first where a running process is replaced by a new one.
    package var restartOrder: RestartOrder

    package init(
        name: String, typeName: String = "command", isService: Bool = false, triggers: [Trigger] = [],
        needs: [String] = [], timeout: Duration? = nil, retry: RetryPolicy = .never, overlap: Overlap = .skip,
        fireRule: FireRule = FireRule(), deadline: DeadlineRule? = nil, isMessage: Bool = false, stableAfter: Duration? = nil,
        group: String? = nil, exclusive: Set<String> = [], priority: Int = 0, background: Background? = nil, canDryRun: Bool = false,
        takesWhatServicesLeave: Bool = false, disabled: DisabledReason? = nil,
        fingerprint: String = "", restartOrder: RestartOrder = .stopFirst
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
        self.deadline = deadline
        self.isMessage = isMessage
        self.stableAfter = stableAfter
        self.priority = priority
        self.background = background
        self.group = group
        self.exclusive = exclusive
        self.canDryRun = canDryRun
        self.takesWhatServicesLeave = takesWhatServicesLeave
        self.disabled = disabled
        self.fingerprint = fingerprint
        self.restartOrder = restartOrder
    }
}
