import CProcess
import Glibc
import Settings

/// Descriptors to be read, each registered once under a number of the caller's: the kernel keeps the list.
struct Poller: Sendable {
    private let raw: CInt

    /// Nil where the system has no descriptors left.
    init?() {
        raw = cprocess_epoll()
        if raw < 0 { return nil }
    }

    /// False where the kernel has no room for it. It is to be removed before it is closed: while another process holds the same pipe, its end would be
    /// announced without an end.
    func add(_ descriptor: CInt, id: UInt64) -> Bool { cprocess_epoll_add(raw, descriptor, id) == 0 }

    /// The descriptor is not in the list any more, if it was; it can be added again.
    func remove(_ descriptor: CInt) { cprocess_epoll_remove(raw, descriptor) }

    /// Blocks until some can be read or have ended; gives their numbers.
    /// - Parameter timeout: The longest that it blocks; nil for without an end.
    func wait(_ timeout: Duration?) -> [UInt64] {
        var found = [UInt64](repeating: 0, count: 64)
        // Rounded up: who wakes too early would only wait again.
        let milliseconds = timeout.map { CInt(clamping: max(0, ($0 + .microseconds(999)).wholeMilliseconds)) }
        let count = unsafe cprocess_epoll_wait(raw, &found, Int32(found.count), milliseconds ?? -1)
        return Array(found.prefix(Int(max(0, count))))
    }
}
