import CThreads

/// Why the system did not start a thread. See pthread_create(3).
package struct ThreadError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The system's error number, EAGAIN where the limit on processes or memory is reached.
    package var code: Int32

    package init(code: Int32) { self.code = code }

    package var description: String { "no thread could be started: the limit on processes or on memory is reached" }

    /// What to do about it, for messages.
    package static let hint = "raise the limit on processes (pids.max, ulimit -u), or see what uses them up"
}

/// Threads of the system, whose failure to start is an error. Every `unsafe` word on threads is in this file.
package enum SystemThread {
    private static let smallestStack = 256 * 1024

    private final class Body: Sendable {
        let name: String
        let work: @Sendable () -> Void

        init(_ name: String, _ work: @escaping @Sendable () -> Void) {
            self.name = name
            self.work = work
        }
    }

    /// Starts a thread that ends with `work`. Does not block.
    /// - Parameters:
    ///   - name: As tools such as `top -H` show it: 15 bytes at most.
    ///   - stackBytes: The size of its stack.
    /// - Throws: Where there is no room for another thread; `work` is not called then.
    package static func start(_ name: String, stackBytes: Int = smallestStack, _ work: @escaping @Sendable () -> Void) throws(ThreadError) {
        let context = unsafe Unmanaged.passRetained(Body(name, work))
        let failure = unsafe cthreads_start(
            stackBytes,
            { context in
                guard let context = unsafe context else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
                unsafe cthreads_name(body.name)
                body.work()
                return nil
            }, context.toOpaque())
        guard failure == 0 else {
            unsafe context.release()
            throw ThreadError(code: failure)
        }
    }

    /// How many threads more there is room for just now, up to `most` (64 at the highest). Starts and ends them: blocks for
    /// less than a millisecond.
    package static func room(upTo most: Int) -> Int { Int(cthreads_probe(Int32(most), smallestStack)) }
}
