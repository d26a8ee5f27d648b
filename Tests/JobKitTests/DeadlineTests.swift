import Foundation
import JobKit
import TestSupport
import Testing

@Suite("work that may take only so long", .waiting)
struct DeadlineTests {
    private struct Clock: WallClock {
        var now: Date { Date() }
        var uptime: Duration { .milliseconds(Int64(ProcessInfo.processInfo.systemUptime * 1000)) }
        func sleep(until instant: Date) async throws(CancellationError) {
            do { try await Task.sleep(for: .seconds(max(0.001, instant.timeIntervalSinceNow))) } catch { throw CancellationError() }
        }
    }

    /// Work that ends when it is cancelled, and takes a while for it.
    private func untilCancelled() async -> String {
        try? await Task.sleep(for: .seconds(600))
        for _ in 0..<100 { await Task.yield() }
        return "ended"
    }

    @Test("late work gives nothing; work in time its value or its error")
    func ends() async throws {
        #expect(try await Deadline.within(.milliseconds(10), Clock()) { await untilCancelled() } == nil)
        #expect(try await Deadline.within(.seconds(600), Clock()) { "done" } == "done")
        await #expect(throws: JobError("no")) {
            try await Deadline.within(.seconds(600), Clock()) { () throws(JobError) -> String in throw JobError("no") }
        }
    }

    @Test("work of a task that is cancelled is not late")
    func cancelled() async throws {
        for _ in 0..<50 {
            let task = Task { try await Deadline.within(.seconds(600), Clock()) { await untilCancelled() } }
            await Task.yield()
            task.cancel()
            #expect(try await task.value == "ended")
        }
    }
}
