import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing

@testable import Store

/// A copy of the state file that another container continues from.
@Suite("the state file as it travels", .waiting)
struct TravellingStateTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)
    private let mark = TravellingState.Mark(backup: "ab12", paths: "/data/app", at: Date(timeIntervalSince1970: 1_790_000_500))
    private let ending = TravellingState.Ending(
        run: 3, outcome: .succeeded, report: RunReport(summary: "stored 1 file", result: .backup(BackupResult(.stored, files: 1))))

    private func run(_ id: Int64, _ job: String, _ state: RunState) -> Run {
        Run(id: id, job: job, cause: .boot, scheduledAt: t, createdAt: t, state: state, startedAt: t)
    }

    /// One run that has ended, one that waits, the backup itself, a service, a pause, a cursor, values.
    private func recorded(_ folder: TemporaryFolder) async throws -> SQLiteStore {
        let store = try SQLiteStore(path: folder["state.db"])
        try await store.commit([
            .save(run(1, "daily", .finished(.succeeded, at: t + 1))), .save(run(2, "hexo", .queued)), .save(run(3, "backup", .running(attempt: 1, since: t))),
            .saveAttempt(Attempt(run: 3, number: 1, startedAt: t)), .save(run(4, "app", .running(attempt: 1, since: t))),
            .service(job: "app", ServiceStatus(state: .ready, process: 77, launches: 1), at: t),
            .pause(Pause(job: "hexo", since: t, until: nil, via: "cli")), .cursor(job: "daily", schedule: "every 1d", t),
            .event(Event(at: t, kind: .boot, message: "started")),
        ])
        try await store.set(["lineage": "{}", "request": "x", "restored": "y"], of: "repository/main")
        try await store.set(["ledger": "kept"], of: "job/hexo")
        return store
    }

    @Test("a copy holds the backup as it has ended, and others as interrupted; it is taken over where nothing is recorded, and nowhere else")
    func there() async throws {
        let folder = TemporaryFolder()
        let store = try await recorded(folder)
        try store.writeCopy(to: folder["copy.db"], ending, mark)
        #expect(try folder.run("ls copy.db*").output == "copy.db\n")
        let new = try SQLiteStore(path: folder["new.db"])
        let taken = try new.take(copy: folder["copy.db"]) { $0 == mark }
        #expect(taken == .init(runs: 4, mark: mark))
        let runs = try await new.runs(RunQuery(limit: 10))
        #expect(runs.map(\.id) == [4, 3, 2, 1])
        #expect(runs.map { $0.state.outcome } == [.interrupted, .succeeded, .interrupted, .succeeded])
        #expect(runs[1].summary == "stored 1 file" && runs[1].hasStoredBackup)
        #expect(try await new.attempts(of: 3).first?.result == "succeeded")
        let state = try await new.load()
        #expect(state.unfinished.isEmpty && state.pauses.map(\.job) == ["hexo"] && state.cursors.values.map { $0 } == [t])
        #expect(try await new.values(of: "repository/main") == ["lineage": "{}"])
        #expect(try await new.values(of: "job/hexo") == ["ledger": "kept"])
        #expect(try await new.values(of: TravellingState.owner).isEmpty)
        try folder.run("rm copy.db*")
        try store.writeCopy(to: folder["copy.db"], ending, mark)
        #expect(throws: TravellingState.Refusal.inUse) { try new.take(copy: folder["copy.db"]) { _ in true } }
        #expect(try await new.runs(RunQuery(limit: 10)) == runs)
        // What it was made of is as it was.
        #expect(try await store.runs(RunQuery(limit: 10)).map { $0.state.outcome } == [nil, nil, nil, .succeeded])
    }

    @Test("what is damaged, newer, or of other data is refused, and nothing of it is taken")
    func refused() async throws {
        let folder = TemporaryFolder()
        let store = try await recorded(folder)
        func refusal(_ change: String, isOurs: Bool = true) async throws -> TravellingState.Refusal? {
            try folder.run("rm -f copy.db* new.db*")
            try store.writeCopy(to: folder["copy.db"], ending, mark)
            #expect(try folder.run(change).status == 0)
            let new = try SQLiteStore(path: folder["new.db"])
            do throws(TravellingState.Refusal) { _ = try new.take(copy: folder["copy.db"]) { _ in isOurs } } catch {
                #expect(try await new.load() == StoredState())
                return error
            }
            return nil
        }
        #expect(try await refusal("true") == nil)
        #expect(try await refusal("sqlite3 copy.db \"INSERT INTO grdb_migrations VALUES ('99: later')\"") == .newer)
        #expect(try await refusal("head -c 20000 copy.db > cut && mv cut copy.db") == .damaged)
        #expect(try await refusal("echo nothing > copy.db") == .damaged)
        #expect(try await refusal("rm copy.db; sqlite3 copy.db 'CREATE TABLE other (x)'") == .damaged)
        #expect(try await refusal("true", isOurs: false) == .others(mark))
    }

    @Test("one that is too large loses old runs and events, and keeps what a boot continues from")
    func thinned() async throws {
        let folder = TemporaryFolder()
        let store = try await recorded(folder)
        let text = String(repeating: "long ", count: 200)
        try await store.commit(
            (10..<3000).flatMap { (id: Int64) -> [StoreChange] in
                var run = run(id, "daily", .finished(id == 10 ? .failed : .cancelled, at: t + Double(id)))
                run.summary = text
                return [.save(run), .event(Event(at: t + Double(id), kind: .boot, message: text))]
            })
        let most: Int64 = 1 << 20
        try store.writeCopy(to: folder["copy.db"], ending, mark, mostBytes: most)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder["copy.db"])).count <= most)
        let new = try SQLiteStore(path: folder["new.db"])
        _ = try new.take(copy: folder["copy.db"]) { _ in true }
        let before = try await store.load()
        let after = try await new.load()
        #expect(after.last["daily"] == before.last["daily"] && after.verdicts["daily"] == before.verdicts["daily"] && after.cursors == before.cursors)
        #expect(try await new.values(of: "job/hexo") == ["ledger": "kept"])
        let kept = try await new.runs(RunQuery(job: "daily", limit: 5000)).count
        #expect(kept >= 10 && kept < 2990, "\(kept)")
    }
}
