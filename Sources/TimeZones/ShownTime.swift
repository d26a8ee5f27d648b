package import Foundation
import Synchronization

/// Times for people: in the zone of the configuration in force, with the offset. Times for programs stay in UTC.
///
/// One zone for the whole program, as a locale is, because messages are made in too many places to pass one along.
package enum ShownTime {
    private static let held = Mutex(Zone.utc)

    /// Set once the configuration is read, and again by a reload.
    package static var zone: Zone {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }

    /// `2026-11-27 03:00 +08:00`.
    package static func text(_ date: Date) -> String { zone.text(date) }

    /// `2026-11-27T03:00:05+08:00`: one word, for lines of a log.
    package static func stamp(_ date: Date) -> String { zone.stamp(date) }
}
