import Buckets
import Files
import Foundation
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Backups

/// How far a backup or a restore says it is: within a file too, and never at the cost of what is stored.
@Suite("progress of backups", .waiting)
struct ProgressTests {
    /// What was reported, in order.
    private final class Reports: Sendable {
        private let all = Mutex<[BackupProgress]>([])

        func take(_ progress: BackupProgress) { all.withLock { $0.append(progress) } }

        func of(_ step: BackupProgress.Step) -> [BackupProgress] { all.withLock { $0.filter { $0.step == step } } }

        /// Each step once, in the order in which they came.
        var steps: [BackupProgress.Step] {
            all.withLock { all in all.map(\.step).reduce(into: []) { steps, step in if steps.last != step { steps.append(step) } } }
        }
    }

    private func backUp(_ world: SourceWorld, _ reports: Reports) async throws -> SnapshotReport {
        let outcome = try await world.repository.backUp(
            world.source, Lineage(), .init(scratch: world.folder["scratch"], aside: "test", now: Date(timeIntervalSince1970: 1_790_000_000)),
            onProgress: reports.take, onPacked: { _, _ in })
        guard case .stored(_, let report, _) = outcome else { throw SourceWorld.Failed(words: "\(outcome)") }
        return report
    }

    /// Whether bytes grow from report to report, by no more than a step, up to all of them.
    private func checkMoving(_ reports: [BackupProgress], total: Int64, step: Int64, _ place: SourceLocation = #_sourceLocation) {
        let bytes = reports.map { $0.bytes ?? -1 }
        #expect(bytes == bytes.sorted() && bytes.last == total, "\(bytes)", sourceLocation: place)
        #expect(zip(bytes, bytes.dropFirst()).allSatisfy { $1 - $0 <= step } && (bytes.first ?? 0) <= step, "\(bytes)", sourceLocation: place)
        #expect(reports.allSatisfy { $0.totalBytes == total }, sourceLocation: place)
    }

    @Test("one big file: bytes move within it while it is packed, uploaded, verified, exported and unpacked", .limited)
    func bigFile() async throws {
        let world = try SourceWorld()
        let size: Int64 = 24_000_000
        try world.shell("head -c \(size) /dev/urandom > app/big; printf ab > app/small")
        let reports = Reports()
        let report = try await backUp(world, reports)
        #expect(reports.steps == [.packing, .uploading])
        checkMoving(reports.of(.packing), total: size + 2, step: 2 << 20)
        #expect(reports.of(.packing).contains { $0.files == 0 && ($0.bytes ?? 0) > 1_000_000 } && reports.of(.packing).last?.files == 2)
        #expect(reports.of(.packing).allSatisfy { $0.totalFiles == 2 })
        let checksumFile: Int64 = 65
        checkMoving(reports.of(.uploading), total: report.archiveBytes + checksumFile, step: 2 << 20)

        let version = try #require(try await world.repository.snapshots().first)
        let (verify, export, unpack, list, restore, compare) = (Reports(), Reports(), Reports(), Reports(), Reports(), Reports())
        _ = try await world.repository.verify(version, scratch: world.folder["scratch"], onProgress: verify.take)
        #expect(verify.steps == [.verifying])
        checkMoving(verify.of(.verifying), total: report.archiveBytes, step: 2 << 20)
        try world.shell("mkdir out2 out3")
        _ = try await world.repository.export(version, to: "x.tar.gz", in: Folder.open(world.folder["out2"]), onProgress: export.take)
        #expect(export.steps == [.verifying, .exporting])
        for step in export.steps { checkMoving(export.of(step), total: report.archiveBytes, step: 2 << 20) }
        _ = try await world.repository.unpack(version, into: Folder.open(world.folder["out3"]), onProgress: unpack.take)
        checkMoving(unpack.of(.unpacking), total: report.archiveBytes, step: 2 << 20)
        try await world.repository.list(version, scratch: world.folder["scratch"], onProgress: list.take) { _ in }
        checkMoving(list.of(.reading), total: report.archiveBytes, step: 2 << 20)
        _ = try await world.repository.compare(
            .nothing, .live(world.source), of: world.source, scratch: world.folder["scratch"], onProgress: compare.take, each: { _ in })
        #expect(compare.steps == [.reading] && compare.of(.reading).count > 20)
        try world.shell("rm -rf app")
        _ = try await TreeRestorer(repository: world.repository, source: world.source, id: "1").restore(onProgress: restore.take)
        #expect(restore.steps == [.unpacking, .replacing] && restore.of(.replacing) == [BackupProgress(.replacing, files: 2)])
        checkMoving(restore.of(.unpacking), total: report.archiveBytes, step: 2 << 20)
        #expect(try world.shell("stat -c %s app/big").output == "\(size)\n")
    }

    @Test("an export that can't be written leaves nothing in the folder, and what was there stays", .limited)
    func failedExport() async throws {
        let world = try SourceWorld()
        try world.shell("head -c 3000000 /dev/urandom > app/big")
        _ = try await backUp(world, Reports())
        let version = try #require(try await world.repository.snapshots().first)
        // A folder has the name: the last step fails.
        try world.shell("mkdir -p out/x.tar.gz/inside; echo old > out/old")
        let out = try Folder.open(world.folder["out"])
        await #expect(throws: BackupError.self) { try await world.repository.export(version, to: "x.tar.gz", in: out) }
        #expect(try world.shell("find out | sort").output == "out\nout/old\nout/x.tar.gz\nout/x.tar.gz/inside\n")
        // What an earlier one left is in nobody's way.
        try world.shell("rm -rf out/x.tar.gz; mkdir out/.x.tar.gz.part")
        _ = try await world.repository.export(version, to: "x.tar.gz", in: out)
        #expect(try world.shell("ls -A out; cmp out/x.tar.gz repo/latest_backup.tar.gz").output == "old\nx.tar.gz\n")
        guard getuid() == 0 else { return }
        try world.shell("mkdir small; mount -t tmpfs -o size=1m tmpfs small")
        defer { _ = try? world.shell("umount small") }
        await #expect(throws: BackupError.self) { try await world.repository.export(version, to: "x.tar.gz", in: Folder.open(world.folder["small"])) }
        #expect(try world.shell("ls -A small").output == "")
    }

