import Foundation
import JobKit
import Scheduler
import Store
import TestSupport
import Testing

@Suite("the state file", .waiting)
struct StateRecordTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000.123)

    @Test("each commit waits until the disk has it, for a new file and one that was there")
    func synced() throws {
        let folder = TemporaryFolder()
        for _ in 0..<2 { #expect(try SQLiteStore(path: folder["state.db"]).syncsEachCommit()) }
    }

    @Test("pauses come back, and a state file of the first release gets room for them")
    func pauses() async throws {
        let folder = TemporaryFolder()
        let (all, one) = (Pause(job: nil, since: t, until: t + 60, via: "web"), Pause(job: "a", since: t, until: nil, via: "command line"))
        let gone = Pause(job: "b", since: t, until: nil, via: "web")
        try await SQLiteStore(path: folder["state.db"]).commit([
            .pause(all), .pause(gone), .pause(one), .resume(job: "b"), .serviceStopped(job: "x", at: t), .serviceStopped(job: "y", at: t),
            .serviceWanted(job: "x"),
        ])
        #expect(try await SQLiteStore(path: folder["state.db"]).load().stoppedServices == ["y": t])
        #expect(Set(try await SQLiteStore(path: folder["state.db"]).load().pauses) == [all, one])
        let older = try Shell.run(
            "sqlite3 '\(folder["state.db"])' \"DROP TABLE pauses; DROP TABLE stopped_services; DELETE FROM grdb_migrations WHERE identifier LIKE '2:%'\"")
        #expect(older.status == 0, "\(older.errors)")
        let store = try SQLiteStore(path: folder["state.db"])
        #expect(try await store.load().pauses.isEmpty)
        try await store.commit([.pause(one)])
        #expect(try await store.load().pauses == [one])
    }

    @Test("every cause and every outcome comes back, from a store opened again too")
    func everyKind() async throws {
        let folder = TemporaryFolder()
        let causes: [RunCause] = [
            .boot, .confirmed(via: "web"), .schedule("cron 0 3 * * *"), .after(job: "a", run: 3), .person(via: "web"), .stop, .change(path: "/data/a b"),
            .dryRun(via: "command line"),
            .other(kind: "moon", detail: "full"), .other(kind: "tide", detail: nil),
        ]
        var runs: [Run] = []
        for cause in causes {
            for outcome in RunOutcome.allCases {
                runs.append(
                    Run(
                        id: Int64(runs.count + 1), job: "job", cause: cause, scheduledAt: t, createdAt: t, state: .finished(outcome, at: t)))
            }
        }
        try await SQLiteStore(path: folder["state.db"]).commit(runs.map { .save($0) })
        let again = try SQLiteStore(path: folder["state.db"])
        #expect(try await again.runs(of: "job", limit: 1000) == runs.reversed())
    }

    @Test("rows of another version are shown, and what was under way is found interrupted")
    func unknownRows() async throws {
        let folder = TemporaryFolder()
        let store = try SQLiteStore(path: folder["state.db"])
        try await store.commit([])
        let sql = """
            INSERT INTO runs (id, job, cause, cause_detail, scheduled_at, missed, created_at, state, outcome) VALUES
            (1, 'a', 'moon', 'full', '2026-11-20T03:00:00.000Z', 0, '2026-11-20T03:00:00.000Z', 'finished', 'glorious'),
            (2, 'a', 'after', 'without a number', 'yesterday', 0, '2026-11-20T03:00:00.000Z', 'hovering', NULL)
            """
        _ = try Shell.run("sqlite3 '\(folder["state.db"])' \"\(sql)\"")
        let runs = try await store.runs(of: "a", limit: 10)
        #expect(runs.map(\.id) == [2, 1])
        #expect(runs.last?.cause == .other(kind: "moon", detail: "full"))
        #expect(runs.last?.state.outcome == .failed)
        let stored = try await store.load()
        #expect(stored.unfinished.map(\.state.activeAttempt) == [1])
    }

    @Test("a cursor that is forgotten is gone")
    func forgotten() async throws {
        let folder = TemporaryFolder()
        for store in [InMemoryStore(), try SQLiteStore(path: folder["state.db"])] as [any RunStore] {
            try await store.commit([
                .cursor(job: "a", schedule: "every 5m", t), .cursor(job: "a", schedule: "every 6m", t), .forgetCursor(job: "a", schedule: "every 5m"),
            ])
            #expect(try await store.load().cursors == [.init(job: "a", schedule: "every 6m"): t])
        }
    }

    @Test("a damaged file is set aside together with its log of changes")
    func damagedWithLog() throws {
        let folder = TemporaryFolder()
        try folder.write("state.db", String(repeating: "this is no database ", count: 500))
        try folder.write("state.db-wal", "the only good pages")
        let (_, aside) = try SQLiteStore.openOrReplace(path: folder["state.db"])
        let kept = try #require(aside)
        #expect(try String(contentsOfFile: kept + "-wal", encoding: .utf8) == "the only good pages")
        #expect(!FileManager.default.fileExists(atPath: folder["state.db-wal.kept"]))
    }

    @Test("what is begun in the place of a damaged file is for its owner only, as that was")
    func damagedIsPrivate() throws {
        let folder = TemporaryFolder()
        try folder.write("state.db", String(repeating: "this is no database ", count: 500))
        let (store, aside) = try SQLiteStore.openOrReplace(path: folder["state.db"])
        #expect(aside != nil)
        #expect(try Shell.run("stat -c %a state.db state.db-wal state.db-shm | sort -u", folder: folder.path).output == "600\n")
        withExtendedLifetime(store) {}
    }

    @Test("a folder in the file's place is called one")
    func folderInPlace() throws {
        let folder = TemporaryFolder()
        try folder.run("mkdir state.db")
        let error = #expect(throws: StoreError.self) { try SQLiteStore.openOrReplace(path: folder["state.db"]) }
        #expect(error?.message == "\(folder["state.db"]) is a folder; move it away")
    }
}
