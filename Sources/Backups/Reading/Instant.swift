import Foundation

/// An instant as people write it, as exact as they write it: `2026-11-22`, `2026-11-22T14:30`, `2026-11-22 14:30:05`; in UTC, or
/// with an offset such as `+08:00`.
enum Instant {
    /// The stretch of time that the text covers: a whole day, a minute, a second.
    static func parse(_ text: String) -> (start: Date, end: Date)? {
        let text = text.replacing(" ", with: "T")
        for (format, length) in [("yyyy-MM-dd", 86_400.0), ("yyyy-MM-dd'T'HH:mm", 60), ("yyyy-MM-dd'T'HH:mm:ss", 1)] {
            // With Unicode's letters for an offset such as +08:00 or Z. See UTS #35, field Z.
            for zone in ["", "ZZZZZ"] {
                let formatter = DateFormatter()
                formatter.locale = Locale(identifier: "en_US_POSIX")
                formatter.timeZone = .gmt
                formatter.isLenient = false
                formatter.dateFormat = format + zone
                if let date = formatter.date(from: text) { return (date, date + length) }
            }
        }
        return nil
    }
}
