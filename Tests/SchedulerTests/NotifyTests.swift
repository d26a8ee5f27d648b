import JobKit
import Scheduler
import Testing

/// What services say of themselves by sd_notify(3), and what follows from it.
@Suite("notifications of services")
struct NotifyTests {
    private func message(_ text: String) -> NotifyMessage? { NotifyMessage(Array(text.utf8)) }

    @Test("a message has lines in any order, of which the known ones count")
    func parsed() throws {
        let whole = try #require(message("STATUS=loading 3 of 7\nREADY=1\nFOO=bar\nWATCHDOG=1\nEXTEND_TIMEOUT_USEC=5000000\n"))
        #expect(whole.isReady && whole.status == "loading 3 of 7" && whole.alive == .ping && whole.extended == .seconds(5))
        #expect(message("READY=1\0")?.isReady == true)
        #expect(message("RELOADING=1\nMONOTONIC_USEC=1")?.isReloading == true)
        #expect(message("WATCHDOG=1\nWATCHDOG=trigger")?.alive == .trigger)
        #expect(message("STATUS=")?.status == "")
        #expect(message("STATUS=a\u{1B}[31mb\tc")?.status == "a [31mb c")
        #expect(message("STATUS=\(String(repeating: "好", count: 1000))")?.status?.count == NotifyMessage.longestStatus)
        #expect(message("EXTEND_TIMEOUT_USEC=9223372036854775807")?.extended == .seconds(86_400))
    }

    @Test(
        "garbage is not a message",
        arguments: ["", "\n\n", "READY", "READY=2", "=1", "FOO=1", "READY=1\0READY=1", "EXTEND_TIMEOUT_USEC=-1", "EXTEND_TIMEOUT_USEC=x"])
    func garbage(text: String) { #expect(message(text) == nil) }

    @Test("bytes that are not UTF-8 are not a message")
    func binary() {
        #expect(NotifyMessage([0xff, 0xfe]) == nil)
        #expect(NotifyMessage(Array("READY=1\nSTATUS=".utf8) + [0xff]) == nil)
    }

    private func state(_ messages: (String, at: Int)..., readyAt: Int? = 0) -> NotifyState {
        var state = NotifyState()
        if let readyAt { state.becameReady(at: .seconds(readyAt)) }
        for (text, at) in messages { state.take(message(text)!, announces: true, at: .seconds(at)) }
        return state
    }

    @Test("a watchdog counts from the moment of readiness, and each sign of life moves it")
    func watchdog() {
        let rules = NotifyRules(watchdog: .seconds(10), within: .seconds(60))
        #expect(rules.verdict(on: state(readyAt: nil), at: .seconds(1000)) == .fine(until: nil))
        #expect(rules.verdict(on: state(), at: .seconds(9)) == .fine(until: .seconds(10)))
        #expect(rules.verdict(on: state(("WATCHDOG=1", at: 9)), at: .seconds(18)) == .fine(until: .seconds(19)))
        #expect(rules.verdict(on: state(("WATCHDOG=1", at: 9)), at: .seconds(19)) == .restart("watchdog: it has not said for 10s that it is alive"))
        #expect(rules.verdict(on: state(("WATCHDOG=trigger", at: 1)), at: .seconds(2)) == .restart("it has triggered its watchdog"))
        #expect(NotifyRules(watchdog: nil, within: .seconds(60)).verdict(on: state(("WATCHDOG=trigger", at: 1)), at: .seconds(900)) == .fine(until: nil))
    }

    @Test("a reload ends with READY=1, and has its own limit, which it may extend")
    func reload() {
        let rules = NotifyRules(watchdog: nil, within: .seconds(60))
        let reloading = state(("RELOADING=1", at: 100))
        #expect(reloading.phase == .reloading && rules.verdict(on: reloading, at: .seconds(159)) == .fine(until: .seconds(160)))
        guard case .restart = rules.verdict(on: reloading, at: .seconds(160)) else { return #expect(Bool(false)) }
        let extended = state(("RELOADING=1", at: 100), ("EXTEND_TIMEOUT_USEC=90000000", at: 150))
        #expect(rules.verdict(on: extended, at: .seconds(200)) == .fine(until: .seconds(240)))
        let done = state(("RELOADING=1", at: 100), ("READY=1", at: 110))
        #expect(done.phase == .running && rules.verdict(on: done, at: .seconds(1000)) == .fine(until: nil))
        #expect(state(("RELOADING=1", at: 100), readyAt: nil).phase == .running, "it was not ready yet")
        #expect(state(("STOPPING=1", at: 1)).phase == .stopping)
    }

    @Test("READY=1 counts where it is what shows readiness")
    func announced() {
        var other = NotifyState()
        other.take(message("READY=1")!, announces: false, at: .zero)
        #expect(!other.hasAnnounced && state(("READY=1", at: 1), readyAt: nil).hasAnnounced)
    }

    @Test("one state and one note of all that is known")
    func condition() {
        var condition = ServiceCondition()
        #expect(condition.state == .starting && condition.note == nil)
        condition.isReady = true
        condition.status = "3 users"
        #expect(condition.state == .ready && condition.note == "3 users")
        condition.phase = .reloading
        #expect(condition.state == .unready && condition.note == "3 users")
        condition.failure = "live check failed"
        #expect(condition.state == .unready && condition.note == "live check failed")
    }
}
