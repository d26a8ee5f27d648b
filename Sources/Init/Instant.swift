import Glibc

/// A point on the clock that does not jump, in milliseconds. Sleep of the machine counts, as it does for anyone who waits for us.
struct Instant: Comparable {
    private let milliseconds: Int

    static var now: Instant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Instant(milliseconds: time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
    }

    var isPast: Bool { Instant.now >= self }

    /// The time until then; none when it is past.
    var fromNow: timespec {
        let rest = max(0, milliseconds - Instant.now.milliseconds)
        return timespec(tv_sec: rest / 1000, tv_nsec: rest % 1000 * 1_000_000)
    }

    static func + (instant: Instant, milliseconds: Int) -> Instant { Instant(milliseconds: instant.milliseconds + milliseconds) }
    static func < (one: Instant, other: Instant) -> Bool { one.milliseconds < other.milliseconds }
}
