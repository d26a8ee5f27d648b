import Backups
import Files
import Foundation
import Storage
import TestSupport
import Testing

@Suite("backups and restores", .waiting)
struct BackupsTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private struct World {
        let folder = TemporaryFolder()
        let repository: ArchiveRepository
        let source: BackupSource

        init(exclude: [String] = []) throws {
            try FileManager.default.createDirectory(atPath: folder["repo"], withIntermediateDirectories: true)
            repository = ArchiveRepository(store: LocalFolder(path: folder["repo"]), retention: Retention(last: 3, daily: 0, weekly: 0), cores: 2)
            source = BackupSource(path: folder["app"], filter: PathFilter(exclude: exclude))
        }

        func backUp(head: String? = nil, pending: String? = nil, known: Lineage? = nil, at date: Date) async throws -> BackupOutcome {
            try await repository.backUp(source, known ?? .known(head: head, pending: pending), scratch: folder["scratch"], at: date)
        }

        func restore(_ id: String = "1") async throws -> TreeRestorer.Outcome {
            try await TreeRestorer(repository: repository, source: source, id: id).restore { _ in }
        }
    }

    private func version(_ outcome: BackupOutcome) throws -> Snapshot {
        guard case .stored(let version, _, _) = outcome else { throw Unexpected() }
        return version
    }

    private struct Unexpected: Error {}

    @Test("a backup is plain files that tar and sha256sum read; a restore brings the tree back")
    func roundTrip() async throws {
        let world = try World(exclude: ["*.tmp", "/cache/"])
        _ = try Shell.run(
            "mkdir -p app/sub app/cache && cd app && echo one > a && ln a b && ln -s a c && echo x > x.tmp && echo y > cache/y && echo z > sub/z && touch d.lock yarn.lock && chmod 640 a",
            folder: world.folder.path)
        let before = try Shell.run(
            "cd app && find . ! -name x.tmp ! -path './cache*' ! -name d.lock -printf '%P %m %T@ %n %l\\n' | sort | grep -v '^ '", folder: world.folder.path
        ).output
        _ = try await world.backUp(at: t)
        let plain = try Shell.run(
            "cd repo && echo \"$(cat latest_backup.sha256)  latest_backup.tar.gz\" | sha256sum -c && tar -tzf latest_backup.tar.gz", folder: world.folder.path)
        #expect(plain.status == 0)
        #expect(plain.output.contains("app/sub/z") && plain.output.contains("yarn.lock") && !plain.output.contains("d.lock") && !plain.output.contains("cache"))
        _ = try Shell.run("rm -rf app && mkdir app && echo newer > app/other", folder: world.folder.path)
        guard case .restored(let report) = try await world.restore() else { Issue.record("not restored"); return }
        #expect(report.way == "exchanged")
        let after = try Shell.run("cd app && find . ! -name '.shipkeeper-*' -printf '%P %m %T@ %n %l\\n' | sort | grep -v '^ '", folder: world.folder.path)
            .output
        #expect(before == after)
        #expect(world.folder.read(".app.before-1/other") == "newer\n")
        #expect(await PreRestoreCopies.remove(of: world.source) == 1)
        #expect(world.folder.read(".app.before-1/other") == nil)
    }

    @Test("what a script made is restored, and stays as history when we store over it")
    func script() async throws {
        let world = try World()
        _ = try Shell.run(
            "mkdir -p app/x && echo old > app/x/f && cd . && tar --numeric-owner -czf repo/latest_backup.tar.gz app && sha256sum repo/latest_backup.tar.gz | cut -d' ' -f1 > repo/latest_backup.sha256 && rm -rf app",
            folder: world.folder.path)
        guard case .restored(let report) = try await world.restore() else { Issue.record("not restored"); return }
        #expect(world.folder.read("app/x/f") == "old\n")
        try world.folder.write("app/x/f", "new\n")
        _ = try await world.backUp(head: report.head?.id, at: t)
        #expect(try await world.repository.snapshots().count == 2)
        #expect(try Shell.run("tar -xOzf repo/latest_backup.tar.gz app/x/f", folder: world.folder.path).output == "new\n")
    }

    @Test("an empty repository is empty, a missing one is not")
    func empty() async throws {
        let world = try World()
        guard case .empty = try await world.restore() else { Issue.record("not empty"); return }
        _ = try Shell.run("rm -rf repo", folder: world.folder.path)
        await #expect(throws: BackupError.self) { try await world.restore() }
    }

    @Test("a damaged newest backup gives way to the one before, and says so", arguments: ["truncate", "flip", "checksum"])
    func damaged(how: String) async throws {
        let world = try World()
        try world.folder.write("app/f", "first")
        let first = try version(await world.backUp(at: t))
        try world.folder.write("app/f", "second")
        let second = try version(await world.backUp(head: first.id, at: t + 60))
        let archive = world.folder["repo/.shipkeeper/versions/\(second.id)/latest_backup.tar.gz"]
        switch how {
        case "truncate": _ = try Shell.run("truncate -s 60 '\(archive)'")
        case "flip": _ = try Shell.run("printf '\\x00' | dd of='\(archive)' bs=1 seek=40 conv=notrunc")
        default: _ = try Shell.run("echo 0000 > '\(world.folder["repo/latest_backup.sha256"])'")
        }
        guard case .restored(let report) = try await world.restore() else { Issue.record("not restored"); return }
        #expect(world.folder.read("app/f") == "first")
        #expect(report.notes.first?.contains("a newer backup could not be used") == true)
        #expect(report.head?.id == second.id)
    }

    @Test("a restore that fails leaves the live tree as it was")
    func failedRestore() async throws {
        let world = try World()
        try world.folder.write("app/live", "live")
        _ = try Shell.run(
            "mkdir evil && echo x > evil/f && tar -P --transform 's,evil/f,app/../../escape,' -czf repo/latest_backup.tar.gz evil/f", folder: world.folder.path)
        await #expect(throws: BackupError.self) { try await world.restore() }
        #expect(world.folder.read("app/live") == "live")
        #expect(try Shell.run("ls -A | sort", folder: world.folder.path).output == "app\nevil\nrepo\n")
    }

    @Test("a writer whose view is stale is refused and loses nothing")
    func stale() async throws {
        let world = try World()
        try world.folder.write("app/f", "mine")
        await #expect(throws: Never.self) { try await world.backUp(at: t) }
        let head = try await world.repository.head()
        await #expect(throws: BackupError.self) { try await world.backUp(head: nil, at: t + 1) }
        await #expect(throws: BackupError.self) { try await world.backUp(head: "other", at: t + 1) }
        #expect(try await world.repository.checksum(of: #require(world.repository.head())) == world.repository.checksum(of: #require(head)))
        #expect(try await world.repository.head()?.otherObjects["conflict_test.tar.gz"] != nil)
    }

    @Test("a writer that becomes stale while it packs stores its tree beside the newest")
    func staleMeanwhile() async throws {
        let world = try World()
        try world.folder.write("app/f", "mine")
        let mine = try version(await world.backUp(at: t))
        try world.folder.write("app/f", "mine, changed")
        let other = try World()
        try other.folder.write("app/f", "somebody else's")
        let theirs = ArchiveRepository(store: LocalFolder(path: world.folder["repo"]), retention: Retention(), cores: 1)
        await #expect {
            _ = try await world.repository.backUp(
                world.source, .known(head: mine.id, checksum: try await world.repository.checksum(of: mine)), scratch: world.folder["scratch"],
                aside: "late", at: t + 1,
                onPacked: { _ throws(BackupError) in
                    _ = try await theirs.backUp(other.source, .known(head: mine.id), scratch: other.folder["scratch"], at: t + 2)
                })
        } throws: { "\($0)".contains("was stored next to it as conflict_late.tar.gz") }
        let head = try #require(try await world.repository.head())
        #expect(head.otherObjects["conflict_late.tar.gz"] != nil)
        #expect(
            try Shell.run("tar -xzOf repo/latest_backup.tar.gz; tar -xzOf repo/conflict_late.tar.gz", folder: world.folder.path).output
                == "somebody else'smine, changed")
    }

    @Test("a backup whose record was lost is known again by its checksum")
    func pending() async throws {
        let world = try World()
        try world.folder.write("app/f", "one")
        let outcome = try await world.backUp(at: t)
        guard case .stored(_, let report, _) = outcome else { Issue.record("not stored"); return }
        try world.folder.write("app/f", "two")
        _ = try await world.backUp(head: "lost", pending: report.checksum, at: t + 1)
        #expect(try Shell.run("tar -xOzf repo/latest_backup.tar.gz app/f", folder: world.folder.path).output == "two")
    }

    @Test("an unchanged tree is not stored again; equal trees give equal archives")
    func unchanged() async throws {
        let world = try World()
        try world.folder.write("app/f", "one")
        guard case .stored(let head, _, let fingerprint) = try await world.backUp(at: t) else { Issue.record("not stored"); return }
        guard case .unchanged = try await world.backUp(known: .known(head: head.id, whole: fingerprint), at: t + 1) else {
            Issue.record("stored again"); return
        }
        _ = try Shell.run("chmod 700 app/f && chmod 644 app/f", folder: world.folder.path)
        guard case .same = try await world.backUp(known: .known(head: head.id, whole: fingerprint), at: t + 2) else {
            Issue.record("stored again")
            return
        }
    }

    @Test("old backups go by the rule, the newest stays")
    func retention() async throws {
        let world = try World()
        var head: String?
        for index in 0..<6 {
            try world.folder.write("app/f", "\(index)")
            head = try version(await world.backUp(head: head, at: t + Double(index) * 60)).id
        }
        let oldest = try #require(try await world.repository.snapshots().last)
        let protected = Lineage.Reference(id: oldest.id, checksum: nil)
        #expect(try await world.repository.prune(scratch: world.folder["scratch"], protected: [protected]) == 2)
        #expect(try await world.repository.snapshots().map(\.id).contains(oldest.id))
        #expect(try await world.repository.prune(scratch: world.folder["scratch"]) == 1)
        #expect(try await world.repository.snapshots().map(\.id).first == head)
        #expect(try await world.repository.snapshots().count == 3)
    }

    @Test("a live SQLite database under a busy writer is stored whole", .limited, arguments: ["wal", "delete"])
    func database(mode: String) async throws {
        let world = try World()
        try FileManager.default.createDirectory(atPath: world.folder["app/数据"], withIntermediateDirectories: true)
        let script = """
            import sqlite3, sys, time
            db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
            db.execute("PRAGMA journal_mode=\(mode)")
            db.execute("CREATE TABLE a(x)"); db.execute("CREATE TABLE b(x)")
            end = time.time() + 6
            print("ready", flush=True)
            while time.time() < end:
                db.execute("BEGIN IMMEDIATE")
                for i in range(50): db.execute("INSERT INTO a VALUES (randomblob(200))"); db.execute("INSERT INTO b VALUES (1)")
                db.execute("COMMIT"); time.sleep(0.002)
            """
        try world.folder.write("writer.py", script)
        let path = world.folder["app/数据/live.sqlite"]
        let writer = Process()
        writer.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        writer.arguments = ["python3", world.folder["writer.py"], path]
        let ready = Pipe()
        writer.standardOutput = ready
        try writer.run()
        _ = try ready.fileHandleForReading.read(upToCount: 6)
        var head: String?
        for index in 0..<4 {
            let outcome = try await world.backUp(head: head, at: t + Double(index))
            guard case .stored(let version, let report, _) = outcome else { Issue.record("not stored"); return }
            head = version.id
            #expect(report.databases == 1 && report.incomplete.isEmpty, "\(report.incomplete)")
            let check = try Shell.run(
                "rm -rf out && mkdir out && tar -C out -xzf repo/latest_backup.tar.gz && ls out/app/数据 && sqlite3 out/app/数据/live.sqlite 'PRAGMA integrity_check; SELECT (SELECT count(*) FROM a) = (SELECT count(*) FROM b)'",
                folder: world.folder.path)
            #expect(check.output == "live.sqlite\nok\n1\n", "\(check)")
        }
        kill(writer.processIdentifier, SIGKILL)
        #expect(try RunningProgram.until("! grep -q '^State:.[^Z]' /proc/\(writer.processIdentifier)/status"))
    }

    @Test("a folder that is a link is stored and restored where it leads to, and the link stays")
    func linkedFolder() async throws {
        let world = try World()
        _ = try Shell.run("mkdir -p volume/real && echo v > volume/real/f && ln -s volume/real app", folder: world.folder.path)
        _ = try await world.backUp(at: t)
        #expect(try Shell.run("tar -tzf repo/latest_backup.tar.gz", folder: world.folder.path).output == "app/\napp/f\n")
        _ = try Shell.run("echo lost > volume/real/f", folder: world.folder.path)
        _ = try await world.restore()
        #expect(try Shell.run("readlink app; cat volume/real/f", folder: world.folder.path).output == "volume/real\nv\n")
    }

    // MARK: Mounts: these need root

    @Test("a target from an image layer is replaced entry by entry", .enabled(if: getuid() == 0))
    func overlay() async throws {
        let world = try World()
        _ = try Shell.run("mkdir -p app/sub && echo good > app/sub/f && ln app/sub/f app/sub/h", folder: world.folder.path)
        _ = try await world.backUp(at: t)
        let folder = world.folder
        let mounted = try Shell.run(
            "rm -rf app && mkdir -p lower/app/sub up/u up/w over && echo image > lower/app/sub/f && echo image > lower/app/other && mount -t tmpfs tmpfs up && mkdir up/u up/w && mount -t overlay overlay -o lowerdir=lower,upperdir=up/u,workdir=up/w over",
            folder: folder.path)
        try #require(mounted.status == 0, "\(mounted.errors)")
        defer { _ = try? Shell.run("umount over up", folder: folder.path) }
        let source = BackupSource(path: folder["over/app"])
        guard case .restored(let report) = try await TreeRestorer(repository: world.repository, source: source, id: "9").restore(onProgress: { _ in }) else {
            Issue.record("not restored"); return
        }
        #expect(report.way == "moved entry by entry")
        #expect(try Shell.run("cd over/app && find . | sort; cat sub/f; stat -c %h sub/f", folder: folder.path).output.contains("good\n2\n"))
        #expect(!FileManager.default.fileExists(atPath: folder["over/app/other"]))
        #expect(try Shell.run("cat over/app/.tree.before-9-swap/other", folder: folder.path).output == "image\n")
        #expect(await PreRestoreCopies.remove(of: source) == 1)
    }

    @Test("a target that is a mount is replaced inside it; one with a mount below is refused", .enabled(if: getuid() == 0))
    func mounts() async throws {
        let world = try World()
        _ = try Shell.run("mkdir -p app/sub && echo good > app/f && ln app/f app/h", folder: world.folder.path)
        _ = try await world.backUp(at: t)
        _ = try Shell.run("rm -rf app/* && mount -t tmpfs tmpfs app && echo old > app/old", folder: world.folder.path)
        defer { _ = try? Shell.run("umount app/sub; umount app", folder: world.folder.path) }
        guard case .restored = try await world.restore("5") else { Issue.record("not restored"); return }
        #expect(try Shell.run("cat app/f; stat -c %h app/f; ls app/old", folder: world.folder.path).output == "good\n2\n")
        _ = try Shell.run("mount -t tmpfs tmpfs app/sub && echo precious > app/sub/precious", folder: world.folder.path)
        await #expect(throws: BackupError.mountBelow(path: world.folder["app"], mount: world.folder["app/sub"])) { try await world.restore("6") }
        #expect(world.folder.read("app/sub/precious") == "precious\n")
        #expect(await PreRestoreCopies.remove(of: world.source) == 1)
        #expect(world.folder.read("app/sub/precious") == "precious\n")
    }

    @Test("disk full while packing or unpacking: a sentence, and nothing is lost", .enabled(if: getuid() == 0))
    func diskFull() async throws {
        let world = try World()
        _ = try Shell.run("mkdir app && noise 1 3000000 > app/big", folder: world.folder.path)
        let head = try version(await world.backUp(at: t)).id
        _ = try Shell.run(
            "noise 2 3500000 > app/big; rm -rf scratch; mkdir scratch; mount -t tmpfs -o size=2m tmpfs scratch", folder: world.folder.path)
        await #expect { try await world.backUp(head: head, at: t + 1) } throws: { ($0 as? BackupError)?.isDiskFull == true }
        _ = try Shell.run("umount scratch", folder: world.folder.path)
        #expect(try await world.repository.head()?.id == head)
        _ = try Shell.run("mkdir small && mount -t tmpfs -o size=2m tmpfs small && mkdir small/app && echo live > small/app/f", folder: world.folder.path)
        defer { _ = try? Shell.run("umount small", folder: world.folder.path) }
        let restorer = TreeRestorer(repository: world.repository, source: BackupSource(path: world.folder["small/app"]), id: "7")
        await #expect { try await restorer.restore(onProgress: { _ in }) } throws: { ($0 as? BackupError)?.isDiskFull == true }
        #expect(try Shell.run("cat small/app/f; ls -A small", folder: world.folder.path).output == "live\napp\n")
    }
}

