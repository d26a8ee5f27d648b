package import JobKit
import Settings

/// How far a run has come, and how fast.
package struct ProgressAnswer: Codable, Hashable, Sendable {
    package var step: String
    /// What is counted, such as files; bytes where nothing else is.
    package var done: Int64
    package var total: Int64?
    package var unit: String
    /// Bytes of this step.
    package var doneBytes: Int64?
    package var totalBytes: Int64?
    /// 0 to 100, with one decimal: of the bytes where their total is known, else of what is counted.
    package var percent: Double?
    /// Over the last 10 seconds.
    package var bytesPerSecond: Int64?
    /// Until the step is done, rounded up.
    package var secondsLeft: Int64?

    package init(_ measured: MeasuredProgress) {
        let (progress, pace) = (measured.progress, measured.pace)
        step = progress.step
        done = progress.count?.done ?? progress.bytes?.done ?? 0
        total = progress.count.map(\.total) ?? progress.bytes?.total
        unit = progress.count?.unit ?? (progress.bytes == nil ? "" : "bytes")
        doneBytes = progress.bytes?.done
        totalBytes = progress.bytes?.total
        percent = ProgressAnswer.percent(doneBytes, of: totalBytes) ?? ProgressAnswer.percent(done, of: total)
        bytesPerSecond = pace.bytesPerSecond
        secondsLeft = pace.timeLeft.map { Int64($0.seconds.rounded(.up)) }
    }

    /// Rounded down: 100 only when all is done.
    private static func percent(_ done: Int64?, of total: Int64?) -> Double? {
        guard let done, let total, total > 0 else { return nil }
        return (Double(min(total, max(0, done))) / Double(total) * 1000).rounded(.down) / 10
    }
}

extension ProgressAnswer {
    /// As people read it: `uploading: 120.5 MB of 250.0 MB, 48 %, 12.1 MB/s, 11s left (1 of 2 files)`.
    ///
    /// - Parameter columns: What it must fit: the count goes first, then the pace, then the time left. Step, amount and percentage stay.
    package func text(columns: Int = .max) -> String {
        let pace = bytesPerSecond.map { "\(ByteSizeText.readable($0))/s" }
        let left = secondsLeft.flatMap { $0 > 0 ? "\(DurationText.readable(.seconds($0))) left" : nil }
        let short = text([])
        let texts = [text([pace, left]) + (countText.map { " (\($0))" } ?? ""), text([pace, left]), text([left]), short]
        return texts.first { DisplayWidth.of($0) <= columns } ?? short
    }

    private func text(_ more: [String?]) -> String {
        let facts = ([amount, percent.map { "\(Int($0)) %" }] + more).compactMap(\.self)
        return facts.isEmpty ? step : "\(step): \(facts.joined(separator: ", "))"
    }

    private var amount: String? {
        guard let doneBytes else { return unit == "percent" ? nil : counted }
        return ByteSizeText.readable(doneBytes) + (totalBytes.map { " of \(ByteSizeText.readable($0))" } ?? "")
    }

    /// What is counted, where bytes come first.
    private var countText: String? { doneBytes == nil || unit == "bytes" ? nil : counted }

    /// Nil while there is nothing to say.
    private var counted: String? {
        let noun = unit == "files" && (total ?? done) == 1 ? "file" : unit
        if let total { return "\(done) of \(total) \(noun)" }
        return done > 0 ? "\(done) \(noun)" : nil
    }
}
