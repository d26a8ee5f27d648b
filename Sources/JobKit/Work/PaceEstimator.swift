import Settings

/// How fast bytes move.
package struct Pace: Hashable, Sendable {
    /// At least 0; nil until enough has been seen.
    package var bytesPerSecond: Int64?
    /// Until the step is done, should it stay as fast; nil where that is not known, or nothing moves.
    package var timeLeft: Duration?

    package init(bytesPerSecond: Int64? = nil, timeLeft: Duration? = nil) {
        self.bytesPerSecond = bytesPerSecond
        self.timeLeft = timeLeft
    }
}

/// Estimates from reports how fast bytes move: over the last 10 seconds of one step.
///
/// Another step, and fewer bytes than before, as after a second try, begin a new measurement. Takes a bounded amount of memory.
package struct PaceEstimator: Sendable {
    private static let window = Duration.seconds(10)
    private static let leastForPace = Duration.seconds(1)
    private static let leastForTimeLeft = Duration.seconds(2)
    /// What comes faster takes the place of the last report.
    private static let spacing = Duration.milliseconds(200)
    /// More than this is not worth saying.
    private static let longestTimeLeft = Duration.seconds(100 * 86_400)

    private struct Sample {
        var at: Duration
        var done: Int64
    }

    private var step: String?
    private var start = Duration.zero
    /// In order; all but the first are in the window before the last one.
    private var samples: [Sample] = []

    package init() {}

    /// Takes in a report.
    /// - Parameter instant: On a clock that does not jump.
    package mutating func add(_ progress: RunProgress, at instant: Duration) {
        guard let done = progress.bytes?.done else {
            (step, samples) = (progress.step, [])
            return
        }
        guard progress.step == step, let last = samples.last, done >= last.done, instant >= last.at else {
            (step, start, samples) = (progress.step, instant, [Sample(at: instant, done: done)])
            return
        }
        let sample = Sample(at: instant, done: done)
        if samples.count > 1, last.at - samples[samples.count - 2].at < PaceEstimator.spacing {
            samples[samples.count - 1] = sample
        } else {
            samples.append(sample)
        }
        while samples.count > 2, samples[1].at <= instant - PaceEstimator.window { samples.removeFirst() }
    }

    /// The pace at an instant, which may be long after the last report.
    /// - Parameter total: The bytes of the whole step; nil where they are not known.
    package func pace(of total: Int64?, at instant: Duration) -> Pace {
        guard let last = samples.last else { return Pace() }
        let now = max(instant, last.at)
        guard now - start >= PaceEstimator.leastForPace else { return Pace() }
        let from = max(start, now - PaceEstimator.window)
        let perSecond = max(0, Double(last.done) - done(at: from)) / (now - from).seconds
        var pace = Pace(bytesPerSecond: Int64(min(perSecond, 9e18)))
        if let total, total > last.done, perSecond > 0, now - start >= PaceEstimator.leastForTimeLeft {
            let seconds = Double(total - last.done) / perSecond
            if seconds <= PaceEstimator.longestTimeLeft.seconds { pace.timeLeft = .seconds(seconds) }
        } else if total == last.done, now - start >= PaceEstimator.leastForTimeLeft {
            pace.timeLeft = .zero
        }
        return pace
    }

    /// The bytes that were done at an instant, between two reports in proportion.
    private func done(at instant: Duration) -> Double {
        guard let next = samples.firstIndex(where: { $0.at > instant }) else { return Double(samples.last?.done ?? 0) }
        guard next > 0 else { return Double(samples[0].done) }
        let (before, after) = (samples[next - 1], samples[next])
        let share = (instant - before.at).seconds / (after.at - before.at).seconds
        return Double(before.done) + Double(after.done - before.done) * share
    }
}
