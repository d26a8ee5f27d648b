import Dispatch
import Files
import Synchronization
import TestSupport
import Testing
import Threads

@Suite("threads")
struct ThreadTests {
    /// No machine has room for the stack of such a thread.
    private static let hugeStack = 1 << 46

    @Test("a thread that can't be started is an error, and its work is not called", .limited)
    func noRoom() {
        let calls = Atomic(0)
        #expect(throws: ThreadError.self) {
            try SystemThread.start("huge", stackBytes: ThreadTests.hugeStack) { calls.add(1, ordering: .relaxed) }
        }
        #expect(calls.load(ordering: .relaxed) == 0)
    }

    @Test("work without a thread fails after a while, and does not hang", .limited)
    func fails() async {
        let result = await ThreadWork.result("huge", stackBytes: ThreadTests.hugeStack) { 1 }
        #expect(throws: ThreadError.self) { try result.get() }
    }

    @Test("work that waits for a thread ends at once when it is cancelled", .limited)
    func cancelled() async {
        let task = Task { await ThreadWork.result("huge", stackBytes: ThreadTests.hugeStack) { 1 } }
        task.cancel()
        let result = await task.value
        #expect(throws: ThreadError.self) { try result.get() }
    }

    @Test("a thread carries the work, and gives its result", .limited)
    func carries() async throws {
        #expect(try await ThreadWork.result("work") { 7 }.get() == 7)
        #expect(await DedicatedThread.run { flag in flag.isSet } == false)
        await #expect(throws: Refusal.self) { try await DedicatedThread.run { _ throws(Refusal) in throw Refusal(noThread: "no", hint: "") } }
    }

    @Test("room is as much as was asked for where there is enough", .limited)
    func room() {
        #expect(SystemThread.room(upTo: 4) == 4)
        #expect(SystemThread.room(upTo: 0) == 0)
    }

    private struct Refusal: ThreadFailure {
        init(noThread message: String, hint: String) {}
    }
}
