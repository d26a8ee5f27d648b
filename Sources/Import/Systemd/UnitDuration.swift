import JobKit
import Settings

/// Lengths as systemd.time(7) writes them: `5min 20s`, `90`, `1h30m`.
enum UnitDuration {
    private static let units: [String: Double] = [
        "us": 1e-6, "ms": 1e-3, "": 1, "s": 1, "sec": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "minute": 60, "minutes": 60, "h": 3600, "hr": 3600,
        "hour": 3600, "hours": 3600, "d": 86_400, "day": 86_400, "days": 86_400, "w": 604_800, "week": 604_800, "weeks": 604_800, "month": 2_629_800,
        "months": 2_629_800, "y": 31_557_600, "year": 31_557_600, "years": 31_557_600,
    ]

    /// As the configuration writes it; nil for `infinity` and for anything else.
    static func text(_ value: String) -> String? { seconds(value).map { DurationText.format(.milliseconds(Int64($0 * 1000))) } }

    /// The same of a limit, which is none where it is 0.
    static func limit(_ value: String) -> String? { seconds(value).flatMap { $0 > 0 ? text(value) : nil } }

    static func seconds(_ value: String) -> Double? {
        var (total, rest) = (0.0, value.trimmingBlanks[...])
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            guard let part = rest.prefixMatch(of: /(\d+(?:\.\d+)?)\s*([a-z]*)\s*/)?.output, let number = Double(part.1), let unit = units[String(part.2)] else {
                return nil
            }
            total += number * unit
            rest = rest.dropFirst(part.0.count)
        }
        return total < 1e9 ? total : nil
    }
}
