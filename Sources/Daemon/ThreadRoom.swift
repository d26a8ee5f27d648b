import Glibc
import Threads

/// Some libraries end the program where they get no thread. So it is first seen whether there is room.
package enum ThreadRoom {
    /// For timers, transfers, processes, the control server and the pool.
    private static let wanted = 12
    /// For the control server's event loops, one a core and a few besides.
    static let ofServer = 4 + sysconf(Int32(_SC_NPROCESSORS_ONLN))
    /// How long a start waits for room, in seconds: with less it may still succeed.
    private static let patience = 15

    /// Waits for room, and tells so once. Blocks: nothing else runs yet.
    package static func wait(_ tell: (String) -> Void) {
        for second in 0..<patience {
            if SystemThread.room(upTo: wanted) == wanted { return }
            if second == 0 {
                tell("there is no room for \(wanted) threads: the limit on processes or memory is reached; waiting up to \(patience) seconds")
            }
            sleep(1)
        }
        tell("there is still no room for \(wanted) threads; starting with what there is. \(ThreadError.hint)")
    }

    static func isThereForServer() -> Bool { SystemThread.room(upTo: ofServer) == ofServer }
}
