package import Foundation

/// One probe of a service, and what it found.
package struct CheckReport: Hashable, Sendable {
    /// `ready` decides whether others may start, `live` whether the service is restarted.
    package enum Kind: String, Hashable, Sendable, Codable, CaseIterable { case ready, live }

    package var kind: Kind
    /// The target, such as `http://127.0.0.1:18789/healthz`.
    package var target: String
    /// When the probe ended.
    package var at: Date
    package var result: ProbeResult

    package init(_ kind: Kind, target: String, at: Date, result: ProbeResult) {
        self.kind = kind
        self.target = target
        self.at = at
        self.result = result
    }
}

/// What one probe of a service found.
package enum ProbeResult: Hashable, Sendable {
    /// The service answered as it should.
    case healthy
    /// What was wrong with the answer.
    case unhealthy(String)
    /// The probe itself could not run, and why: that says nothing about the service.
    case unknown(String)
}

/// What supervising a service needs apart from starting its process.
package protocol ServiceTools: Sendable {
    /// Probes a running service once.
    func probe(_ probe: ServiceDefinition.Probe, timeout: Duration, context: RunContext) async -> ProbeResult
    /// Differs between any two states of a file; nil where there is no file, or the answer does not come in time.
    func state(ofFile path: String, timeout: Duration, clock: any WallClock) async -> String?
    /// Removes files that an earlier container left behind. Returns the paths that were removed.
    func clean(_ cleaning: ServiceDefinition.Cleaning) async -> [String]
}
