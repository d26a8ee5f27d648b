import Foundation
import JobKit
import Scheduler
import Store
import TestSupport
import Testing

/// What every store must do, the one for tests too.
@Suite("run stores", .waiting)
struct RunStoreContract {
    private let t = Date(timeIntervalSince1970: 1_790_000_000.123)

    private static func stores(_ folder: TemporaryFolder) throws -> [any RunStore & KeyValues] {
        [InMemoryStore(), try SQLiteStore(path: folder["state.db"])]
    }

    @Test("every kind of run comes back as it was")
    func runs() async throws {
        let folder = TemporaryFolder()
        for store in try RunStoreContract.stores(folder) {
            let states: [RunState] = [
                .queued, .running(attempt: 2, since: t), .ending(attempt: 1, since: t, because: .timeout), .waitingToRetry(nextAttempt: 3, at: t),
                .finished(.timedOut, at: t),
            ]
            let causes: [RunCause] = [.boot, .schedule("cron 0 3 * * *"), .after(job: "a", run: 3), .person(via: "command line"), .stop]
            var runs: [Run] = []
            for (index, (state, cause)) in zip(states, causes).enumerated() {
                runs.append(
                    Run(
                        id: Int64(index + 1), job: "job\(index)", cause: cause, reason: index == 3 ? "new key\nsecond line" : nil, scheduledAt: t,
                        missed: index, createdAt: t, state: state, startedAt: t,
                        summary: "s", error: "e", hint: "h", exitCode: 3, result: .values(["k": "v"])))
            }
            try await store.commit(runs.map { .save($0) } + [.cursor(job: "a", schedule: "every 5m", t)])
            let stored = try await store.load()
            #expect(stored.unfinished == Array(runs.prefix(4)))
            #expect(stored.last == ["job4": runs[4]])
            #expect(stored.cursors == [.init(job: "a", schedule: "every 5m"): t])
            #expect(stored.highestRunID == 5)
            #expect(try await store.runs(of: nil, limit: 2).map(\.id) == [5, 4])
            #expect(try await store.run(2) == runs[1])
        }
    }

    @Test("requests with a key come back with their runs, and go with them")
    func requests() async throws {
        let folder = TemporaryFolder()
        for store in try RunStoreContract.stores(folder) {
            func run(_ id: Int64, _ at: Date) -> StoreChange {
                .save(Run(id: id, job: "a", cause: .person(via: "web"), scheduledAt: at, createdAt: at, state: .finished(.succeeded, at: at), startedAt: at))
            }
            let (first, second) = (RequestKey(job: "a", key: "x"), RequestKey(job: "a", key: "y"))
            try await store.commit([run(1, t), .request(first, run: 1), run(2, t + 86_400), .request(second, run: 2)])
            #expect(try await store.load().requests == [first: 1, second: 2])
            #expect(try await store.prune(keeping: 10, since: t + 3600) == [1])
            #expect(try await store.load().requests == [second: 2])
        }
    }

    @Test("values are set together, and nil removes")
    func values() async throws {
        let folder = TemporaryFolder()
        for store in try RunStoreContract.stores(folder) {
            try await store.set(["a": "1", "b": "2"], of: "x")
            try await store.set(["a": nil, "b": "3"], of: "x")
            #expect(try await store.value("a", of: "x") == nil)
            #expect(try await store.value("b", of: "x") == "3")
            #expect(try await store.value("b", of: "y") == nil)
        }
    }

    @Test("retention keeps a job's newest run whatever its age")
    func retention() async throws {
        let folder = TemporaryFolder()
        for store in try RunStoreContract.stores(folder) {
            let runs = (1...20).map {
                Run(
                    id: Int64($0), job: $0 % 2 == 0 ? "even" : "odd", cause: .boot, scheduledAt: t, createdAt: t,
                    state: .finished(.succeeded, at: t + Double($0)))
            }
            try await store.commit(runs.map { .save($0) })
            let gone = try await store.prune(keeping: 3, since: t - 1)
            #expect(gone.count == 14)
            #expect(Set(try await store.runs(of: nil, limit: 100).map(\.id)) == [20, 18, 16, 19, 17, 15])
            _ = try await store.prune(keeping: 3, since: t + 100)
            #expect(Set(try await store.runs(of: nil, limit: 100).map(\.id)) == [20, 19])
        }
    }

    @Test("the verdict and the last stored backup of a job are loaded, and outlive the retention")
    func verdicts() async throws {
        let folder = TemporaryFolder()
        for store in try RunStoreContract.stores(folder) {
            func run(_ id: Int64, _ outcome: RunOutcome, _ cause: RunCause = .boot, backup: BackupResult.Outcome? = nil) -> Run {
                Run(
                    id: id, job: "a", cause: cause, scheduledAt: t, createdAt: t, state: .finished(outcome, at: t + Double(id)),
                    result: backup.map { .backup(BackupResult($0)) })
            }
            let runs = [
                run(1, .succeeded, backup: .stored), run(2, .incomplete, backup: .stored), run(3, .succeeded, backup: .unchanged),
                run(4, .succeeded, .dryRun(via: "x"), backup: .stored), run(5, .failed), run(6, .failed, .dryRun(via: "x")), run(7, .cancelled),
                run(8, .skipped),
            ]
            try await store.commit(runs.map { .save($0) })
            for _ in 1...2 {
                let stored = try await store.load()
                #expect(stored.verdicts["a"] == runs[4] && stored.lastStored["a"] == runs[0])
                #expect(stored.last["a"] == runs[6] && stored.lastReports["a"] == runs[2])
                _ = try await store.prune(keeping: 1, since: t + 1000)
            }
            #expect(try await store.runs(of: nil, limit: 100).map(\.id) == [7, 5, 3, 1])
        }
    }

    @Test("the file is readable with plain sqlite3")
    func plain() async throws {
        let folder = TemporaryFolder()
        let store = try SQLiteStore(path: folder["state.db"])
        try await store.commit([.save(Run(id: 1, job: "backup", cause: .stop, scheduledAt: t, createdAt: t, state: .finished(.succeeded, at: t)))])
        let answer = try Shell.run("sqlite3 '\(folder["state.db"])' \"SELECT job, cause, outcome, finished_at FROM runs\"")
        #expect(answer.output == "backup|stop|succeeded|2026-09-21T14:13:20.123Z\n")
    }

    @Test("a damaged file is kept aside and a new one begun; one that can't be opened is told")
    func damaged() throws {
        let folder = TemporaryFolder()
        try folder.write("state.db", String(repeating: "this is no database ", count: 500))
        let (_, aside) = try SQLiteStore.openOrReplace(path: folder["state.db"])
        #expect(aside != nil)
        #expect(throws: StoreError.self) { try SQLiteStore.openOrReplace(path: "/nonexistent/state.db") }
    }
}
