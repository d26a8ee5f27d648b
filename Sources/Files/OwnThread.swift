import Dispatch
import Foundation
import Synchronization

/// Tells work on a thread that nobody waits for it any more.
package final class CancelFlag: Sendable {
    private let flag = Atomic(false)

    package init() {}
    package var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}

/// Work that blocks, on a thread of its own: the shared pool has one thread a core, and none to lend.
package enum OwnThread {
    package static func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable (CancelFlag) throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let flag = CancelFlag()
        let result: Result<Value, Failure> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let thread = Thread {
                    do throws(Failure) {
                        continuation.resume(returning: .success(try work(flag)))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
                thread.name = "shipkeeper-work"
                thread.stackSize = 1 << 20
                thread.start()
            }
        } onCancel: {
            flag.set()
        }
        return try result.get()
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
