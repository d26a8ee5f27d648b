@testable import Backups
import Archive
import Files
import Foundation
import Storage
import TestSupport
import Testing

@Suite("restoring", .waiting)
struct RestoringTests {
    private struct World {
        let folder = TemporaryFolder()
        let source: BackupSource

        init(_ name: String = "app") throws {
            _ = try Folder.make(folder["repo"])
            source = BackupSource(path: folder["live/\(name)"])
            _ = try Folder.make(folder["live"])
        }

        var repository: ArchiveRepository { ArchiveRepository(store: LocalFolder(path: folder["repo"]), retention: Retention(), cores: 1) }

        /// Stores what a script would, made by a line of shell in a folder that holds "app".
        func store(_ script: String) throws {
            let result = try Shell.run(
                "rm -rf made && mkdir made && cd made && \(script) && tar -czf ../repo/latest_backup.tar.gz app && cd ../repo && sha256sum latest_backup.tar.gz > latest_backup.sha256",
                folder: folder.path)
            try #require(result.status == 0, "\(result.errors)")
        }

        func backUp(_ head: String? = nil) async throws -> Snapshot {
            let outcome = try await repository.backUp(
                source, .known(head: head), scratch: folder["scratch"], at: Date(timeIntervalSince1970: 1_790_000_000))
            guard case .stored(let version, _, _) = outcome else { throw NotStored() }
            return version
        }

        @discardableResult
        func restore(_ id: String = "1") async throws -> TreeRestorer.Report {
            guard case .restored(let report) = try await TreeRestorer(repository: repository, source: source, id: id).restore(onProgress: { _ in }) else {
                throw NotStored()
            }
            return report
        }
    }

    private struct NotStored: Error {}

    @Test("an archive that holds only a link in the tree's place is refused, and the one before is restored", arguments: ["app", "app/sub"])
    func onlyALink(place: String) async throws {
        let world = try World(place)
        try world.folder.write("live/\(place)/f", "live")
        try world.store("ln -s /volume/app app")
        await #expect(throws: BackupError.self) { try await world.restore() }
        #expect(world.folder.read("live/\(place)/f") == "live")
        guard place == "app" else { return }
        _ = try Shell.run("rm repo/*", folder: world.folder.path)
        let good = try await world.backUp()
        try world.folder.write("live/app/f", "newer")
        let bad = try await world.backUp(good.id)
        // The repository's names are links: this overwrites the newest version.
        try world.store("ln -s /volume/app app")
        let report = try await world.restore()
        #expect(world.folder.read("live/app/f") == "live")
        #expect(report.fallbacks.map(\.version.id) == [bad.id])
        #expect(report.fallbacks.first?.reason.description.contains("only a symbolic link") == true)
    }

