import Foundation
import Testing
import TimeZones

@Suite("stamps in UTC")
struct UTCStampTests {
    private let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    private func text(_ date: Date) -> String { String(decoding: UTCStamp.bytes(date), as: UTF8.self) }

    @Test("they say what Foundation says, and are read back to the millisecond")
    func asFoundation() throws {
        // Steps that meet leap days, the ends of years and instants before 1970.
        for step in stride(from: -2_000_000_000.0, through: 7_000_000_000, by: 1_234_567.891) {
            let date = Date(timeIntervalSince1970: step)
            let stamp = text(date)
            #expect(stamp == date.addingTimeInterval(0.0005).formatted(style))
            let back = try #require(UTCStamp.date(stamp.utf8))
            #expect(UTCStamp.seconds(date) == date.addingTimeInterval(0.0005).formatted(.iso8601))
            #expect(abs(back.timeIntervalSince(date)) <= 0.000_5001 && text(back) == stamp)
        }
    }

    @Test("half a millisecond is rounded, over the end of a year too; years stay within four digits")
    func ends() {
        #expect(text(Date(timeIntervalSince1970: 1_798_761_599.9996)) == "2027-01-01T00:00:00.000Z")
        #expect(text(Date(timeIntervalSince1970: -1e15)) == "0000-01-01T00:00:00.000Z")
        #expect(text(Date(timeIntervalSince1970: 1e15)) == "9999-12-31T23:59:59.999Z")
    }

    @Test(
        "anything else is not read",
        arguments: [
            "", "2026-11-27T06:20:35Z", "2026-11-27T06:20:35.123", "2026-11-27T06:20:35.123+00:00", "2026-11-27 06:20:35.123Z", "2026-13-27T06:20:35.123Z",
            "2026-02-29T06:20:35.123Z", "2026-11-00T06:20:35.123Z", "2026-11-27T24:00:00.000Z", "2026-11-27T06:60:00.000Z", "2026-11-27T06:20:35.12xZ",
            "2026-11-27T06:20:35.123Z ",
        ])
    func others(text: String) { #expect(UTCStamp.date(text.utf8) == nil) }
}
