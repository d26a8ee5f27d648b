import Foundation
import JobKit

/// Services that are ended together: each once nothing that needs it is left.
extension Engine {
    struct OrderedEnd: Sendable {
        let run: Int64
        let job: String
        let reason: EndReason
        /// All jobs that it needs, by itself or through what it needs.
        let needs: Set<String>
    }

    /// Ends runs: those of services in order, all others at once.
    /// - Parameter definitions: Those by which the runs were started.
    mutating func endInOrder(_ ended: [Run], because reason: EndReason, definitions: [String: JobDefinition], at now: Date) {
        for run in ended.sorted(by: { $0.id < $1.id }) {
            guard definitions[run.job]?.isService == true, case .running = run.state else {
                end(run, because: reason, at: now)
                continue
            }
            guard !orderedEnds.contains(where: { $0.run == run.id }) else { continue }
            orderedEnds.append(OrderedEnd(run: run.id, job: run.job, reason: reason, needs: Engine.needs(of: run.job, definitions)))
        }
        proceedOrderedEnds(at: now)
    }

    mutating func proceedOrderedEnds(at now: Date) {
        guard !orderedEnds.isEmpty else { return }
        orderedEnds.removeAll { runs[$0.run]?.state.activeAttempt == nil }
        // While all stops, all services are ended in their order.
        guard phase == .running else { return orderedEnds = [] }
        let waiting = orderedEnds.filter { if case .running = runs[$0.run]?.state { true } else { false } }
        let free = waiting.filter { end in !orderedEnds.contains { $0.run != end.run && $0.needs.contains(end.job) } }
        // Two reloads, one soon after the other, may have left a circle: all of it is ended at once.
        let isStuck = free.isEmpty && waiting.count == orderedEnds.count
        for next in isStuck ? waiting : free {
            if let run = runs[next.run] { end(run, because: next.reason, at: now) }
        }
    }

    private static func needs(of job: String, _ definitions: [String: JobDefinition]) -> Set<String> {
        var (open, seen) = (definitions[job]?.needs ?? [], Set<String>())
        while let next = open.popLast() {
            if seen.insert(next).inserted { open += definitions[next]?.needs ?? [] }
        }
        return seen
    }
}