    @Test("data with a lock's name come back, and locks of processes that are gone do not")
    func locks() async throws {
        let world = try World()
        try world.store(
            "mkdir -p app/sub && cd app && printf 123 > gateway.pid && printf '42\\n' > sub/x.lock && touch empty.lock && echo '{\"a\": 1}' > stack.yaml.lock && echo dear > sub/diary.lock && mkdir d.lock && touch -d 2001-01-01 sub . && cd .."
        )
        let report = try await world.restore()
        #expect(
            try Shell.run("find . -type f | sort; stat -c %Y sub .", folder: world.folder["live/app"]).output
                == "./stack.yaml.lock\n./sub/diary.lock\n978307200\n978307200\n")
        #expect(report.skipped.count == 3, "\(report.skipped)")
    }

    @Test("a name of 240 bytes, in any bytes, is restored beside itself, and what a crash left of it is cleared")
    func longNames() async throws {
        let name = String(repeating: "档", count: 80)
        let world = try World(name)
        try world.folder.write("live/\(name)/f", "good")
        _ = try await world.backUp()
        try world.folder.write("live/\(name)/f", "bad")
        #expect(try await world.restore().way == "exchanged")
        #expect(world.folder.read("live/\(name)/f") == "good")
        #expect(await PreRestoreCopies.remove(of: world.source) == 1)
        let staging = RestoreNames.staging(RawName(name), "x")
        #expect(staging.bytes.count < 255 && String(validating: staging.bytes, as: UTF8.self) != nil)
        try Folder.open(world.folder["live"]).makeFolder(staging)
        #expect(try await TreeRestorer(repository: world.repository, source: world.source, id: "2").recover().count == 1)
        #expect(try Folder.open(world.folder["live"]).names() == [RawName(name)])
    }

    @Test("two names that differ by their bytes alone are two trees")
    func bytes() {
        let (composed, decomposed) = (RawName("caf\u{e9}"), RawName("cafe\u{301}"))
        #expect(RestoreNames.isStaging(RestoreNames.staging(composed, "1"), of: composed))
        #expect(!RestoreNames.isStaging(RestoreNames.staging(composed, "1"), of: decomposed))
        let (long, other) = (RawName([UInt8](repeating: 0xff, count: 250)), RawName([UInt8](repeating: 0xff, count: 251)))
        #expect(RestoreNames.before(long, "1") != RestoreNames.before(other, "1"))
    }

    @Test("a second restore keeps nothing where nothing has changed since the first, and what has changed stays")
    func kept() async throws {
        let world = try World()
        try world.store("mkdir -p app/sub && echo stored > app/sub/f && ln -s f app/sub/l")
        try world.folder.write("live/app/only", "the only copy")
        try await world.restore("1")
        try await world.restore("2")
        try await world.restore("3")
        #expect(try Folder.open(world.folder["live"]).names() == [".app.before-1", "app"])
        try world.folder.write("live/app/sub/f", "edited")
        try await world.restore("4")
        #expect(world.folder.read("live/.app.before-1/only") == "the only copy")
        #expect(world.folder.read("live/.app.before-4/sub/f") == "edited")
        // The same size and time do not make the same content.
        _ = try Shell.run("touch -r app/sub/f t && printf 'STORED\\n' > app/sub/f && touch -r t app/sub/f && rm t", folder: world.folder["live"])
        try await world.restore("5")
        #expect(world.folder.read("live/.app.before-5/sub/f") == "STORED\n")
    }

    @Test("unpacking elsewhere leaves nothing when it fails, and a hard link alone is had")
    func elsewhere() async throws {
        let world = try World()
        try world.store("mkdir app && echo precious > app/a && ln app/a app/b")
        let version = try #require(try await world.repository.head())
        let target = try Folder.make(world.folder["to"])
        #expect(try await world.repository.unpack(version, into: target, only: "./app/b").files == 1)
        #expect(try Shell.run("cat app/b; ls app", folder: world.folder["to"]).output == "precious\nb\n")
        _ = try Shell.run("rm -r to/app; truncate -s -40 repo/latest_backup.tar.gz; rm repo/latest_backup.sha256", folder: world.folder.path)
        let cut = try #require(try await world.repository.head())
        await #expect(throws: BackupError.self) { try await world.repository.unpack(cut, into: target) }
        #expect(try target.names().isEmpty)
    }

    @Test("verifying says what a restore says")
    func verify() async throws {
        let world = try World()
        try world.store("mkdir app && echo x > app/f && mkfifo app/pipe")
        let version = try #require(try await world.repository.head())
        let contents = try await world.repository.verify(version, holding: world.source, scratch: world.folder["scratch"])
        #expect(contents.files == 1)
        #expect(contents.notes == ["left out by a restore: app/pipe: a named pipe"])
        await #expect(throws: BackupError.notInBackup(wanted: "other", holds: "app")) {
            try await world.repository.verify(version, holding: BackupSource(path: "/x/other"), scratch: world.folder["scratch"])
        }
        try world.store("mkdir app && echo x > f && tar -P --transform 's,^f$,app/../../evil,' -cf ../t.tar f && ln -s x app/l && true")
        _ = try Shell.run("gzip < t.tar > repo/latest_backup.tar.gz; cd repo; sha256sum latest_backup.tar.gz > latest_backup.sha256", folder: world.folder.path)
        let evil = try #require(try await world.repository.head())
        await #expect(throws: BackupError.self) { try await world.repository.verify(evil, scratch: world.folder["scratch"]) }
    }

    @Test("a cut newest backup gives way to the one before, however little room there is", .enabled(if: getuid() == 0))
    func cutAndFull() async throws {
        let world = try World()
        try world.folder.write("live/app/f", "first")
        let first = try await world.backUp()
        // Two megabytes that take a few kilobytes in the archive, which is then cut.
        try world.folder.write("live/app/f", "second")
        _ = try Shell.run("(head -c 3000 /dev/urandom; yes | head -c 4000000; head -c 3000 /dev/urandom) > live/app/big", folder: world.folder.path)
        let second = try await world.backUp(first.id)
        _ = try Shell.run(
            "truncate -s -1500 repo/.shipkeeper/versions/\(second.id)/latest_backup.tar.gz; rm -rf live; mkdir live; mount -t tmpfs -o size=1m tmpfs live",
            folder: world.folder.path)
        defer { _ = try? Shell.run("umount live", folder: world.folder.path) }
        let report = try await world.restore()
        #expect(world.folder.read("live/app/f") == "first")
        #expect(report.fallbacks.first?.reason.description.contains("damaged") == true)
    }

    @Test("a disk that is really full says how much is needed", .enabled(if: getuid() == 0))
    func full() async throws {
        let world = try World()
        try world.store("mkdir app && yes | head -c 4000000 > app/big")
        _ = try Shell.run("mount -t tmpfs -o size=1m tmpfs live && mkdir live/app && echo live > live/app/f", folder: world.folder.path)
        defer { _ = try? Shell.run("umount live", folder: world.folder.path) }
        await #expect {
            try await world.restore()
        } throws: { error in
            guard case .notEnoughSpace(4_000_000, let free, _) = error as? BackupError else { return false }
            return free <= 1 << 20
        }
        #expect(try Shell.run("cat live/app/f; ls -A live", folder: world.folder.path).output == "live\napp\n")
    }
}
