import JobKit

/// Decides which reports of progress listeners hear of: at most one in a while, another step at once, and the newest always in the end.
struct ProgressGate {
    /// The least time between two reports of one step that are passed on.
    static let pace = Duration.milliseconds(200)
    private static let longestWord = 100

    /// What is to be done about a report.
    enum Verdict: Hashable {
        case publish
        /// The newest is to be published after this time.
        case publishLater(Duration)
        /// It is held for a publication that is arranged for already, or comes too late.
        case hold
    }

    /// Words of a job, which may be a plug-in's own, and how they are shown.
    private struct Word {
        var raw = ""
        var shown = ""

        mutating func show(_ raw: String, _ redacted: (String) -> String) -> String {
            if raw != self.raw { (self.raw, shown) = (raw, redacted(String(raw.prefix(longestWord)))) }
            return shown
        }
    }

    private var newest: RunProgress?
    private var estimator = PaceEstimator()
    private var step = Word()
    private var unit = Word()
    private var publishedAt: Duration?
    private var isPending = false
    private var isClosed = false

    /// The newest report, as it may be shown, with the pace at an instant.
    func newest(at instant: Duration) -> MeasuredProgress? {
        newest.map { MeasuredProgress($0, estimator.pace(of: $0.bytes?.total, at: instant)) }
    }

    /// Takes in a report.
    mutating func take(_ progress: RunProgress, at instant: Duration, redacted: (String) -> String) -> Verdict {
        if isClosed { return .hold }
        var clean = progress
        clean.step = step.show(progress.step, redacted)
        if let raw = progress.count?.unit { clean.count?.unit = unit.show(raw, redacted) }
        let isNewStep = clean.step != newest?.step
        newest = clean
        estimator.add(clean, at: instant)
        let rest = publishedAt.map { $0 + ProgressGate.pace - instant } ?? .zero
        if isNewStep || rest <= .zero {
            (publishedAt, isPending) = (instant, false)
            return .publish
        }
        if isPending { return .hold }
        isPending = true
        return .publishLater(rest)
    }

    /// Whether the newest is to be published now.
    /// - Parameter isLast: Whether nothing follows, so that it can't wait any longer.
    mutating func isDue(at instant: Duration, isLast: Bool) -> Bool {
        // Another step may have been published since the time was named; then a later one was named too.
        guard isPending, isLast || (publishedAt.map { $0 + ProgressGate.pace <= instant } ?? true) else { return false }
        (publishedAt, isPending) = (instant, false)
        return true
    }

    /// Nothing is taken in from now on.
    mutating func close() { isClosed = true }
}
