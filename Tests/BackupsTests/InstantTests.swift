import Foundation
import TimeZones
import Testing

@testable import Backups

@Suite("instants that people write")
struct InstantTests {
    private let now = Date(timeIntervalSince1970: 1_790_000_000)

    @Test("days and lengths of time before now")
    func relative() throws {
        let (today, yesterday) = (try #require(Instant.parse("today", now: now)), try #require(Instant.parse("Yesterday", now: now)))
        #expect(today.start <= now && now < today.end && yesterday.end == today.start)
        #expect(Instant.parse("2h ago", now: now)?.end == now - 7200 && Instant.parse("1d ago", now: now)?.end == now - 86_400)
        for text in ["ago", "2 hours ago", "tomorrow", "-2h ago"] { #expect(Instant.parse(text, now: now) == nil, "\(text)") }
    }
}
