import Foundation
import JobKit
import Scheduler
import Store
import TestSupport
import Testing

@Suite("problems in the state file")
struct ProblemRowsTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    @Test("problems, deadlines and what runs take come back, and end")
    func roundTrip() async throws {
        let folder = TemporaryFolder()
        let store = try SQLiteStore(path: folder["state.db"])
        let late = JobProblem(.late, since: t, message: "no run has started for 26 h")
        let failed = JobProblem(.failed, since: t + 1, run: 7, message: "exit code 3")
        let state = DeadlineState(lastStart: t, lastSuccess: t - 60)
        func run(_ id: Int64, _ outcome: RunOutcome, _ seconds: Double) -> StoreChange {
            .save(Run(id: id, job: "a", cause: .boot, scheduledAt: t, createdAt: t, state: .finished(outcome, at: t + seconds), startedAt: t))
        }
        try await store.commit([
            .problem(job: "a", late), .problem(job: "a", failed), .deadline(job: "a", state), run(1, .succeeded, 5), run(2, .failed, 50), run(3, .succeeded, 9),
        ])
        let loaded = try await SQLiteStore(path: folder["state.db"]).load()
        #expect(Set(loaded.problems["a"] ?? []) == [late, failed])
        #expect(loaded.deadlines == ["a": state])
        #expect(loaded.durations == ["a": [.seconds(9), .seconds(5)]])
        try await store.commit([.problemOver(job: "a", .late), .deadline(job: "a", nil)])
        let after = try await store.load()
        #expect(after.problems == ["a": [failed]] && after.deadlines.isEmpty && after.durations.isEmpty)
    }
}
