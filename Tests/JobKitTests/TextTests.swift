import Foundation
import JobKit
import Settings
import TestSupport
import Testing

@Suite("instants far away")
struct FarInstantTests {
    @Test("the time between any two of them is a number", arguments: [-1e300, -1e16, -62_135_769_600, 64_092_211_200, 1e16, 1e300])
    func since(seconds: Double) {
        let far = Date(timeIntervalSince1970: seconds)
        let now = Date(timeIntervalSince1970: 1_790_000_000)
        #expect(far.since(now) == .zero - now.since(far) && (far.since(now) > .zero) == (far > now))
        #expect(!DurationText.readable(far.since(now)).isEmpty && far.since(far) == .zero)
    }

    @Test("sums and shares of sizes stay numbers")
    func sizes() {
        #expect(Int64.max.addingUpToMost(1) == .max && Int64(-5).addingUpToMost(.min) == .min && Int64(2).addingUpToMost(3) == 5)
        #expect(Int64.max.percent(of: 1) == 1_000_000 && Int64(1).percent(of: 3) == 33 && Int64(-1).percent(of: 3) == 0)
    }
}

@Suite("texts that people write")
struct TextTests {
    @Test(
        "lengths of time are read",
        arguments: zip(
            ["30s", "5m", "1h30m", "250ms", "2d", "1m30s500ms", "0s"],
            [Duration.seconds(30), .seconds(300), .seconds(5400), .milliseconds(250), .seconds(172_800), .milliseconds(90_500), .zero]))
    func durations(text: String, length: Duration) {
        #expect(DurationText.parse(text) == length)
        #expect(DurationText.parse(DurationText.format(length)) == length)
    }

    @Test("what is no length of time is refused", arguments: ["", "5", "m", "5 m", "5m1h", "-5s", "1.5h", "5x", "99999999999999h", "5m5m"])
    func badDurations(text: String) { #expect(DurationText.parse(text) == nil) }

    @Test("every length comes back as it was written")
    func roundTrip() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<2000 {
            let length = Duration.milliseconds(Int64.random(in: 0...10_000_000_000, using: &random))
            #expect(DurationText.parse(DurationText.format(length)) == length)
        }
    }

    @Test("sizes are read", arguments: zip(["512", "64KiB", "1.5GB", "20M", "3 MB"], [512, 65_536, 1_500_000_000, 20 << 20, 3_000_000] as [Int64]))
    func sizes(text: String, bytes: Int64) { #expect(ByteSizeText.parse(text) == bytes) }

    @Test("what is no size is refused", arguments: ["", "x", "5 q", "1.2.3MB", "-1", "1e30GB"])
    func badSizes(text: String) { #expect(ByteSizeText.parse(text) == nil) }

    @Test("the word somebody meant is found", arguments: zip(["comand", "tiemout", "nedes", "zzzz"], ["command", "timeout", "needs", nil]))
    func nearest(word: String, meant: String?) {
        #expect(NearestWord.find(word, in: ["command", "timeout", "needs", "overlap"]) == meant)
    }

    @Test("a secret does not print")
    func secret() {
        let secret = Secret("hunter2")
        #expect("\(secret)" == "<secret>")
        #expect(String(reflecting: secret) == "<secret>")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }
}
