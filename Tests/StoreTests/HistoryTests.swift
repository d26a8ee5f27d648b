import Foundation
import JobKit
import Scheduler
import Store
import TestSupport
import Testing

/// Random histories: what is searched by index is what a look at everything finds.
@Suite("a long history", .waiting)
struct HistoryTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func history(_ random: inout SeededRandom, count: Int) -> [Run] {
        (1...Int64(count)).map { id in
            let start = t + Double(id)
            let outcome = RunOutcome.allCases.randomElement(using: &random) ?? .succeeded
            let isOpen = Int.random(in: 0..<40, using: &random) == 0
            let cause: RunCause = Int.random(in: 0..<8, using: &random) == 0 ? .dryRun(via: "x") : .boot
            let backup: BackupResult.Outcome? = [nil, .stored, .unchanged].randomElement(using: &random) ?? nil
            return Run(
                id: id, job: ["a", "b", "备份", "z'\"%"].randomElement(using: &random) ?? "a", cause: cause, scheduledAt: start, createdAt: start,
                state: isOpen ? .running(attempt: 1, since: start) : .finished(outcome, at: start + Double.random(in: 0..<50, using: &random).rounded()),
                startedAt: outcome == .skipped ? nil : start, result: backup.map { .backup(BackupResult($0)) })
        }
    }

    @Test("queries, loads and removals agree with a look at everything", arguments: 1...6)
    func agree(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let folder = TemporaryFolder()
        let (memory, file) = (InMemoryStore(), try SQLiteStore(path: folder["state.db"]))
        let runs = history(&random, count: 400)
        for store in [memory, file] as [any RunStore] { try await store.commit(runs.map { .save($0) }) }
        for round in 0..<4 {
            var queries: [RunQuery] = []
            for job in [nil, "a", "备份", "z'\"%", "none"] as [String?] {
                for selection in [RunQuery.Selection.all, .started, .newestStartedOfEachJob] {
                    for outcomes in [nil, [.failed, .incomplete, .interrupted, .timedOut], [.succeeded], []] as [Set<RunOutcome>?] {
                        let since = Bool.random(using: &random) ? nil : t + Double.random(in: 0..<450, using: &random)
                        queries.append(RunQuery(job: job, selection, outcomes: outcomes, since: since, limit: [1, 7, 1000].randomElement(using: &random) ?? 1))
                    }
                }
            }
            for query in queries { #expect(try await file.runs(query) == memory.runs(query), "\(query)") }
            #expect(try await file.load() == memory.load())
            let (most, oldest) = (Int.random(in: 1...60, using: &random), t + Double(round * 60))
            #expect(try await Set(file.prune(keeping: most, since: oldest)) == Set(memory.prune(keeping: most, since: oldest)), "\(most), \(oldest)")
        }
    }
}
