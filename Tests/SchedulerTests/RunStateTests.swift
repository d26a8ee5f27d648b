import Foundation
import JobKit
import Scheduler
import Testing

@Suite("run states")
struct RunStateTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)
    private let again = RetryPolicy(attempts: 2, backoff: .seconds(10), backoffCap: .seconds(60))
    private var states: [RunState] {
        [
            .queued, .running(attempt: 1, since: t), .ending(attempt: 1, since: t, because: .person), .waitingToRetry(nextAttempt: 2, at: t),
            .deferred(nextAttempt: 2, until: t), .finished(.succeeded, at: t),
        ]
    }
    private let events: [RunEvent] = [
        .slotGranted, .succeeded, .incomplete, .failed(JobError("x", retry: .worthwhile)), .endRequested(.person), .foundInterrupted, .skipped,
    ]

    @Test("every arrow of the drawing, and no other")
    func arrows() {
        let drawn: [[String?]] = [
            ["running", nil, nil, nil, "finished cancelled", "queued", "finished skipped"],
            [nil, "finished succeeded", "finished incomplete", "waiting", "ending", "finished interrupted", nil],
            [nil, "finished succeeded", "finished incomplete", "finished cancelled", "ending", "finished interrupted", nil],
            ["running", nil, nil, nil, "finished cancelled", "waiting", "finished skipped"],
            ["running", nil, nil, nil, "finished cancelled", "deferred", "finished skipped"],
            [nil, nil, nil, nil, nil, nil, nil],
        ]
        for (state, row) in zip(states, drawn) {
            for (event, expected) in zip(events, row) {
                let next = try? state.after(event, at: t, retry: again)
                #expect(next.map(name) == expected, "\(state) \(event)")
            }
        }
    }

    private func name(_ state: RunState) -> String {
        switch state {
        case .queued: "queued"
        case .running: "running"
        case .ending: "ending"
        case .waitingToRetry: "waiting"
        case .deferred: "deferred"
        case .finished(let outcome, _): "finished \(outcome.rawValue)"
        }
    }

    @Test("the last attempt fails for good; a pointless one at once")
    func exhausted() throws {
        let error = JobError("x", retry: .worthwhile)
        #expect(try RunState.running(attempt: 2, since: t).after(.failed(error), at: t, retry: again) == .finished(.failed, at: t))
        #expect(try RunState.running(attempt: 1, since: t).after(.failed(JobError("x")), at: t, retry: again) == .finished(.failed, at: t))
    }

    @Test("a timeout is a retry where the policy says so, else the outcome")
    func timeout() throws {
        let ending = RunState.ending(attempt: 1, since: t, because: .timeout)
        #expect(try ending.after(.failed(JobError("x")), at: t, retry: .never) == .finished(.timedOut, at: t))
        let retried = try ending.after(.failed(JobError("x")), at: t, retry: again)
        #expect(name(retried) == "waiting")
    }

    @Test("the wait doubles to its cap, between a half and the whole of it")
    func backoff() throws {
        let policy = RetryPolicy(attempts: 10, backoff: .seconds(10), backoffCap: .seconds(60))
        for (attempt, whole) in zip(1...5, [10.0, 20, 40, 60, 60]) {
            let state = try RunState.running(attempt: attempt, since: t)
                .after(.failed(JobError("x", retry: .worthwhile)), at: t, retry: policy, salt: 42)
            guard case .waitingToRetry(_, let at) = state else { Issue.record("\(state)"); continue }
            #expect((whole / 2...whole).contains(at.timeIntervalSince(t)))
        }
    }

    @Test("a server's own wait defers the run, whatever the retry policy says", arguments: [RetryPolicy.never, RetryPolicy(attempts: 2)])
    func deferral(policy: RetryPolicy) throws {
        for attempt in [1, 2, 9] {
            let state = try RunState.running(attempt: attempt, since: t)
                .after(.failed(JobError("429", retry: .after(.seconds(700)))), at: t, retry: policy)
            #expect(state == .deferred(nextAttempt: attempt, until: t + 700))
        }
    }
}
