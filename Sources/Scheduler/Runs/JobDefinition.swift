import JobKit

/// What happens to a run that falls due while the job's last one continues.
package enum Overlap: String, CaseIterable, Hashable, Sendable {
    case skip, queue, replace
}

/// A declared job, as far as the engine cares.
package struct JobDefinition: Hashable, Sendable {
    package var name: String
    package var typeName: String
    package var isService: Bool
    package var triggers: [Trigger]
    package var needs: [String]
    package var timeout: Duration?
    package var retry: RetryPolicy
    package var overlap: Overlap
    package var fireRule: FireRule
    package var group: String?
    /// What it must have to itself, as `repository/main` or `tree//data/app`; jobs whose keys meet never run at once. See `ExclusiveKey`.
    package var exclusive: Set<String>
    /// Whether it can show what a run would do.
    package var canDryRun: Bool
    /// Whether a run at the stop is made once more when services are gone: it takes what they wrote while they stopped.
    package var takesWhatServicesLeave: Bool
    /// Why the job doesn't run: switched off, or a secret is missing.
    package var disabled: DisabledReason?
    /// Changes when the job's work does, so that a reload knows which services to start again.
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
