import JobKit
import Settings
import TestSupport
import Testing

/// How fast bytes move, from reports that may come in bursts, stall, go back, or be nonsense.
@Suite("pace of bytes")
struct PaceEstimatorTests {
    private func report(_ done: Int64, of total: Int64? = nil, step: String = "packing") -> RunProgress {
        RunProgress(step: step, bytes: RunProgress.Bytes(done: done, total: total))
    }

    private func ms(_ milliseconds: Int64) -> Duration { .milliseconds(milliseconds) }

    @Test("nothing is said before there is a second of data, and no time left before there are two")
    func patience() {
        var estimator = PaceEstimator()
        #expect(estimator.pace(of: 100, at: ms(99_000)) == Pace())
        estimator.add(report(0), at: ms(5000))
        estimator.add(report(500), at: ms(5500))
        #expect(estimator.pace(of: 10_000, at: ms(5999)) == Pace())
        #expect(estimator.pace(of: 10_000, at: ms(6000)) == Pace(bytesPerSecond: 500))
        estimator.add(report(2000), at: ms(7000))
        #expect(estimator.pace(of: 10_000, at: ms(7000)) == Pace(bytesPerSecond: 1000, timeLeft: .seconds(8)))
        #expect(estimator.pace(of: nil, at: ms(7000)) == Pace(bytesPerSecond: 1000))
        #expect(estimator.pace(of: 2000, at: ms(7000)) == Pace(bytesPerSecond: 1000, timeLeft: .zero))
    }

    @Test("only the last ten seconds count")
    func window() {
        var estimator = PaceEstimator()
        for second in Int64(0)...60 { estimator.add(report(second * 1_000_000), at: .seconds(second)) }
        for second in Int64(61)...75 { estimator.add(report(60_000_000 + (second - 60) * 1000), at: .seconds(second)) }
        #expect(estimator.pace(of: nil, at: .seconds(75)).bytesPerSecond == 1000)
    }

    @Test("while nothing moves the pace falls to nothing, and nobody is told when it ends")
    func stall() {
        var estimator = PaceEstimator()
        for second in Int64(0)...10 { estimator.add(report(second * 1000), at: .seconds(second)) }
        let (early, late) = (estimator.pace(of: 100_000, at: .seconds(15)), estimator.pace(of: 100_000, at: .seconds(21)))
        #expect(early.bytesPerSecond == 500 && early.timeLeft == .seconds(180))
        #expect(late == Pace(bytesPerSecond: 0))
        // Reports that bring nothing new are no data either.
        for second in Int64(21)...40 { estimator.add(report(10_000), at: .seconds(second)) }
        #expect(estimator.pace(of: 100_000, at: .seconds(40)) == Pace(bytesPerSecond: 0))
    }

    @Test("another step, fewer bytes, no bytes and a clock that goes back begin anew", arguments: ["step", "retry", "no bytes", "clock"])
    func reset(how: String) {
        var estimator = PaceEstimator()
        for second in Int64(0)...10 { estimator.add(report(second * 1000, of: 20_000), at: .seconds(second)) }
        switch how {
        case "step": estimator.add(report(11_000, step: "uploading"), at: .seconds(11))
        case "retry": estimator.add(report(10), at: .seconds(11))
        case "no bytes": estimator.add(RunProgress(step: "packing", done: 3, unit: "files"), at: .seconds(11))
        default: estimator.add(report(11_000), at: .seconds(3))
        }
        let now: Int64 = how == "clock" ? 3 : 11
        #expect(estimator.pace(of: 20_000, at: .seconds(now)) == Pace())
        guard how != "no bytes" else { return #expect(estimator.pace(of: 20_000, at: .seconds(100)) == Pace()) }
        let (step, base): (String, Int64) = how == "step" ? ("uploading", 11_000) : how == "retry" ? ("packing", 10) : ("packing", 11_000)
        estimator.add(report(base + 300, step: step), at: .seconds(now + 3))
        #expect(estimator.pace(of: base + 600, at: .seconds(now + 3)) == Pace(bytesPerSecond: 100, timeLeft: .seconds(3)))
    }

    @Test("what grows beyond its total has nothing left")
    func beyond() {
        var estimator = PaceEstimator()
        let grown = report(5000, of: 1000)
        #expect(grown.bytes?.total == 5000 && report(-5, of: -7).bytes == RunProgress.Bytes(done: 0, total: 0))
        estimator.add(report(0), at: .zero)
        estimator.add(grown, at: .seconds(4))
        #expect(estimator.pace(of: 1000, at: .seconds(4)) == Pace(bytesPerSecond: 1250))
    }

    @Test("the largest and the smallest numbers there are make no nonsense")
    func extremes() {
        var estimator = PaceEstimator()
        estimator.add(report(.min, of: .max), at: .zero)
        estimator.add(report(.max, of: .max), at: .nanoseconds(1))
        let fast = estimator.pace(of: .max, at: .seconds(1))
        #expect(fast.bytesPerSecond == 9_000_000_000_000_000_000 && fast.timeLeft == nil)
        var slow = PaceEstimator()
        slow.add(report(0, of: .max), at: .zero)
        slow.add(report(1, of: .max), at: .seconds(9))
        #expect(slow.pace(of: .max, at: .seconds(9)) == Pace(bytesPerSecond: 0))
    }

    @Test("whatever is reported, the answer is within reason", arguments: 0..<200)
    func anything(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var estimator = PaceEstimator()
        var (now, done) = (Duration.zero, Int64(0))
        for _ in 0..<300 {
            now += .microseconds(Int64.random(in: -100...400_000, using: &random))
            switch Int.random(in: 0..<20, using: &random) {
            case 0: done = .random(in: 0 ... .max, using: &random)
            case 1: done = .random(in: .min ... .max, using: &random)
            case 2: now += .seconds(Int64.random(in: 0...1000, using: &random))
            default: done = done.addingReportingOverflow(.random(in: 0...5_000_000, using: &random)).partialValue
            }
            let step = Int.random(in: 0..<50, using: &random) == 0 ? "other" : "packing"
            estimator.add(report(done, of: Bool.random(using: &random) ? .random(in: .min ... .max, using: &random) : nil, step: step), at: now)
            let later = now + .milliseconds(Int64.random(in: -1000...20_000, using: &random))
            let pace = estimator.pace(of: Bool.random(using: &random) ? .random(in: .min ... .max, using: &random) : nil, at: later)
            if let rate = pace.bytesPerSecond { #expect(rate >= 0) }
            if let left = pace.timeLeft { #expect(left >= .zero && left <= .seconds(100 * 86_400) && pace.bytesPerSecond != nil) }
        }
    }
}