    @Test("an export that is cancelled ends, and leaves nothing", .limited)
    func cancelledExport() async throws {
        let world = try SourceWorld()
        try world.shell("head -c 8000000 /dev/urandom > app/big; mkdir out")
        _ = try await backUp(world, Reports())
        let version = try #require(try await world.repository.snapshots().first)
        let out = try Folder.open(world.folder["out"])
        let task = Mutex<Task<SnapshotContents, any Error>?>(nil)
        let begun = DispatchSemaphore(value: 0)
        let export = Task {
            try await world.repository.export(version, to: "x.tar.gz", in: out) { progress in
                guard progress.step == .exporting else { return }
                begun.wait()
                begun.signal()
                task.withLock { $0?.cancel() }
            }
        }
        task.withLock { $0 = export }
        begun.signal()
        await #expect(throws: BackupError.cancelled) { try await export.value }
        #expect(try world.shell("ls -A out").output == "")
    }

    @Test("small files and small databases are not announced one by one in bytes of their own")
    func small() async throws {
        let world = try SourceWorld()
        try world.shell("for i in 1 2 3; do echo $i > app/$i; sqlite3 app/$i.db 'CREATE TABLE t(x)'; done")
        let reports = Reports()
        _ = try await backUp(world, reports)
        #expect(reports.steps == [.packing, .uploading] && reports.of(.packing).count == 6)
        #expect(reports.of(.packing).map(\.files) == [1, 2, 3, 4, 5, 6])
    }

    /// The writer moves money between two rows all the time: any moment but one within a change adds up to nothing.
    @Test("a database is copied in many steps of one moment, whoever writes meanwhile", .limited, arguments: ["wal", "delete"])
    func database(mode: String) async throws {
        let world = try SourceWorld()
        let writer = try world.background(
            """
            import os, sqlite3, sys, threading
            c = sqlite3.connect("app/a.db", timeout=60, isolation_level=None); c.execute("PRAGMA journal_mode=\(mode)")
            c.execute("PRAGMA synchronous=OFF")
            c.execute("CREATE TABLE money(who PRIMARY KEY, amount)"); c.execute("INSERT INTO money VALUES ('a', 0), ('z', 0)")
            c.execute("CREATE TABLE filler(x)"); c.execute("BEGIN")
            c.executemany("INSERT INTO filler VALUES (?)", [(os.urandom(30000),)] * 700); c.execute("COMMIT")
            threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
            n = 0
            while True:
                n += 1
                c.execute("BEGIN IMMEDIATE"); c.execute("UPDATE money SET amount = amount + 1 WHERE who = 'a'")
                c.execute("INSERT INTO filler VALUES (?)", (os.urandom(100),))
                c.execute("UPDATE money SET amount = amount - 1 WHERE who = 'z'"); c.execute("COMMIT")
                if n == 10: print(1, flush=True)
            """)
        defer { kill(writer.processIdentifier, SIGKILL) }
        let reports = Reports()
        let report = try await backUp(world, reports)
        #expect(report.databases == 1 && report.incomplete.isEmpty, "\(report)")
        let copying = reports.of(.copyingDatabase)
        let bytes = copying.compactMap(\.bytes)
        #expect(copying.count >= 4 && bytes == bytes.sorted(), "\(bytes)")
        // One moment: the whole does not change from step to step.
        #expect(Set(copying.map(\.totalBytes)).count == 1 && copying.allSatisfy { ($0.bytes ?? 0) < ($0.totalBytes ?? 0) })
        #expect(!reports.of(.checkingDatabase).isEmpty)
        try world.unpack()
        let found = try world.shell("sqlite3 out/app/a.db \"SELECT sum(amount) = 0 AND max(amount) >= 10 FROM money; PRAGMA integrity_check\"")
        #expect(found.output == "1\nok\n", "\(found)")
    }

    @Test("a copy of a database ends within a step when the backup is cancelled", .limited)
    func cancelled() async throws {
        let world = try SourceWorld()
        try world.python(
            """
            import os, sqlite3
            c = sqlite3.connect("app/a.db"); c.execute("CREATE TABLE t(x)"); c.executemany("INSERT INTO t VALUES (?)", [(os.urandom(30000),)] * 1500); c.commit()
            """)
        let reports = Reports()
        let begun = Gate()
        let cancelled = DispatchSemaphore(value: 0)
        let task = Task {
            try await world.repository.backUp(
                world.source, Lineage(), .init(scratch: world.folder["scratch"], aside: "test", now: Date()),
                onProgress: { progress in
                    reports.take(progress)
                    guard progress.step == .copyingDatabase else { return }
                    begun.open()
                    cancelled.wait()
                }, onPacked: { _, _ in })
        }
        await begun.wait()
        task.cancel()
        cancelled.signal()
        await #expect { try await task.value } throws: { error in if case BackupError.cancelled = error { true } else { false } }
        #expect(reports.of(.copyingDatabase).count == 1 && reports.of(.packing).isEmpty)
    }
}
