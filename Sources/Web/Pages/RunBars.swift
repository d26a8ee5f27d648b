import Control
import Foundation
import JobKit
import Scheduler

/// The last runs of a job as bars: what came of each by colour and shape, how long it took by height. A value that becomes SVG.
struct RunBars {
    static let most = 30
    private static let (step, width, height) = (8, 6, 28)

    private let runs: [RunAnswer]
    private let language: Language
    private let now: Date

    /// - Parameter runs: Newest first.
    init(_ runs: [RunAnswer], _ language: Language, now: Date) {
        self.runs = runs.prefix(RunBars.most).reversed()
        self.language = language
        self.now = now
    }

    /// Nil where there is none. Made of numbers and fixed words alone.
    var svg: String? {
        guard !runs.isEmpty else { return nil }
        let lengths = runs.map { length($0) }
        let longest = max(lengths.max() ?? 0, 0.001)
        let bars = zip(runs.indices, zip(runs, lengths)).map { index, item in
            // The root lets short ones be seen next to long ones.
            bar(item.0, x: index * RunBars.step, height: 5 + Int((item.1 / longest).squareRoot() * Double(RunBars.height - 11)))
        }
        let size = "width=\"\(RunBars.step * runs.count)\" height=\"\(RunBars.height)\" viewBox=\"0 0 \(RunBars.step * runs.count) \(RunBars.height)\""
        return "<svg class=\"bars\" role=\"img\" aria-label=\"\(label)\" \(size)>\(bars.joined())</svg>"
    }

    private func length(_ run: RunAnswer) -> Double {
        run.startedAt.map { max(0, (run.finishedAt ?? now).timeIntervalSince($0)) } ?? 0
    }

    private func bar(_ run: RunAnswer, x: Int, height: Int) -> String {
        let (tone, top, bottom) = (StateWords.tone(run), RunBars.height - height, RunBars.height)
        switch run.outcome {
        case .succeeded: return "<rect class=\"\(tone)\" x=\"\(x)\" y=\"\(top)\" width=\"\(RunBars.width)\" height=\"\(height)\" rx=\"1\"/>"
        // Split in two.
        case .incomplete:
            let upper = (height - 2) / 2
            return "<path class=\"\(tone)\" d=\"M\(x) \(top)h6v\(upper)h-6zM\(x) \(bottom)v-\(height - 2 - upper)h6v\(height - 2 - upper)z\"/>"
        // With a cross on top.
        case .failed, .timedOut, .interrupted:
            return "<path class=\"\(tone)\" d=\"M\(x) \(bottom)v-\(height)h6v\(height)z\"/>"
                + "<path class=\"\(tone) line\" d=\"M\(x + 1) \(top - 6)l4 4m0-4l-4 4\"/>"
        // A dot: it says nothing of the job.
        case .cancelled, .skipped: return "<circle class=\"\(tone)\" cx=\"\(x + 3)\" cy=\"\(bottom - 3)\" r=\"2\"/>"
        // An outline.
        case nil:
            return "<rect class=\"\(tone) line\" x=\"\(x).75\" y=\"\(top).75\" width=\"4.5\" height=\"\(max(1, height - 2)).5\"/>"
        }
    }

    /// For those who can't see it.
    private var label: String {
        let counts = RunOutcome.allCases.compactMap { outcome in
            let count = runs.count { $0.outcome == outcome }
            return count == 0 ? nil : "\(count) \(StateWords.text(outcome, language))"
        }
        let under = runs.count { $0.outcome == nil }
        let all = counts + (under == 0 ? [] : ["\(under) \(StateWords.text(StateName.running, language))"])
        return language == .english ? "last runs: \(all.joined(separator: ", "))" : "最近运行：\(all.joined(separator: "，"))"
    }
}
