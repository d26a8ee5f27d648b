import Files
import Foundation
import Storage
import TestSupport
import Testing

@testable import Backups

@Suite("databases", .waiting)
struct DatabaseTests {
    private static let collation = "c.create_collation('unicase', lambda a, b: (a.lower() > b.lower()) - (a.lower() < b.lower()))"

    @Test(
        "reading leaves no trace: no file comes, no time changes, and the second backup finds nothing new", .limited,
        arguments: ["wal", "delete", "persist", "wal, only to be read", "delete, only to be read"], [false, true])
    func traces(how: String, isOpen: Bool) async throws {
        let mode = how.prefix { $0 != "," }
        let world = try SourceWorld()
        let make = """
            import sqlite3, sys
            c = sqlite3.connect("app/a.db"); c.execute("PRAGMA journal_mode=\(mode)"); c.execute("CREATE TABLE t(x)")
            c.execute("INSERT INTO t VALUES (1)"); c.commit(); c.execute("SELECT * FROM t").fetchall()
            """
        let holder = isOpen ? try world.background(make + "\nprint(1, flush=True); sys.stdin.read()") : nil
        if !isOpen { try world.python(make + "\nc.close()") }
        // Root may write all the same; a plain user may not.
        if how != mode { try world.shell("chmod -R a-w app") }
        let before = try world.traces()
        #expect(before.contains("a.db-wal") == (isOpen && mode == "wal"))
        let first = try await world.backUp()
        #expect(first.report?.databases == 1 && first.report?.incomplete.isEmpty == true && first.report?.notes.isEmpty == true, "\(first)")
        #expect(try world.traces() == before)
        #expect(try await world.backUp(after: first).isUnchanged)
        #expect(try world.traces() == before)
        try world.unpack()
        // A plain user's SQLite makes files beside such a database even to read it.
        #expect(try world.shell("ls out/app; chmod -R u+w out/app; sqlite3 out/app/a.db 'SELECT x FROM t'").output == "a.db\n1\n")
        if let holder { kill(holder.processIdentifier, SIGKILL) }
    }

    @Test("a log that its program left behind, with and without its index, is read and stays", .limited, arguments: [true, false])
    func crashed(hasMemory: Bool) async throws {
        let world = try SourceWorld()
        try world.python(
            """
            import os, sqlite3
            c = sqlite3.connect("app/a.db"); c.execute("PRAGMA journal_mode=wal"); c.execute("CREATE TABLE t(x)")
            c.execute("INSERT INTO t VALUES (7)"); c.commit(); os._exit(0)
            """)
        if !hasMemory { try world.shell("rm app/a.db-shm") }
        let before = try world.traces()
        let backup = try await world.backUp()
        #expect(backup.report?.incomplete.isEmpty == true, "\(backup)")
        #expect(try world.traces() == before)
        try world.unpack()
        #expect(try world.shell("ls out/app; sqlite3 out/app/a.db 'SELECT x FROM t'").output == "a.db\n7\n")
    }

    @Test("a journal of a change that was cut short is rolled back in the copy, and stays where it lies", .limited)
    func hotJournal() async throws {
        let world = try SourceWorld()
        try world.python(
            """
            import os, sqlite3
            c = sqlite3.connect("app/a.db", isolation_level=None); c.execute("PRAGMA cache_size=5"); c.execute("CREATE TABLE t(x)")
            c.execute("BEGIN"); c.executemany("INSERT INTO t VALUES (?)", [("old" * 200,)] * 500); c.execute("COMMIT")
            c.execute("BEGIN"); c.execute("UPDATE t SET x = 'new'"); os._exit(0)
            """)
        let before = try world.traces()
        #expect(before.contains("a.db-journal"))
        let backup = try await world.backUp()
        #expect(backup.report?.incomplete.isEmpty == true, "\(backup)")
        #expect(try world.traces() == before)
        try world.unpack()
        #expect(try world.shell("ls out/app; sqlite3 out/app/a.db \"SELECT count(*) FROM t WHERE x LIKE 'old%'\"").output == "a.db\n500\n")
    }

    @Test("two copies at once in one program under a busy writer: none is torn", .limited, arguments: ["wal", "delete"])
    func concurrent(mode: String) async throws {
        let world = try SourceWorld()
        let writer = try world.background(
            """
            import sqlite3, sys, threading
            c = sqlite3.connect("app/a.db", isolation_level=None, timeout=60); c.execute("PRAGMA journal_mode=\(mode)"); c.execute("PRAGMA synchronous=OFF")
            c.execute("CREATE TABLE a(n, x)"); c.execute("CREATE TABLE b(n)"); c.execute("INSERT INTO a VALUES (0, ''), (0, '')"); c.execute("INSERT INTO b VALUES (0)")
            c.executemany("INSERT INTO a VALUES (0, ?)", [("x" * 900,)] * 6000); c.execute("CREATE INDEX i ON a(n)")
            ended = threading.Event(); threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
            n = 0
            while not ended.is_set():
                n += 1; c.execute("BEGIN IMMEDIATE"); c.execute("UPDATE a SET n = ? WHERE rowid % 7 = ?", (n, n % 7)); c.execute("UPDATE b SET n = ?", (n,)); c.execute("COMMIT")
                if n == 3: print(1, flush=True)
            """)
        defer { kill(writer.processIdentifier, SIGKILL) }
        let other = SecondRepository(world)
        for round in 0..<25 {
            async let left = world.backUp(scratch: "left")
            async let right = other.backUp(round)
            for (backup, repo) in [(try await left, "repo"), (try await right, "other")] {
                #expect(backup.report?.incomplete.isEmpty == true && backup.report?.databases == 1, "\(backup)")
                let check = try world.shell(
                    "rm -rf out && mkdir out && tar -C out -xzf \(repo)/latest_backup.tar.gz && sqlite3 out/app/a.db 'PRAGMA integrity_check; SELECT (SELECT max(n) FROM a) = (SELECT n FROM b)'"
                )
                #expect(check.output == "ok\n1\n", "round \(round): \(check)")
            }
            try world.shell("rm -rf repo other && mkdir repo other")
        }
    }

