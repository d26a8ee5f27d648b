import Foundation
import Testing
import TimeZones

@Suite("instants that people write")
struct WrittenInstantTests {
    // 2026-09-21 22:13:20 in Shanghai.
    private let now = Date(timeIntervalSince1970: 1_790_000_000)
    private let shanghai = try? ZoneFinder(environment: [:]).zone("Asia/Shanghai")

    private func parse(_ text: String) throws -> WrittenInstant? { WrittenInstant.parse(text, in: try #require(shanghai), now: now) }

    @Test("days and durations before now")
    func relative() throws {
        let (today, yesterday) = (try #require(try parse("today")), try #require(try parse("Yesterday")))
        #expect(today.start <= now && now < today.end && yesterday.end == today.start)
        #expect(try parse("2h ago")?.end == now - 7200 && parse("1d ago")?.end == now - 86_400)
        for text in [
            "ago", "2 hours ago", "tomorrow", "-2h ago", "24:00", "03:60", "2026-09-31 03:00", "03:00 ", "2026-13-01", "2026-00-01", "", "9",
            "99999999999d ago", "106751991167d ago",
        ] {
            #expect(try parse(text) == nil, "\(text)")
        }
    }

    @Test("times of the wall, as exact as they are written")
    func wallTimes() throws {
        let three = now - 69_200
        for text in [
            "03:00", "3:00", "2026-09-21 03:00", "2026-09-21T03:00:00", "2026-09-20T19:00:00Z", "2026-09-21T03:00:00.000+08:00", "2026-09-21 04:00 +09:00",
        ] { #expect(try parse(text)?.start == three, "\(text)") }
        // Later today: it was yesterday that the wall last showed it.
        #expect(try parse("23:00")?.start == three - 14_400)
        func length(_ text: String) throws -> TimeInterval? { try parse(text).map { $0.end.timeIntervalSince($0.start) } }
        #expect(try length("03:00") == 60 && length("2026-09-21 03:00") == 60 && length("2026-09-21T03:00:05") == 1 && length("2026-09-21") == 86_400)
        #expect(try parse("2026-09-21T03:00:00.250")?.start == three + 0.25 && length("2026-09-21T03:00:00.250") == 0)
    }

    @Test("a day with a change of the clock has its own length")
    func changedDay() throws {
        let berlin = try ZoneFinder(environment: [:]).zone("Europe/Berlin")
        let days = ["2026-03-29", "2026-10-25"].map { WrittenInstant.parse($0, in: berlin, now: now).map { $0.end.timeIntervalSince($0.start) } }
        #expect(days == [23 * 3600, 25 * 3600])
    }
}
