/// What one probe of a service found.
package enum ProbeResult: Hashable, Sendable {
    case healthy
    /// What was wrong with the answer.
    case unhealthy(String)
    /// The probe itself could not run, and why: that says nothing about the service.
    case unknown(String)
}

/// What keeping a service takes besides starting its process.
package protocol ServiceTools: Sendable {
    /// Probes a running service once.
    func probe(_ probe: ServiceDefinition.Probe, timeout: Duration, context: RunContext) async -> ProbeResult
    /// Removes files that an earlier container left behind. Gives the paths that were removed.
    func clean(_ cleaning: ServiceDefinition.Cleaning) async -> [String]
}
