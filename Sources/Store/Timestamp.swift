import Foundation

/// Instants as they are in the database: UTC to the millisecond, readable in any SQLite shell.
enum Timestamp {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// Rounded to the nearest millisecond: the formatter cuts, and a date holds .123 as a little less.
    static func text(_ date: Date) -> String {
        Date(timeIntervalSince1970: (date.timeIntervalSince1970 * 1000).rounded() / 1000 + 0.000_1).formatted(style)
    }

    static func date(_ text: String) -> Date? {
        (try? Date(text, strategy: style)).map { Date(timeIntervalSince1970: ($0.timeIntervalSince1970 * 1000).rounded() / 1000) }
    }
}
