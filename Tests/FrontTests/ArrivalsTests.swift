import Foundation
import Front
import JobKit
import TestSupport
import Testing

/// Requests of this program among the visits that nginx reports.
@Suite("arrivals", .waiting)
struct ArrivalsTests {
    private func visit(_ nonce: String, client: String = "203.0.113.9") -> Visit {
        Visit(at: Date(timeIntervalSince1970: 0), client: client, method: "GET", path: "/", status: 200, agent: "", nonce: nonce)
    }

    @Test("a request is known by its own number alone, from outside or by the loopback address, before it is waited for or after", .limited)
    func known() async throws {
        let (arrivals, clock) = (Arrivals(), ManualClock())
        #expect(arrivals.expect() == nil, "nobody sees visits")
        arrivals.see("abc")
        let first = try #require(arrivals.expect())
        let second = try #require(arrivals.expect())
        #expect(first.header.value != second.header.value && first.header.value.count == 32 && first.header.name == "Shipkeeper-Nonce")
        #expect(first.answerHeader == .init("Shipkeeper-Front", "abc"))
        #expect(!arrivals.note(visit("")) && !arrivals.note(visit("0123")))
        #expect(arrivals.note(visit(second.header.value, client: "127.0.0.1")))
        #expect(await arrivals.arrival(of: second, within: .seconds(3), clock) == .loopback)
        async let arrival = arrivals.arrival(of: first, within: .seconds(3), clock)
        await clock.waitForSleepers(1)
        #expect(arrivals.note(visit(first.header.value)))
        #expect(await arrival == .outside)
        arrivals.see(nil)
        #expect(arrivals.expect() == nil)
    }

    @Test("a request that does not come is given up in time, and is no visitor when it comes later", .limited)
    func late() async throws {
        let (arrivals, clock) = (Arrivals(), ManualClock())
        arrivals.see("abc")
        let request = try #require(arrivals.expect())
        async let arrival = arrivals.arrival(of: request, within: .seconds(3), clock)
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(3))
        #expect(await arrival == nil)
        arrivals.forget(request)
        #expect(arrivals.note(visit(request.header.value)))
        #expect(await arrivals.arrival(of: request, within: .seconds(3), clock) == nil)
        for _ in 0..<100 { if let other = arrivals.expect() { arrivals.forget(other) } }
        #expect(!arrivals.note(visit(request.header.value)), "numbers are not kept for ever")
    }

    @Test("the mark of a front stays in its folder, and another folder has another", .limited)
    func instance() throws {
        let (one, other) = (TemporaryFolder(), TemporaryFolder())
        let mark = try FrontFolder(path: one.path).instance()
        #expect(try FrontFolder(path: one.path).instance() == mark && FrontFolder(path: other.path).instance() != mark)
        try one.write("instance", "\"; evil on;    ")
        let new = try FrontFolder(path: one.path).instance()
        #expect(new.count == 16 && new.allSatisfy(\.isHexDigit) && new != mark)
    }
}
