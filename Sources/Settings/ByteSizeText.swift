/// Numbers of bytes as people write them: `512`, `64KiB`, `1.5GB`, `20M`.
package enum ByteSizeText {
    private static let units: [(names: [String], bytes: Int64)] = [
        (["b", ""], 1),
        (["kb"], 1000), (["mb"], 1_000_000), (["gb"], 1_000_000_000), (["tb"], 1_000_000_000_000),
        (["k", "kib"], 1 << 10), (["m", "mib"], 1 << 20), (["g", "gib"], 1 << 30), (["t", "tib"], 1 << 40),
    ]

    /// Reads a number with an optional unit; `K`, `M`, `G` and the `iB` forms count in 1024, `kB`, `MB`, `GB` in 1000.
    package static func parse(_ text: String) -> Int64? {
        let digits = text.prefix { ($0.isASCII && $0.isNumber) || $0 == "." }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        guard let number = Double(digits), let scale = units.first(where: { $0.names.contains(unit) }) else { return nil }
        let bytes = number * Double(scale.bytes)
        guard bytes.isFinite, bytes >= 0, bytes < 9e18 else { return nil }
        return Int64(bytes)
    }

    /// A size for the eye: `999 B`, `12.3 MB`. Counts in 1000, as disks and transfers are quoted.
    package static func readable(_ bytes: Int64) -> String {
        guard bytes >= 1000 else { return "\(bytes) B" }
        var value = Double(bytes) / 1000
        for unit in ["kB", "MB", "GB"] {
            if value < 999.95 {
                let tenths = Int64((value * 10).rounded())
                return "\(tenths / 10).\(tenths % 10) \(unit)"
            }
            value /= 1000
        }
        return "\(Int64(value.rounded())) TB"
    }
}

/// Sizes may be what another machine says: no number of them may stop the program.
extension Int64 {
    /// The sum, at most `Int64.max`.
    package func addingUpToMost(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other > 0 ? .max : .min) : sum
    }

    /// The share of a whole, which is above 0, in percent, rounded down; at most a million.
    package func percent(of whole: Int64) -> Int { Int(Swift.max(0, Swift.min(1_000_000, Double(self) / Double(whole) * 100))) }
}

extension Int {
    /// A number with its noun: `1 file`, `3 files`.
    package func counted(_ noun: String, plural: String? = nil) -> String { "\(self) \(self == 1 ? noun : plural ?? noun + "s")" }
}
