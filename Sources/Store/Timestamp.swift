import Foundation
import TimeZones

/// Instants as they are in the database: UTC to the millisecond, readable in any SQLite shell.
enum Timestamp {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// Rounded to the nearest millisecond.
    static func text(_ date: Date) -> String { String(decoding: UTCStamp.bytes(date), as: UTF8.self) }

    /// What was put in manually may have another precision.
    static func date(_ text: String) -> Date? {
        UTCStamp.date(text.utf8) ?? (try? Date(text, strategy: style)).map { Date(timeIntervalSince1970: ($0.timeIntervalSince1970 * 1000).rounded() / 1000) }
    }
}
