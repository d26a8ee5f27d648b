import Foundation

/// Instants as they stand in the database: UTC to the millisecond, readable in any SQLite shell.
enum Timestamp {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    static func text(_ date: Date) -> String { date.formatted(style) }
    static func date(_ text: String) -> Date? { try? Date(text, strategy: style) }
}
