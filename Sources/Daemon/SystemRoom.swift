import Glibc
import Processes
import Threads

/// Whether the system gives as many threads and descriptors as are needed. Some libraries end the program where they get none, so this is asked
/// first.
package enum SystemRoom {
    /// For timers, transfers, processes, the control server and the pool.
    private static let threads = 12
    /// For the control server's event loop, and a few besides.
    private static let threadsOfServer = 5
    /// Three for its event loop, its socket, and a client.
    private static let descriptorsOfServer = 5
    /// How long a start waits for room, in seconds: with less it may still succeed.
    private static let patience = 15

    /// The least descriptors that the program, one service and one backup work with.
    private static let leastDescriptors = 48

    /// Raises the limit on descriptors to the usual one. Libraries end the program where they get none.
    /// - Returns: Why the program can't work; nil where it can.
    package static func descriptorsLack() -> String? {
        let limit = OwnedFD.raiseLimit()
        guard limit < leastDescriptors else { return nil }
        return "the limit on open files is \(limit), and at least \(leastDescriptors) are needed; raise it (ulimit -n, docker run --ulimit nofile=1024)"
    }

    /// Waits for room, and reports so once. Blocks: nothing else runs yet.
    package static func wait(_ tell: (String) -> Void) {
        for second in 0..<patience {
            if SystemThread.room(upTo: threads) == threads { return }
            if second == 0 {
                tell("there is no room for \(threads) threads: the limit on processes or memory is reached; waiting up to \(patience) seconds")
            }
            sleep(1)
        }
        tell("there is still no room for \(threads) threads; starting with what there is. \(ThreadError.hint)")
    }

    /// What the control server lacks before it can start; nil where there is room. Blocks for less than a millisecond.
    static func serverLacks() -> String? {
        if SystemThread.room(upTo: threadsOfServer) < threadsOfServer { return "threads (the limit on processes or memory is reached)" }
        if OwnedFD.room(upTo: descriptorsOfServer) < descriptorsOfServer { return "file descriptors (raise ulimit -n)" }
        return nil
    }
}
