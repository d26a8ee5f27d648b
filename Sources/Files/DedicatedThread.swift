import Dispatch
import Synchronization
import Threads

/// Reports to work on a thread that its caller was cancelled. Never reset. Safe from any thread.
package final class CancelFlag: Sendable {
    private let flag = Atomic(false)

    package init() {}
    /// Whether to stop early. Cheap enough to ask for each piece of work; the work returns or throws as it sees fit.
    package var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}

/// An error that can also report that no thread could be started.
///
/// ```swift
/// extension CopyError: ThreadFailure {
///     init(noThread message: String, hint: String) { self = .unavailable("\(message); \(hint)") }
/// }
/// ```
package protocol ThreadFailure: Error {
    /// - Parameters:
    ///   - message: A sentence without an end.
    ///   - hint: What to do about it.
    init(noThread message: String, hint: String)
}

/// Runs work that blocks on a thread of its own: Swift's shared pool has one thread for each core, and a blocked one is missing elsewhere.
package enum DedicatedThread {
    /// Sets the work's flag when the task is cancelled, and waits for the work also then.
    /// - Throws: What the work throws; also where no thread could be started within ten seconds, or before the task was cancelled.
    package static func run<Value: Sendable, Failure: ThreadFailure>(
        _ work: @escaping @Sendable (CancelFlag) throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let done: Result<Result<Value, Failure>, ThreadError> = await result { flag in
            do throws(Failure) { return .success(try work(flag)) } catch { return .failure(error) }
        }
        switch done {
        case .success(let result): return try result.get()
        case .failure(let error): throw Failure(noThread: error.description, hint: ThreadError.hint)
        }
    }

    /// The same for work that can't fail; nil where no thread could be started.
    @discardableResult
    package static func run<Value: Sendable>(_ work: @escaping @Sendable (CancelFlag) -> Value) async -> Value? {
        try? await result(work).get()
    }

    private static func result<Value: Sendable>(_ work: @escaping @Sendable (CancelFlag) -> Value) async -> Result<Value, ThreadError> {
        let flag = CancelFlag()
        return await withTaskCancellationHandler {
            await ThreadWork.result("shipkeeper-work") { work(flag) }
        } onCancel: {
            flag.set()
        }
    }
}

/// Lets work on a thread of its own wait for an async function. Never call it from a task: it would block a thread of the shared pool.
package enum Blocking {
    /// Blocks until `work` has returned, and returns its result.
    /// - Parameter flag: Once set, `work` is cancelled within 100 ms, and still waited for.
    package static func wait<Value: Sendable>(_ flag: CancelFlag, _ work: @escaping @Sendable () async -> Value?) -> Value? {
        let box = Box<Value>()
        let done = DispatchSemaphore(value: 0)
        let task = Task {
            let value = await work()
            box.value.withLock { $0 = value }
            done.signal()
        }
        while done.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
            if flag.isSet { task.cancel() }
        }
        return box.value.withLock { $0 }
    }

    private final class Box<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }
}
