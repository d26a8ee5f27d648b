/// What keeping a service takes besides starting its process.
package protocol ServiceTools: Sendable {
    /// Looks at a running service once. Nil for a healthy one, else what was wrong with the answer.
    func look(_ probe: ServiceDefinition.Probe, timeout: Duration, context: RunContext) async -> String?
    /// Removes files that an earlier container left behind. Gives the paths that were removed.
    func clean(_ cleaning: ServiceDefinition.Cleaning) async -> [String]
}
