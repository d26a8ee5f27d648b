import CProcess
import Glibc

/// Descriptors to be read, each registered once under a number of the caller's: the kernel keeps the list.
struct Poller: Sendable {
    private let raw: CInt

    /// Nil where the system has no descriptors left.
    init?() {
        raw = cprocess_epoll()
        if raw < 0 { return nil }
    }

    /// False where the kernel has no room for it. A descriptor leaves the list when it is closed.
    func add(_ descriptor: CInt, id: UInt64) -> Bool { cprocess_epoll_add(raw, descriptor, id) == 0 }

    /// Blocks until some can be read or have ended; gives their numbers.
    func wait() -> [UInt64] {
        var found = [UInt64](repeating: 0, count: 64)
        let count = unsafe cprocess_epoll_wait(raw, &found, Int32(found.count))
        return Array(found.prefix(Int(max(0, count))))
    }
}
