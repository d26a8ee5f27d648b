import Backups
import Buckets
import Files
import Foundation
import Restic
import Storage
import TestSupport
import Testing

/// A folder that is backed up into a repository in the restic format, beside the restic program.
struct ResticWorld {
    static let password = "correct horse 电池"

    let folder: TemporaryFolder
    let repository: ResticRepository
    var source: BackupSource { BackupSource(path: folder["home/app"]) }
    private let start = Date(timeIntervalSince1970: 1_790_000_000)

    init(_ folder: TemporaryFolder = TemporaryFolder(), password: String = ResticWorld.password, retention: Retention = Retention(), create: Bool = true) throws
    {
        self.folder = folder
        if create { try folder.run("mkdir -p repository home/app scratch") }
        repository = ResticRepository(
            FolderBackend(path: folder["repository"]), password: password, retention: retention, threads: 2, cost: .init(rounds: 1024))
    }

    @discardableResult
    func restic(_ line: String, status: Int32 = 0) throws -> Shell.Result {
        let result = try Shell.run(
            "restic --no-cache \(line)", environment: ["RESTIC_REPOSITORY": folder["repository"], "RESTIC_PASSWORD": ResticWorld.password, "TZ": "UTC"],
            folder: folder["home"])
        #expect(result.status == status, "\(line): \(result)")
        return result
    }

    /// Stores the tree.
    @discardableResult
    func backUp(_ lineage: inout Lineage, hour: Int = 0, source: BackupSource? = nil, restored: BackupRequest.RestoredTree? = nil) async throws -> BackupOutcome
    {
        let request = BackupRequest(
            scratch: folder["scratch"], aside: "aside", now: start + Double(hour) * 3600, cache: folder["cache"], restored: restored)
        let outcome = try await repository.backUp(source ?? self.source, lineage, request, onProgress: { _ in }) { _, _ in }
        switch outcome {
        case .stored(let snapshot, let report, let fingerprint):
            lineage.stored(
                Lineage.Reference(id: snapshot.id, checksum: report.checksum),
                completeness: report.incomplete.isEmpty ? .whole(fingerprint) : .incomplete(report.incomplete),
                size: Lineage.Size(files: report.files, bytes: report.bytes), tree: nil, paths: self.source.readable)
        case .same(_, let fingerprint, _), .unchanged(let fingerprint): lineage.foundUnchanged(.whole(fingerprint))
        }
        return outcome
    }

    func objects() throws -> [String] {
        try folder.run("cd repository && find data index snapshots keys -type f | sort").output.split(separator: "\n").map(String.init)
    }

    /// Names, kinds, modes, owners, times, attributes and contents of a tree.
    func digest(_ path: String) throws -> String {
        try folder.write(
            "digest.py",
            """
            import hashlib, os, stat, sys
            os.chdir(sys.argv[1].encode())
            lines = []
            for folder, names, files in os.walk(b"."):
                for name in names + files:
                    if name.startswith(b".shipkeeper"): continue
                    path = os.path.join(folder, name)
                    info = os.lstat(path)
                    kind = stat.S_IFMT(info.st_mode)
                    facts = [path, oct(info.st_mode), info.st_uid, info.st_gid, info.st_mtime_ns]
                    if kind == stat.S_IFREG: facts += [info.st_nlink, hashlib.sha256(open(path, "rb").read()).hexdigest()]
                    if kind == stat.S_IFLNK: facts.append(os.readlink(path))
                    facts += [(key, os.getxattr(path, key, follow_symlinks=False)) for key in sorted(os.listxattr(path, follow_symlinks=False))]
                    lines.append(repr(facts))
            print("\\n".join(sorted(lines)))
            """)
        return try folder.run("python3 digest.py '\(path)'").output
    }
}

/// What is written here is restic's, and what restic has written is read here.
@Suite("repositories in the restic format", .waiting, .limited)
struct ResticRepositoryTests {
    private static let edges = """
        cd home/app && mkdir -p sub/深 empty && printf inside > 'sub/深/档案 1.txt' && : > empty.txt && ln -s sub/深 link && ln -s nowhere dangling
        printf linked > one && ln one sub/two && truncate -s 3M sparse && printf x | dd of=sparse bs=1 seek=2000000 conv=notrunc status=none
        head -c 3000000 /dev/urandom > noise && printf raw > "$(printf 'a\\377b')" && printf 'q' > "$(printf 'line\\nbreak \\"q\\" \\\\ t')"
        chmod 4711 one && chmod 1777 empty && chmod 600 empty.txt && touch -d '1969-07-20T20:17:40.123456789Z' empty.txt && touch -d 2031-01-01 sub
        sqlite3 data.db 'create table t (x); insert into t values (1), (2)' && printf 'a.b' > a.b && mkdir a && printf y > a/y
        python3 -c 'import os; os.setxattr("a/y", "user.mark", b"\\xff\\0A"); os.setxattr("sub", "user.of", b"folder")'
        """

