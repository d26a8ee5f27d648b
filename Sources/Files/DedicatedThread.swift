import Dispatch
import Synchronization
import Threads

/// Lets work on a thread know that nobody waits for it any more.
package final class CancelFlag: Sendable {
    private let flag = Atomic(false)

    package init() {}
    package var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}

/// A failure that can also say that there was no room for a thread.
package protocol ThreadFailure: Error {
    /// - Parameters:
    ///   - message: A sentence without an end.
    ///   - hint: What to do about it.
    init(noThread message: String, hint: String)
}

/// Work that blocks, on a thread of its own: the shared pool has one thread a core, and none to lend.
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

/// For a thread of its own that needs something from the others: it waits, and holds up nobody.
package enum Blocking {
    /// - Parameter flag: Once set, the work is cancelled, and whatever it comes to is waited for.
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
