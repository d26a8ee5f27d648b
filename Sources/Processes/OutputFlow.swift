/// How much of a stream's output is taken from its pipe: as much as the log keeps up with, so that a process waits for a log that is slower, and
/// everything once the log is stalled, so that no process waits for one that is not written any more. A value.
package struct OutputFlow: Sendable {
    package enum Verdict: Hashable, Sendable {
        /// More may be taken, and is under way until it is kept.
        case take
        /// More is taken, and nobody waits for it to be kept: the log is stalled.
        case force
        /// Nothing is taken before some of what is under way is kept, or this instant.
        case hold(until: ContinuousClock.Instant)
    }

    /// What may be under way, in bytes with a cost for each line. Far less than what makes a log drop lines, for both streams of a process together.
    package static let most = 256 << 10
    /// A log that has kept nothing for so long is stalled.
    package static let patience = Duration.seconds(2)
    /// What a line costs beyond its bytes.
    package static let costOfLine = 64

    /// Of what was handed over and is not kept.
    package private(set) var cost = 0
    private var isStalled = false
    private var lastKept: ContinuousClock.Instant

    package init(at now: ContinuousClock.Instant) { lastKept = now }

    package static func cost(of bytes: [UInt8]) -> Int { bytes.count + costOfLine * bytes.count { $0 == UInt8(ascii: "\n") } }

    package mutating func verdict(at now: ContinuousClock.Instant) -> Verdict {
        if cost < OutputFlow.most { return .take }
        if isStalled || now - lastKept >= OutputFlow.patience {
            isStalled = true
            return .force
        }
        return .hold(until: lastKept + OutputFlow.patience)
    }

    package mutating func handOver(cost piece: Int, at now: ContinuousClock.Instant) {
        // The log owes nothing before: from now on it is expected to keep something.
        if cost == 0 { lastKept = now }
        cost += piece
    }

    package mutating func keep(cost piece: Int, at now: ContinuousClock.Instant) {
        cost -= piece
        lastKept = now
        isStalled = false
    }
}
