import Backups
import Files
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("files as they are found", .waiting)
struct SourceFilesTests {
    @Test("3 TB on paper and 8 kB on the disk are stored in no time, holes as holes", .limited)
    func sparse() async throws {
        let world = try SourceWorld()
        try world.shell("truncate -s 3T app/huge; truncate -s 50M app/map; printf end >> app/map")
        try world.shell("printf middle | dd of=app/map bs=1M seek=20 conv=notrunc status=none")
        try world.shell("truncate -s 30M app/tail; printf head | dd of=app/tail conv=notrunc status=none; head -c 300000 /dev/zero > app/zeros")
        let report = try #require(try await world.backUp().report)
        #expect(report.incomplete.isEmpty && report.files == 4 && report.bytes < 2_000_000, "\(report)")
        for program in ["tar", "bsdtar"] where try world.shell("command -v \(program)").status == 0 {
            try world.unpack("\(program) --exclude=huge")
            #expect(try world.shell("for f in map tail zeros; do cmp app/$f out/app/$f || exit 1; done").status == 0, "\(program)")
            #expect(try world.shell("tar -tvzf repo/latest_backup.tar.gz app/huge").output.contains("3298534883328"))
        }
    }

    @Test("a file with holes comes back the same", .limited)
    func sparseRestored() async throws {
        let world = try SourceWorld()
        try world.shell("truncate -s 40M app/map; printf middle | dd of=app/map bs=1M seek=20 conv=notrunc status=none; cp --sparse=always app/map copy")
        _ = try await world.backUp()
        try world.shell("rm -rf app")
        _ = try await world.restore()
        #expect(try world.shell("cmp copy app/map").status == 0)
    }

    @Test("locks are left out for what they are, and whatever only has such a name is stored")
    func locks() async throws {
        let world = try SourceWorld(include: ["/wanted.lock"])
        let kept = [
            "stack.yaml.lock", "shard.lock", "rebar.lock", "renv.lock", "devbox.lock", "dvc.lock", "buf.lock", "Gopkg.lock", "symfony.lock", "paket.lock",
            "Berksfile.lock", "mise.lock", "diary.lock", "controller.pid", "monkey.sock",
        ]
        for name in kept { try world.folder.write("app/\(name)", "content") }
        try world.folder.write("app/numbers.txt", "4711\n")
        try world.folder.write("app/diary2.pid", "2024\nDear diary\n")
        try world.folder.write("app/a.pid", "4711\n")
        try world.folder.write("app/b.lock", "4711")
        try world.folder.write("app/c.lock", "")
        try world.folder.write("app/d.lock", "{\"pid\": 12, \"createdAt\": \"now\"}")
        try world.folder.write("app/e.lock", "{\"packages\": {}}")
        try world.folder.write("app/wanted.lock", "")
        try world.folder.write("app/held.lock", "by me")
        try world.folder.write("app/yarn.lock", "")
        try world.folder.write("app/empty.txt", "")
        try world.shell("mkfifo app/pipe; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"app/s\")'")
        let held = try Folder.open(world.folder["app"]).file("held.lock")
        try held.lock()
        let report = try #require(try await world.backUp().report)
        try world.unpack()
        let there = Set(try world.shell("cd out/app && ls").output.split(separator: "\n").map(String.init))
        #expect(there == Set(kept + ["numbers.txt", "diary2.pid", "e.lock", "wanted.lock", "yarn.lock", "empty.txt"]))
        #expect(report.leftOut == 7 && report.incomplete.isEmpty && report.files == there.count, "\(report)")
        withExtendedLifetime(held) {}
    }

    @Test("before a service first starts, a lock of an earlier container goes and what has content stays")
    func stale() async throws {
        let temporary = TemporaryFolder()
        for (name, text) in [("a/b/x.lock", "4711"), ("a/y.lock", ""), ("diary.lock", "content"), ("z.pid", "1\n"), ("keep.txt", ""), ("a/yarn.lock", "")] {
            try temporary.write(name, text)
        }
        let removed = await StaleFiles.remove(below: temporary.path, matching: ["*.lock", "*.pid"])
        #expect(Set(removed) == ["a/b/x.lock", "a/y.lock", "z.pid"])
        #expect(try Shell.run("find . -type f | sort", folder: temporary.path).output == "./a/yarn.lock\n./diary.lock\n./keep.txt\n")
    }

    @Test("fresh logs are stored whole, text or not")
    func freshLogs() async throws {
        let world = try SourceWorld()
        try world.shell("printf '{\"n\":1}\\n{\"n\":2}' > app/session.jsonl; head -c 8001 /dev/urandom > app/000003.log")
        let sums = try world.shell("cd app && sha256sum *").output
        let report = try #require(try await world.backUp().report)
        #expect(report.incomplete.isEmpty)
        try world.unpack()
        #expect(try world.shell("cd out/app && sha256sum *").output == sums)
    }

