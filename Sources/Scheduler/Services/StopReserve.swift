import JobKit

/// What a service leaves of the stop budget to the services that it needs, which are stopped after it.
///
/// Without it a service that takes no notice of its signal would use up the budget, and a database that it needs be killed at once.
package struct StopReserve: Sendable {
    /// The time that the services below may take, one after the other.
    package let length: Duration

    /// - Parameter jobs: All jobs, by name.
    package init(of job: String, _ jobs: [String: ScheduledJob]) {
        var known: [String: Duration] = [:]
        func below(_ name: String, _ path: Set<String>) -> Duration {
            if let length = known[name] { return length }
            let needs = jobs[name]?.definition.needs ?? []
            let length = needs.filter { !path.contains($0) }.map { StopReserve.grace(of: jobs[$0]) + below($0, path.union([$0])) }.max() ?? .zero
            known[name] = length
            return length
        }
        length = below(job, [job])
    }

    /// What the service itself may take of what is left: half of it at the least.
    package func share(of left: Duration) -> Duration { left - min(length, max(.zero, left) / 2) }

    private static func grace(of job: ScheduledJob?) -> Duration {
        guard case .service(let service)? = job?.work, job?.definition.disabled == nil else { return .zero }
        return service.stop.steps.map(\.wait).reduce(.zero, +)
    }
}
