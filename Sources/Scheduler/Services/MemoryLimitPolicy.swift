package import JobKit
import Settings

/// Decides when a service that uses too much memory is restarted. A value: measurements in, verdicts out.
package struct MemoryLimitPolicy {
    package enum Verdict: Hashable, Sendable {
        case fine
        /// It is over its limit from now on, and has not come to rest yet.
        case waiting(String)
        case restart(String)
    }

    /// The share of one processor below which a service does next to nothing.
    private static let quietShare = 0.05

    private let limit: ServiceDefinition.MemoryLimit
    private var last: (processorTime: Duration, at: Duration)?
    private var quietSince: Duration?
    private var overSince: Duration?

    package init(_ limit: ServiceDefinition.MemoryLimit) { self.limit = limit }

    /// - Parameter now: Of a clock that doesn't jump.
    package mutating func verdict(on usage: ProcessUsage, at now: Duration) -> Verdict {
        noteRest(usage, at: now)
        let most = limit.size.bytes(of: usage.containerBytes)
        guard usage.residentBytes > most else {
            overSince = nil
            return .fine
        }
        let words = "it uses \(ByteSizeText.readable(usage.residentBytes)) of memory, over its limit of \(ByteSizeText.readable(most))"
        guard let quiet = limit.quiet else { return .restart(words) }
        if let quietSince, now - quietSince >= quiet { return .restart("\(words), and has been quiet for \(DurationText.readable(now - quietSince))") }
        guard let overSince else {
            self.overSince = now
            return .waiting(
                "\(words); it is restarted once it has been quiet for \(DurationText.format(quiet)), after \(DurationText.format(limit.within)) at the latest")
        }
        guard now - overSince >= limit.within else { return .fine }
        return .restart("\(words), for \(DurationText.readable(now - overSince)) without a quiet moment")
    }

    private mutating func noteRest(_ usage: ProcessUsage, at now: Duration) {
        defer { last = (usage.processorTime, now) }
        guard let last, now > last.at else { return }
        let share = (usage.processorTime - last.processorTime).seconds / (now - last.at).seconds
        // Less than before means that a process has ended, whose work is not known.
        quietSince = (0..<MemoryLimitPolicy.quietShare).contains(share) ? quietSince ?? last.at : nil
    }
}