@Suite("patterns of what is left out")
struct PathFilterTests {
    @Test(
        "they mean what they mean in a .gitignore",
        arguments: [
            ("*.log", "a.log b/c.log !b/c.txt"), ("node_modules/", "node_modules/x a/node_modules/y"), ("/top", "top !a/top"),
            ("a/*.txt", "a/b.txt !a/b/c.txt"),
            ("**/deep", "deep a/b/deep"), ("x/**", "x/a x/b/c !x2"), ("a/**/z", "a/z a/b/c/z !b/z"), ("[ab].txt", "a.txt b.txt !c.txt"),
            ("[!ab].txt", "c.txt !a.txt"),
            ("?.md", "x.md !xy.md"), ("\\*.x", "*.x !a.x"), ("# comment", "!a"), ("foo*bar", "foobar fooXYbar !foo"),
        ])
    func agreesWithGit(pattern: String, paths: String) async throws {
        let world = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: world["repo"], withIntermediateDirectories: true)
        let names = paths.split(separator: " ").map { $0.hasPrefix("!") ? String($0.dropFirst()) : String($0) }
        for name in names { try world.write("app/\(name)", "x") }
        let repository = ArchiveRepository(store: LocalFolder(path: world["repo"]), retention: Retention(), cores: 1)
        _ = try await repository.backUp(
            BackupSource(path: world["app"], filter: PathFilter(exclude: [pattern])), Lineage(), scratch: world["scratch"],
            at: Date(timeIntervalSince1970: 1_790_000_000))
        let stored = try Shell.run("tar -tzf repo/latest_backup.tar.gz", folder: world.path).output.split(separator: "\n").map(String.init)
        let git = try Shell.run(
            "git init -q . && printf '%s\\n' '\(pattern)' > .gitignore && git -c core.excludesFile= ls-files --others --exclude-standard", folder: world["app"]
        ).output
        for (name, word) in zip(names, paths.split(separator: " ")) {
            #expect(stored.contains("app/\(name)") == word.hasPrefix("!"), "\(pattern) and \(name)")
            #expect(git.split(separator: "\n").contains(name[...]) == word.hasPrefix("!"), "git: \(pattern) and \(name)")
        }
    }
}