    @Test("a file that changes while it is read is read again; of one that grows, what was there is stored", .limited)
    func changing() async throws {
        let world = try SourceWorld()
        try world.shell("head -c 20000000 /dev/urandom > app/big; head -c 20000000 /dev/urandom > app/big.log; cp app/big.log before")
        let (change, growth) = (Once(), Once())
        let folder = world.folder
        let report = try #require(
            try await world.backUp(whilePacking: { files, bytes in
                if files == 0, bytes > 8 << 20, change.isFirst() {
                    _ = try? Shell.run("printf changed | dd of=app/big conv=notrunc status=none", folder: folder.path)
                }
                if files == 1, bytes > 48 << 20, growth.isFirst() {
                    _ = try? Shell.run("echo more >> app/big.log", folder: folder.path)
                }
            }).report)
        #expect(!change.isFirst() && !growth.isFirst())
        #expect(report.incomplete.isEmpty && report.files == 2, "\(report)")
        #expect(report.notes.count == 1 && report.notes[0].hasPrefix("app/big.log grew while it was read"), "\(report.notes)")
        try world.unpack()
        #expect(try world.shell("cmp app/big out/app/big && cmp before out/app/big.log").status == 0)
        try world.shell("rm -rf app")
        _ = try await world.restore()
        #expect(try world.shell("cmp out/app/big app/big").status == 0)
    }

    private final class Once: Sendable {
        private let isDone = Mutex(false)

        func isFirst() -> Bool {
            isDone.withLock { done in
                defer { done = true }
                return !done
            }
        }
    }

    @Test("a log that grows all the time is stored whole, up to some moment", .limited)
    func growing() async throws {
        let world = try SourceWorld()
        let writer = try world.background(
            """
            log = open("app/big.log", "wb", 0)
            for i in range(60000): log.write(b"%099d\\n" % i)
            print(1, flush=True)
            while i < 3000000: i += 1; log.write(b"%099d\\n" % i)
            """)
        let report = try #require(try await world.backUp().report)
        kill(writer.processIdentifier, SIGKILL)
        #expect(report.incomplete.isEmpty && report.files == 1, "\(report)")
        try world.unpack()
        let size = Int(try world.shell("stat -c %s out/app/big.log").output.dropLast()) ?? 0
        #expect(size >= 6_000_000)
        #expect(try world.shell("cmp -n \(size) app/big.log out/app/big.log").status == 0)
    }

    @Test("names are bytes: what is no UTF-8 is stored and restored as it is")
    func names() async throws {
        let world = try SourceWorld()
        try world.python("import os\nopen(b'app/caf\\xe9', 'w').write('x'); os.mkdir(b'app/\\xff'); open(b'app/\\xff/f', 'w').write('y')")
        try world.python("import os\nos.symlink(b'\\xe9', b'app/l')")
        try world.python("import sqlite3, os\nc = sqlite3.connect(b'app/\\xff/d.db'); c.execute('CREATE TABLE t(x)'); c.commit()")
        let report = try #require(try await world.backUp().report)
        #expect(report.files == 3 && report.databases == 1 && report.incomplete.isEmpty, "\(report)")
        try world.unpack()
        #expect(try world.shell("diff -r --no-dereference app out/app").status == 0)
    }

    @Test("what a tree is, is known before it is packed", arguments: zip(["ln -s x app/l", "mkdir -p app/a/b"], [SourceState.content, .nothing]))
    func state(line: String, expected: SourceState) async throws {
        let world = try SourceWorld()
        try world.shell(line)
        #expect(try await world.backUp().report?.source == expected)
    }

    @Test("a link that leads nowhere in the tree's place is not stored")
    func bareLink() async throws {
        let world = try SourceWorld()
        try world.shell("rmdir app; ln -s app app")
        await #expect(throws: BackupError.bareLink(path: world.folder["app"])) { try await world.backUp() }
    }

    @Test("a tree deeper than any path is stored, and what a restore would not take is said", .limited)
    func deep() async throws {
        let world = try SourceWorld()
        try world.python(
            """
            import os
            open("app/keep.txt", "w").write("precious"); os.chdir("app")
            for _ in range(1500): os.mkdir("z"); os.chdir("z")
            open("bottom", "w").write("deep")
            for _ in range(8000): os.mkdir("zz"); os.chdir("zz")
            """)
        let report = try #require(try await world.backUp().report)
        #expect(report.files == 2)
        #expect(report.incomplete.count == 1 && report.incomplete.first.first?.reason == .tooDeep, "\(report.incomplete)")
        let list = try world.shell("tar -tzf repo/latest_backup.tar.gz | grep -c .").output
        #expect(Int(list.dropLast()) ?? 0 > 5000)
        #expect(try world.shell("tar -tzf repo/latest_backup.tar.gz | grep -c bottom").output == "1\n")
    }

    @Test("what can't be read is kept as the last backup has it: files and folders", .enabled(if: getuid() != 0), .limited)
    func unreadable() async throws {
        let world = try SourceWorld()
        try world.shell("mkdir -p app/shut/in; echo one > app/f; echo two > app/shut/g; echo three > app/shut/in/h")
        try world.shell("ln app/shut/g app/shut/k; ln app/f app/e; truncate -s 4T app/shut/in/hole")
        let first = try await world.backUp()
        #expect(first.report?.incomplete.isEmpty == true)
        try world.shell("chmod 0 app/f app/shut; echo new > app/new")
        let second = try await world.backUp(after: first)
        let files = try #require(second.report).incomplete
        #expect(files.count == 3 && files.first.allSatisfy { $0.reason == .unreadable && $0.stored == .earlierCopy }, "\(files)")
        try world.unpack()
        #expect(try world.shell("cd out/app && chmod u+rwx shut && cat e f new shut/g shut/k shut/in/h").output == "one\none\nnew\ntwo\ntwo\nthree\n")
        try world.shell("rm -rf repo; mkdir repo")
        let alone = try await world.backUp()
        #expect(alone.report?.incomplete.count == 3 && alone.report?.incomplete.first.allSatisfy { $0.stored == .nothing } == true)
        #expect(alone.report?.files == 1)
        try world.shell("chmod -R u+rwx app")
    }
}