    @Test("an edge tree is checked, listed and restored by restic, and restored here, exactly", arguments: Account.allCases)
    func edges(account: Account) async throws {
        let world = try ResticWorld(TemporaryFolder(for: account))
        try world.folder.run(ResticRepositoryTests.edges)
        var lineage = Lineage()
        guard case .stored(let snapshot, let report, _) = try await world.backUp(&lineage) else { throw Unexpected() }
        #expect(report.incomplete.isEmpty && report.databases == 1, "\(report)")
        let check = try world.restic("check --read-data")
        #expect(check.output.contains("no errors were found"), "\(check)")
        #expect(try world.restic("snapshots --json").output.contains(snapshot.id))
        #expect(try world.restic("ls latest").output.contains("/app/sub/深/档案 1.txt"))
        try world.restic("restore latest --target \(world.folder["restic-out"])")
        let wanted = try world.digest("home/app")
        // A database is stored as SQLite's own copy of it.
        func plain(_ text: String) -> [Substring] { text.split(separator: "\n").filter { !$0.contains("data.db") } }
        #expect(try plain(world.digest("restic-out/app")) == plain(wanted))
        let contents = try await world.repository.verify(snapshot, holding: world.source, scratch: world.folder["scratch"])
        // A hard link is counted as one of the two there.
        #expect(contents.files == report.files - 1, "\(contents)")
        try world.folder.run("mkdir out")
        _ = try await world.repository.unpack(snapshot, into: Folder.open(world.folder["out"]))
        let unpacked = try plain(world.digest("out/app"))
        #expect(unpacked == plain(wanted), "\(zip(unpacked, plain(wanted)).filter { $0 != $1 })")
        #expect(try world.folder.run("sqlite3 out/app/data.db 'select sum(x) from t'").output == "3\n")
        #expect(try world.folder.run("stat -c %b out/app/sparse").output.split(separator: "\n").compactMap { Int($0) }.allSatisfy { $0 < 3000 })
        // One part of it, and a plain archive.
        try world.folder.run("mkdir part")
        let part = try await world.repository.unpack(snapshot, into: Folder.open(world.folder["part"]), only: "app/a")
        #expect(part.files == 1 && world.folder.read("part/app/a/y") == "y")
        _ = try await world.repository.export(snapshot, to: "plain.tar.gz", in: Folder.open(world.folder["out"]), onProgress: { _ in })
        try world.folder.run("mkdir tar && tar -xzf out/plain.tar.gz -C tar")
        #expect(try world.digest("tar/app").split(separator: "\n").count == wanted.split(separator: "\n").count)
    }

