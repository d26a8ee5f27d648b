import Foundation
import JobKit
import Synchronization
import TestSupport
import Testing

@testable import Scheduler

/// How often listeners hear of a run that reports as often as it likes.
@Suite("reports of progress", .waiting)
struct AttemptProgressTests {
    private struct NoLog: RunLog {
        func line(_ text: String) {}
        func output(_ bytes: [UInt8], from stream: LogStream) {}
        func close() {}
    }

    /// A reporter, and what its listeners have heard.
    private final class World: Sendable {
        let clock = ManualClock()
        let heard = Mutex<[MeasuredProgress]>([])
        let reporter: AttemptReporter
        let (news, bell) = AsyncStream<Void>.makeStream()

        init(secret: String = "nothing") {
            let hear = Hearing()
            reporter = AttemptReporter(log: NoLog(), clock: clock, redacted: { $0.replacing(secret, with: "***") }) { report in
                if case .progress(let progress) = report { hear.take(progress) }
            }
            hear.set { [weak self] progress in
                self?.heard.withLock { $0.append(progress) }
                self?.bell.yield()
            }
        }

        func report(_ bytes: Int64, of total: Int64? = nil, step: String = "packing") {
            reporter.report(RunProgress(step: step, bytes: RunProgress.Bytes(done: bytes, total: total)))
        }

        var bytes: [Int64] { heard.withLock { $0.map { $0.progress.bytes?.done ?? -1 } } }

        /// Returns once so many have come.
        func wait(for count: Int) async {
            for await _ in news where heard.withLock({ $0.count >= count }) { return }
        }
    }

    private final class Hearing: Sendable {
        private let hear = Mutex<(@Sendable (MeasuredProgress) -> Void)?>(nil)

        func set(_ body: @escaping @Sendable (MeasuredProgress) -> Void) { hear.withLock { $0 = body } }
        func take(_ progress: MeasuredProgress) { hear.withLock { $0 }?(progress) }
    }

    @Test("of a flood one report in 200 ms comes through, and then the newest", .limited)
    func flood() async {
        let world = World()
        for number in Int64(1)...1000 { world.report(number) }
        #expect(world.bytes == [1])
        await world.clock.waitForSleepers(1)
        world.clock.advance(by: .milliseconds(200))
        await world.wait(for: 2)
        #expect(world.bytes == [1, 1000])
        // Nothing follows: no timer is left.
        for number in Int64(1001)...1010 { world.report(number) }
        await world.clock.waitForSleepers(1)
        world.clock.advance(by: .milliseconds(200))
        await world.wait(for: 3)
        #expect(world.bytes == [1, 1000, 1010])
        world.clock.advance(by: .seconds(10))
        #expect(world.bytes == [1, 1000, 1010])
    }

    @Test("reports that come slowly all come through, at once")
    func slow() {
        let world = World()
        for number in Int64(1)...20 {
            world.report(number)
            world.clock.advance(by: .milliseconds(200))
        }
        #expect(world.bytes == Array(1...20))
    }

    @Test("another step comes through at once, and what was held back of the last one does not come after it", .limited)
    func steps() async {
        let world = World()
        world.report(1)
        world.report(2)
        await world.clock.waitForSleepers(1)
        world.clock.advance(by: .milliseconds(100))
        world.report(0, step: "uploading")
        #expect(world.bytes == [1, 0])
        world.report(3, step: "uploading")
        await world.clock.waitForSleepers(2)
        // The first timer is not that of the report that waits now.
        world.clock.advance(by: .milliseconds(100))
        #expect(world.bytes == [1, 0])
        world.clock.advance(by: .milliseconds(100))
        await world.wait(for: 3)
        #expect(world.bytes == [1, 0, 3])
    }

    @Test("the newest comes through when the attempt ends, and nothing after it")
    func end() {
        let world = World()
        world.report(1)
        world.report(2)
        world.report(3)
        world.reporter.close()
        #expect(world.bytes == [1, 3])
        world.report(4, step: "late")
        world.clock.advance(by: .seconds(1))
        #expect(world.bytes == [1, 3] && world.reporter.progress?.progress.bytes?.done == 3)
    }

    @Test("anyone who looks sees the newest at once, with the pace, and no secret")
    func looking() {
        let world = World(secret: "hunter2")
        world.report(0, of: 10_000, step: "sending hunter2")
        for second in Int64(1)...4 {
            world.clock.advance(by: .seconds(1))
            world.report(second * 1000, of: 10_000, step: "sending hunter2")
        }
        world.report(4001, of: 10_000, step: "sending hunter2")
        let seen = world.reporter.progress
        #expect(seen?.progress.step == "sending ***" && seen?.progress.bytes == .init(done: 4001, total: 10_000))
        #expect(seen?.pace.bytesPerSecond == 1000 && seen?.pace.timeLeft != nil)
        #expect(world.heard.withLock { $0.map(\.progress.step) }.allSatisfy { $0 == "sending ***" })
        world.reporter.report(RunProgress(step: String(repeating: "x", count: 5000), done: 1, unit: String(repeating: "y", count: 5000)))
        #expect(world.reporter.progress?.progress.step.count == 100 && world.reporter.progress?.progress.count?.unit.count == 100)
    }
}
