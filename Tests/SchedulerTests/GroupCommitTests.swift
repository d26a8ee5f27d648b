import Foundation
import JobKit
import Synchronization
import TestSupport
import Testing

@testable import Scheduler

@Suite("one commit for all that waits", .waiting)
struct GroupCommitTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func run(_ id: Int64, _ state: RunState) -> Run { Run(id: id, job: "a", cause: .boot, scheduledAt: t, createdAt: t, state: state) }

    @Test("only the last state of a row is written, at the place of the first")
    func collapsed() {
        let (queued, running) = (run(1, .queued), run(1, .running(attempt: 1, since: t)))
        let changes: [StoreChange] = [
            .save(queued), .cursor(job: "a", schedule: "s", t), .saveAttempt(Attempt(run: 1, number: 1, startedAt: t)), .save(running),
            .event(Event(at: t, kind: .clock, message: "one")), .event(Event(at: t, kind: .clock, message: "one")), .cursor(job: "a", schedule: "s", t + 1),
            .saveAttempt(Attempt(run: 1, number: 1, startedAt: t + 5, endedAt: t + 6, result: "succeeded")), .cursor(job: "b", schedule: "s", t),
            .forgetCursor(job: "b", schedule: "s"),
        ]
        #expect(
            changes.collapsed == [
                .save(running), .cursor(job: "a", schedule: "s", t + 1),
                .saveAttempt(Attempt(run: 1, number: 1, startedAt: t, endedAt: t + 6, result: "succeeded")),
                .event(Event(at: t, kind: .clock, message: "one")), .event(Event(at: t, kind: .clock, message: "one")), .forgetCursor(job: "b", schedule: "s"),
            ])
    }

    @Test("an inbox gives all that waits at once, and nothing after it is closed")
    func inbox() async {
        let inbox = Inbox<Int>()
        for number in 1...5 { inbox.post(number) }
        for await _ in inbox.bell { break }
        #expect(inbox.takeAll() == [1, 2, 3, 4, 5])
        #expect(inbox.takeAll().isEmpty)
        inbox.post(6)
        #expect(inbox.close() == [6])
        #expect(!inbox.post(7))
    }
}
