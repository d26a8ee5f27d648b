/// Durations as people write them: `30s`, `5m`, `1h30m`, `250ms`, `2d`.
package enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Reads one or more numbers with units, largest unit first; nil for anything else.
    package static func parse(_ text: String) -> Duration? {
        var rest = text[...]
        var total: Int64 = 0
        var previous = -1
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard !digits.isEmpty, digits.count <= 12, let number = Int64(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(letters.count)
            guard let index = units.firstIndex(where: { $0.name == letters }), index > previous else { return nil }
            previous = index
            let (product, overflow) = number.multipliedReportingOverflow(by: units[index].milliseconds)
            let (sum, overflowed) = total.addingReportingOverflow(product)
            guard !overflow, !overflowed else { return nil }
            total = sum
        }
        return .milliseconds(total)
    }

    /// The shortest text that `parse` reads back as the same length, to the millisecond: `1h30m`.
    package static func format(_ duration: Duration) -> String {
        let milliseconds = duration.wholeMilliseconds
        guard milliseconds != 0 else { return "0s" }
        var (text, rest) = (milliseconds < 0 ? "-" : "", milliseconds.magnitude)
        for unit in units where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds.magnitude)\(unit.name)"
            rest %= unit.milliseconds.magnitude
        }
        return text
    }

    /// A length for the eye, with two units at most: `3d 4h`, `12m 5s`, `1.4s`, `35ms`.
    package static func readable(_ duration: Duration) -> String {
        let milliseconds = max(0, duration.wholeMilliseconds)
        if milliseconds < 1000 { return "\(milliseconds)ms" }
        if milliseconds < 10_000, milliseconds % 1000 >= 100 {
            return "\(milliseconds / 1000).\(milliseconds % 1000 / 100)s"
        }
        var rest = milliseconds / 1000 * 1000
        var parts: [String] = []
        for unit in units where rest >= unit.milliseconds && parts.count < 2 {
            parts.append("\(rest / unit.milliseconds)\(unit.name)")
            rest %= unit.milliseconds
        }
        return parts.joined(separator: " ")
    }
}

extension Duration {
    /// The length in milliseconds, rounded towards zero. One that is too long to count, some 292 million years, is the longest that can be.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        let (sum, overflowed) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return overflow || overflowed ? (seconds < 0 ? .min : .max) : sum
    }

    /// The length in seconds.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