    @Test("nothing changed stores nothing; a small change stores little; the first backup after a restore reads no file again")
    func unchanged() async throws {
        let world = try ResticWorld()
        try world.folder.run("cd home/app && for i in $(seq 200); do head -c 20000 /dev/urandom > f$i; done")
        var lineage = Lineage()
        try await world.backUp(&lineage)
        let objects = try world.objects()
        guard case .unchanged = try await world.backUp(&lineage, hour: 1) else { throw Unexpected() }
        // Touched, and the same: the tree is another, and no content is stored again.
        try world.folder.run("cd home/app && touch f7 && cp f8 g && mv g f8")
        guard case .stored(_, let report, _) = try await world.backUp(&lineage, hour: 2) else { throw Unexpected() }
        #expect(report.archiveBytes < 50_000 && report.files == 200)
        #expect(try world.objects().count - objects.count <= 4)
        // Another container: no cache and no lineage but what the restore tells.
        let there = try ResticWorld(world.folder, create: false)
        let restorer = TreeRestorer(repository: there.repository, source: there.source, id: "1")
        guard case .restored(let restored) = try await restorer.restore(onProgress: { _ in }) else { throw Unexpected() }
        try world.folder.run("rm -r cache; chmod 000 home/app/f9")
        var known = Lineage()
        let reference = Lineage.Reference(id: restored.version.id, checksum: restored.version.checksum)
        known.restored(reference, head: reference, choice: .newest, size: Lineage.Size(files: 200, bytes: 4_000_000), tree: nil, in: "boot")
        let before = try #require(restored.finished)
        let counted = try world.folder.run("cd home/app && chmod 644 f9 && stat -c %x f1 f100").output
        let outcome = try await there.backUp(
            &known, hour: 3, restored: BackupRequest.RestoredTree(tree: try #require(restored.version.checksum), before: before))
        guard case .same = outcome else { throw Unexpected() }
        #expect(try world.folder.run("cd home/app && stat -c %x f1 f100").output == counted)
    }

    @Test("a file that was touched after a restore is read, whatever its size and time of modification say")
    func touchedAfterRestore() async throws {
        let world = try ResticWorld()
        try world.folder.run("cd home/app && echo one > a && echo two > b && touch -d 2020-01-01 a b")
        var lineage = Lineage()
        try await world.backUp(&lineage)
        let restorer = TreeRestorer(repository: world.repository, source: world.source, id: "1")
        guard case .restored(let restored) = try await restorer.restore(onProgress: { _ in }) else { throw Unexpected() }
        let tree = BackupRequest.RestoredTree(tree: try #require(restored.version.checksum), before: try #require(restored.finished))
        // Until the file system's clock has ticked: a change at the tick of a backup is not known from its times.
        let tick = "touch before; until touch now && [ $(stat -c %.9Z now) != $(stat -c %.9Z before) ]; do :; done"
        try world.folder.run("rm -r cache; (cd home/app && echo six > a && touch -d 2020-01-01 a); \(tick)")
        guard case .stored(let snapshot, _, _) = try await world.backUp(&lineage, hour: 1, restored: tree) else { throw Unexpected() }
        #expect(try world.restic("dump \(snapshot.id) /app/a").output == "six\n")
        // The same with what the last backup has noted.
        try world.folder.run("\(tick); cd home/app && echo ten > b && touch -d 2020-01-01 b")
        guard case .stored(let next, _, _) = try await world.backUp(&lineage, hour: 2) else { throw Unexpected() }
        #expect(try world.restic("dump \(next.id) /app/b").output == "ten\n")
    }

    @Test("restic and shipkeeper write by turns, and each reads, checks and prunes what the other has written")
    func byTurns() async throws {
        let world = try ResticWorld()
        var lineage = Lineage()
        for turn in 0..<10 {
            try world.folder.run("cd home/app && mkdir -p d$((\(turn) / 3)) && head -c 300000 /dev/urandom > d$((\(turn) / 3))/f\(turn) && echo \(turn) > same")
            if turn % 2 == 0 {
                try await world.backUp(&lineage, hour: turn)
            } else {
                try world.restic("backup app --time '2026-09-\(22 + turn / 12) \(10 + turn):00:00'")
            }
            let newest = try #require(try await world.repository.snapshots().first)
            try world.folder.run("rm -rf out && mkdir out")
            _ = try await world.repository.unpack(newest, into: Folder.open(world.folder["out"]))
            #expect(try world.digest("out/app") == world.digest("home/app"), "turn \(turn)")
            let head = try #require(try await world.repository.lineageHead(world.repository.head()))
            // As a restore of it would have it.
            let reference = Lineage.Reference(id: head.id, checksum: head.checksum)
            lineage.restored(reference, head: reference, choice: .newest, size: Lineage.Size(files: turn + 2, bytes: 300_000), tree: nil, in: "boot")
        }
        try world.restic("check --read-data")
        try world.restic("forget --keep-last 3 --group-by '' --prune")
        try world.restic("check --read-data")
        #expect(try await world.repository.snapshots().count == 3)
        // An absolute path, as most people call restic.
        try world.restic("backup \(world.folder["home/app"])")
        let newest = try #require(try await world.repository.snapshots().first)
        try world.folder.run("rm -rf out && mkdir out")
        _ = try await world.repository.unpack(newest, into: Folder.open(world.folder["out"]))
        #expect(try world.digest("out/app") == world.digest("home/app"))
    }

    @Test("what the rule does not keep is forgotten, its space is freed, and restic finds nothing wrong", arguments: Account.allCases)
    func pruning(account: Account) async throws {
        let world = try ResticWorld(TemporaryFolder(for: account), retention: Retention(last: 2, daily: 0, weekly: 0))
        var lineage = Lineage()
        for turn in 0..<6 {
            try world.folder.run("cd home/app && rm -f old* && head -c 3000000 /dev/urandom > old\(turn) && head -c 100000 /dev/urandom > stays\(turn)")
            try await world.backUp(&lineage, hour: turn)
            _ = try await world.repository.prune(scratch: world.folder["scratch"], protected: lineage.protected)
            let check = try world.restic("check --read-data --no-lock")
            #expect(check.output.contains("no errors were found"), "\(check)")
        }
        #expect(try await world.repository.snapshots().count == 2)
        let size = try #require(Int(world.folder.run("du -sb repository | cut -f1").output.trimmingPrefix(" ").prefix { $0.isNumber }))
        #expect(size < 8_000_000, "\(size)")
        #expect(try world.folder.run("ls repository/locks").output == "")
        try world.restic("restore latest --target \(world.folder["out"])")
        #expect(try world.digest("out/app") == world.digest("home/app"))
    }

    @Test("a wrong password, a missing config and a future version are named, and nothing is touched")
    func refused() async throws {
        let world = try ResticWorld()
        try world.folder.run("echo x > home/app/x")
        var lineage = Lineage()
        try await world.backUp(&lineage)
        let before = try world.objects()
        let wrong = try ResticWorld(world.folder, password: "wrong", create: false)
        await #expect {
            var lineage = Lineage()
            try await wrong.backUp(&lineage)
        } throws: {
            ($0 as? BackupError)?.storage?.kind == .unauthorized && "\($0)".contains("password")
        }
        await #expect { _ = try await wrong.repository.head() } throws: { ($0 as? BackupError)?.storage?.kind == .unauthorized }
        try world.folder.run("mv repository/config config")
        await #expect { _ = try await world.repository.head() } throws: { "\($0)".contains("config") }
        try world.folder.run("mv config repository/config")
        #expect(try world.objects() == before)
        #expect(try await world.repository.head() != nil)
        // Another password of the same repository.
        try world.folder.write("second", "second\n")
        try world.restic("key add --new-password-file \(world.folder["second"])")
        #expect(try await ResticWorld(world.folder, password: "second", create: false).repository.head() != nil)
    }

    @Test("of two containers the stale one is set aside, and restores nothing of the other's away")
    func setAside() async throws {
        let world = try ResticWorld()
        try world.folder.run("echo one > home/app/x")
        var (first, second) = (Lineage(), Lineage())
        try await world.backUp(&first)
        let other = try ResticWorld(world.folder, create: false)
        try world.folder.run("echo two > home/app/x; rm -r cache")
        await #expect { try await other.backUp(&second, hour: 1) } throws: { error in
            guard case .setAside? = error as? BackupError else { return false }
            return "\(error)".contains("shipkeeper-conflict")
        }
        let head = try #require(try await world.repository.head())
        #expect(head.id == first.knownHead && head.otherObjects.count == 1)
        #expect(try world.restic("snapshots --tag shipkeeper-conflict --json").output.contains("shipkeeper-conflict"))
        try world.restic("check --read-data")
        // The first one goes on.
        guard case .stored = try await world.backUp(&first, hour: 2) else { throw Unexpected() }
    }

    @Test("a lost or cut pack is stored again by the next backup that needs it, and damage is never restored", arguments: ["rm", "truncate -s 100", "cut"])
    func healing(how: String) async throws {
        let world = try ResticWorld()
        try world.folder.run("cd home/app && head -c 400000 /dev/urandom > a && head -c 400000 /dev/urandom > b")
        var lineage = Lineage()
        guard case .stored(let snapshot, _, _) = try await world.backUp(&lineage) else { throw Unexpected() }
        let command = how == "cut" ? "printf 'damaged' | dd bs=1 seek=1000 conv=notrunc status=none of=" : how + " "
        try world.folder.run("cd repository && for f in $(find data -type f -size +300k); do chmod u+w $f; \(command)$f; done")
        await #expect { _ = try await world.repository.verify(snapshot, scratch: world.folder["scratch"]) } throws: { error in
            guard case .archive? = error as? BackupError else { return false }
            return "\(error)".contains("app/")
        }
        if how == "cut" { return }
        try world.folder.run("cd home/app && echo more > c; rm -r ../../cache")
        let again = try ResticWorld(world.folder, create: false)
        guard case .stored(let next, _, _) = try await again.backUp(&lineage, hour: 1) else { throw Unexpected() }
        _ = try await again.repository.verify(next, scratch: world.folder["scratch"])
        #expect(try await again.repository.verify(snapshot, scratch: world.folder["scratch"]).files == 2)
    }

    private struct Unexpected: Error {}
}
