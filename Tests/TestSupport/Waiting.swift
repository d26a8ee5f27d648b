import Dispatch
package import Testing

/// For tests that wait for programs: they run on threads of their own, a few at a time.
///
/// The shared pool has one thread a core. Tests that block it keep all others from going on, and the time limits of those
/// count on.
package struct Waiting: SuiteTrait, TestTrait, TestScoping {
    private static let places = Places(4)
    private static let threads = Threads()

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        await Waiting.places.take()
        defer { Task { await Waiting.places.giveBack() } }
        try await withTaskExecutorPreference(Waiting.threads) { try await function() }
    }
}

extension Trait where Self == Waiting {
    /// The test, or each of the suite, waits for programs.
    package static var waiting: Waiting { Waiting() }
}

extension Trait where Self == TimeLimitTrait {
    /// An hour: a test that waits for what never comes fails in the end.
    ///
    /// It says nothing about speed. The wait for a place counts too, which takes long where the machine has other work.
    package static var limited: TimeLimitTrait { .timeLimit(.minutes(60)) }
}

/// So many may be taken at once.
private actor Places {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}

/// As many threads as there is work.
private final class Threads: TaskExecutor {
    private let queue = DispatchQueue(label: "tests that wait", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
