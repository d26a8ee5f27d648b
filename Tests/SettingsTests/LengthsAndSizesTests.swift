import Settings
import TestSupport
import Testing

/// Durations and sizes at the edges of what can be written and counted.
@Suite("lengths and sizes at their edges")
struct LengthsAndSizesTests {
    @Test("every length that can be counted comes back as it was, the longest too")
    func roundTrip() {
        var random = SeededRandom(seed: 11)
        // Of each order of magnitude, not of the largest only.
        let lengths = (0..<5000).map { _ in Int64.random(in: 0 ... .max, using: &random) >> Int64.random(in: 0..<63, using: &random) }
        for milliseconds in lengths + [0, 1, 999, 1000, .max] {
            let length = Duration.milliseconds(milliseconds)
            #expect(DurationText.parse(DurationText.format(length)) == length, "\(milliseconds)")
        }
    }

    @Test("what can't be counted is the longest length, and no trap")
    func endless() {
        for length in [Duration.seconds(Int64.max), .seconds(Int64.min), .milliseconds(Int64.max), .milliseconds(Int64.min)] {
            #expect(length.wholeMilliseconds.magnitude >= Int64.max.magnitude)
            #expect(DurationText.format(length).hasPrefix("-") == (length < .zero))
            #expect(!DurationText.readable(length).isEmpty)
        }
        #expect(DurationText.format(.milliseconds(-90_500)) == "-1m30s500ms")
    }

    @Test(
        "what only looks like a length is refused",
        arguments: [
            " 5m", "5m ", "5M", "5min", "٥m", "５m", "5ｍ", "+5m", "1_000s", "1e3s", "0x5s", "5\u{301}m", "5m\0", "5m\n", "1s1s", "1ms1s", "1m1d",
            "999999999999d",
            "1234567890123ms", "1h 30m", "∞", "1d12",
        ])
    func badLengths(text: String) { #expect(DurationText.parse(text) == nil) }

    @Test("a length for the eye has two units at most, and never rounds up to the next")
    func readable() {
        for (milliseconds, text) in [
            (999, "999ms"), (1000, "1s"), (1099, "1s"), (1100, "1.1s"), (9999, "9.9s"), (10_999, "10s"), (59_999, "59s"), (3_599_999, "59m 59s"),
            (86_399_999, "23h 59m"), (90_061_000, "1d 1h"), (86_400_001, "1d"), (-5, "0ms"),
        ] as [(Int64, String)] { #expect(DurationText.readable(.milliseconds(milliseconds)) == text) }
    }

    @Test(
        "what only looks like a size is refused",
        arguments: [
            ".", "..", "-1", "+1", " 1", "1e5", "0x10", "1_000", "NaN", "inf", "٣MB", "１MB", "1,5GB", "1.5.GB", "1 PB", "1KiBs", "9000000TB", "8388608T",
            "1\0",
            "KiB",
        ])
    func badSizes(text: String) { #expect(ByteSizeText.parse(text) == nil) }

    @Test("a size for the eye never shows a number of four digits below the largest unit")
    func readableSizes() {
        for (bytes, text) in [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"), (999_949_999, "999.9 MB"), (999_950_000, "1.0 GB"),
            (999_949_999_999, "999.9 GB"), (1_000_000_000_000, "1 TB"), (.max, "9223372 TB"), (-5, "-5 B"),
        ] as [(Int64, String)] { #expect(ByteSizeText.readable(bytes) == text) }
        var random = SeededRandom(seed: 5)
        for _ in 0..<5000 {
            let bytes = Int64.random(in: 0..<1_000_000_000_000, using: &random) >> Int64.random(in: 0..<40, using: &random)
            let number = ByteSizeText.readable(bytes).prefix { $0 != " " && $0 != "." }
            #expect(number.count <= 3, "\(bytes)")
        }
    }
}