    private struct SecondRepository {
        let world: SourceWorld

        init(_ world: SourceWorld) {
            self.world = world
            _ = try? world.shell("mkdir other")
        }

        func backUp(_ round: Int) async throws -> SourceWorld.Backup {
            let repository = ArchiveRepository(store: LocalFolder(path: world.folder["other"]), retention: Retention(), cores: 1)
            return SourceWorld.Backup(
                outcome: try await repository.backUp(
                    world.source, Lineage(), scratch: world.folder["right"], at: Date(timeIntervalSince1970: 1_790_000_000)))
        }
    }

    @Test("what only its own program understands is stored whole, with a note", .limited)
    func foreign() async throws {
        let world = try SourceWorld()
        try world.python(
            """
            import sqlite3
            c = sqlite3.connect("app/collation.db"); \(Self.collation)
            c.execute("CREATE TABLE d(n TEXT COLLATE unicase)"); c.execute("CREATE INDEX i ON d(n)"); c.execute("INSERT INTO d VALUES ('x')"); c.commit(); c.close()
            c = sqlite3.connect("app/newer.db"); c.execute("CREATE TABLE t(x)"); c.commit(); c.execute("PRAGMA writable_schema=ON")
            c.execute("UPDATE sqlite_master SET sql = 'CREATE TABLE t(x) WITH FUTURE SYNTAX'"); c.commit(); c.close()
            c = sqlite3.connect("app/format.db"); c.execute("CREATE TABLE t(x)"); c.commit(); c.close()
            b = bytearray(open("app/format.db", "rb").read()); b[18] = b[19] = 3; open("app/format.db", "wb").write(b)
            """)
        let report = try #require(try await world.backUp().report)
        #expect(report.incomplete.isEmpty && report.notes.count == 3, "\(report)")
        #expect(report.notes.allSatisfy { $0.contains("could not be checked") })
        try world.unpack()
        for name in ["collation.db", "newer.db", "format.db"] { #expect(try world.isSameDatabase(name), "\(name)") }
    }

    @Test("a damaged page: stored as it is, and said; a text that begins like a database is a file like any other", .limited)
    func damaged() async throws {
        let world = try SourceWorld()
        try world.python(
            """
            import sqlite3
            c = sqlite3.connect("app/a.db"); c.execute("CREATE TABLE t(x)"); c.executemany("INSERT INTO t VALUES (?)", [("row" * 50,)] * 3000); c.commit()
            c.close(); b = bytearray(open("app/a.db", "rb").read()); b[4096 * 20:4096 * 20 + 64] = bytes(64); open("app/a.db", "wb").write(b)
            open("app/notes.txt", "wb").write(b"SQLite format 3\\0" + b" is how such files begin. " * 20)
            """)
        let report = try #require(try await world.backUp().report)
        let first = report.incomplete.first.first
        #expect(report.incomplete.count == 1 && first?.reason == .damaged && first?.stored == .asRead, "\(report)")
        #expect(report.files == 2 && report.databases == 1)
        try world.unpack()
        #expect(try world.isSameDatabase("a.db") && world.shell("cmp app/notes.txt out/app/notes.txt").status == 0)
    }

    @Test("one that keeps everybody out and rests is stored whole; one that is written all the time keeps its earlier copy", .limited)
    func locked() async throws {
        let world = try SourceWorld()
        let make = """
            import sqlite3, sys, threading, time
            c = sqlite3.connect("app/a.db", isolation_level=None); c.execute("PRAGMA locking_mode=EXCLUSIVE"); c.execute("CREATE TABLE IF NOT EXISTS t(x)")
            c.execute("INSERT INTO t VALUES (1)")
            """
        let resting = try world.background(make + "\nprint(1, flush=True); sys.stdin.read()")
        let first = try await world.backUp()
        #expect(first.report?.incomplete.isEmpty == true, "\(first)")
        kill(resting.processIdentifier, SIGKILL)
        #expect(try RunningProgram.until("! grep -q '^State:.[^Z]' /proc/\(resting.processIdentifier)/status"))
        let busy = try world.background(make + "\nprint(1, flush=True)\nwhile True: c.execute('INSERT INTO t VALUES (2)'); time.sleep(0.01)")
        let second = try await world.backUp(after: first)
        let files = try #require(second.report).incomplete
        #expect(files.count == 1 && files.first.first?.reason == .locked && files.first.first?.stored == .earlierCopy, "\(second)")
        try world.unpack()
        #expect(try world.shell("sqlite3 out/app/a.db 'SELECT group_concat(x) FROM t'").output == "1\n")
        try world.shell("rm -rf repo && mkdir repo")
        let alone = try await world.backUp()
        #expect(alone.report?.incomplete.first.first?.stored == .asRead, "\(alone)")
        try world.unpack()
        #expect(FileManager.default.fileExists(atPath: world.folder["out/app/a.db"]))
        kill(busy.processIdentifier, SIGKILL)
    }

    @Test("whether a file was written just now is known of any time that it may bear", arguments: [(Int64.min, false), (0, false), (.max, true)])
    func ages(seconds: Int64, isJustNow: Bool) {
        #expect(FileTime(seconds: seconds, nanoseconds: 999_999_999).isJustNow == isJustNow)
    }
}
