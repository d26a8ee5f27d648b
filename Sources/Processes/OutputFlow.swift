/// How much of the streams' output is taken from their pipes: as much as the log keeps up with, so that a process waits for a log that is slower, and
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

    /// What may be under way of one stream, in bytes with a cost for each line.
    package static let most = 256 << 10
    /// The same of all streams; beyond it each may have one piece under way. Far less than what makes a log drop lines.
    package static let mostTogether = 4 << 20
    /// A log that has kept nothing of any stream for so long is stalled.
    package static let patience = Duration.seconds(2)
    /// What a line costs beyond its bytes.
    package static let costOfLine = 64

    /// Of what was handed over and is not kept.
    package private(set) var cost = 0
    private var costs: [UInt64: Int] = [:]
    private var isStalled = false
    private var lastKept: ContinuousClock.Instant

    package init(at now: ContinuousClock.Instant) { lastKept = now }

    package static func cost(of bytes: [UInt8]) -> Int { bytes.count + costOfLine * bytes.count { $0 == UInt8(ascii: "\n") } }

    package mutating func verdict(of stream: UInt64, at now: ContinuousClock.Instant) -> Verdict {
        guard let own = costs[stream], own >= OutputFlow.most || cost >= OutputFlow.mostTogether else { return .take }
        if isStalled || now - lastKept >= OutputFlow.patience {
            isStalled = true
            return .force
        }
        return .hold(until: lastKept + OutputFlow.patience)
    }

    package mutating func handOver(cost piece: Int, of stream: UInt64, at now: ContinuousClock.Instant) {
        // The log owes nothing before: from now on it is expected to keep something.
        if cost == 0 { lastKept = now }
        cost += piece
        costs[stream, default: 0] += piece
    }

    /// - Parameter isProgress: Whether it means that the log is written: not so where the receiver has kept it at once, and has no log to write.
    package mutating func keep(cost piece: Int, of stream: UInt64, isProgress: Bool, at now: ContinuousClock.Instant) {
        cost -= piece
        let rest = (costs[stream] ?? 0) - piece
        costs[stream] = rest > 0 ? rest : nil
        guard isProgress else { return }
        lastKept = now
        isStalled = false
    }
}
