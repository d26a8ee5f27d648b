import ArgumentParser
import Foundation
import Settings
import TimeZones

/// Times on the command line: a duration before now, or an instant.
enum WrittenTime {
    static let forms = "10m, 14:30, yesterday, 2026-11-27, \"2026-11-27 14:30\" or 2026-11-27T14:30:05+08:00"

    /// The instant of an option's value, in the zone in which times are shown.
    /// - Throws: `ValidationError`.
    static func parse(_ text: String, option: String) throws -> Date {
        // Nothing is older than 1970, and a date of long ago has no form that the program reads.
        if let length = DurationText.parse(text) { return max(Date.now.addingTimeInterval(-length.seconds), Date(timeIntervalSince1970: 0)) }
        if let found = WrittenInstant.parse(text, in: ShownTime.zone, now: .now) { return found.start }
        throw ValidationError("\(option): \"\(text)\" is not a time; write \(forms).")
    }

    /// As a parameter of an operation: UTC to the millisecond.
    static func parameter(_ date: Date) -> String { date.addingTimeInterval(0.0005).formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }
}
