import Archive
import Files
import Foundation
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Backups

@Suite("what is in a backup, and what has changed", .waiting)
struct ComparisonTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private struct World {
        let folder = TemporaryFolder()
        let repository: ArchiveRepository
        let source: BackupSource

        init() throws {
            try FileManager.default.createDirectory(atPath: folder["repo"], withIntermediateDirectories: true)
            repository = ArchiveRepository(store: LocalFolder(path: folder["repo"]), retention: Retention(), cores: 2)
            source = BackupSource(path: folder["app"])
        }

        func backUp(head: String? = nil, at date: Date) async throws -> Snapshot {
            let outcome = try await repository.backUp(source, .known(head: head), scratch: folder["scratch"], at: date)
            guard case .stored(let version, _, _) = outcome else { throw Unexpected() }
            return version
        }

        /// What differs, a line each, and the numbers.
        func compare(_ before: ComparedTree, _ after: ComparedTree) async throws -> (lines: [String], difference: TreeDifference) {
            let lines = Mutex<[String]>([])
            let difference = try await repository.compare(before, after, scratch: folder["scratch"]) { change in
                lines.withLock { $0.append("\(change.kind.rawValue) \(change.path)") }
            }
            return (lines.withLock { $0 }, difference)
        }
    }

    private struct Unexpected: Error {}

    @Test("names every member with its mode, size and target, and nothing of a damaged archive counts")
    func list() async throws {
        let world = try World()
        try world.folder.run("mkdir -p app/sub && cd app && printf 12345 > a && chmod 640 a && ln a b && ln -s a c && touch sub/z.txt")
        let version = try await world.backUp(at: t)
        let found = Mutex<[TreeEntry]>([])
        try await world.repository.list(version, scratch: world.folder["scratch"]) { member in found.withLock { $0.append(member) } }
        let members = found.withLock { $0 }
        #expect(members.map(\.path.description) == ["app", "app/a", "app/b", "app/c", "app/sub", "app/sub/z.txt"])
        #expect(members[1].kind == .file && members[1].size == 5 && members[1].mode == 0o640)
        #expect(members[2].kind == .hardLink(to: "app/a") && members[3].kind == .symbolicLink(to: "a"))
        try world.folder.run("chmod -R u+w repo && printf x | dd of=repo/latest_backup.tar.gz bs=1 seek=40 conv=notrunc")
        await #expect(throws: BackupError.self) { try await world.repository.list(version, scratch: world.folder["scratch"]) { _ in } }
    }

    @Test("what was added, removed and changed, by the contents and not by the times")
    func changes() async throws {
        let world = try World()
        try world.folder.run(
            "mkdir -p app/gone app/same && cd app && echo 1 > a && echo keep > same/x && echo 1 > gone/y && echo m > mode && ln -s a link && ln a hard")
        let first = try await world.backUp(at: t)
        try world.folder.run(
            "cd app && rm -r gone && printf '2\\n' > a && touch -d 2001-01-01 same/x && chmod 700 mode && ln -sfn mode link && mkdir new && echo n > new/n && rm hard && echo 1 > hard"
        )
        let second = try await world.backUp(head: first.id, at: t + 60)
        let (lines, difference) = try await world.compare(.backup(first), .backup(second))
        #expect(
            lines == ["changed app/a", "removed app/gone", "removed app/gone/y", "changed app/link", "mode app/mode", "added app/new", "added app/new/n"],
            "a hard link that became a file of its own with the old content has not changed")
        #expect(difference.added == 1 && difference.removed == 1 && difference.changed == 3 && !difference.isSame)
        #expect(difference.before.files == 6 && difference.after.files == 6)
        let back = try await world.compare(.backup(second), .backup(first))
        #expect(back.difference.added == 1 && back.difference.removed == 1 && back.difference.changed == 3)
        #expect(try await world.compare(.backup(second), .backup(second)).difference.isSame)
        let same = try await world.compare(.backup(second), .live(world.source))
        #expect(same.lines.isEmpty && same.difference.isSame)
        try world.folder.run("echo 3 > app/a")
        #expect(try await world.compare(.backup(second), .live(world.source)).lines == ["changed app/a"])
        try world.folder.run("rm -r app")
        #expect(try await world.compare(.live(world.source), .backup(first)).difference.added == 6)
        #expect(try Shell.run("ls scratch", folder: world.folder.path).output.isEmpty)
    }

    @Test("a hole and its zeros are the same; a database that was written to and put right again is the same")
    func contents() async throws {
        let world = try World()
        try world.folder.run(
            "mkdir app && cd app && truncate -s 5M holes && printf end >> holes && sqlite3 db 'PRAGMA journal_mode=wal; CREATE TABLE t(a); INSERT INTO t VALUES(1)'"
        )
        let first = try await world.backUp(at: t)
        try world.folder.run("cd app && cp --sparse=never holes full && mv full holes && touch -d 2001-01-01 db")
        #expect(try await world.compare(.backup(first), .live(world.source)).lines.isEmpty)
        try world.folder.run("cd app && sqlite3 db 'INSERT INTO t VALUES(2)'")
        #expect(try await world.compare(.backup(first), .live(world.source)).lines == ["changed app/db"])
    }

    @Test("digests do not depend on the pieces a content comes in", arguments: [1, 7, 4095, 4096, 4097, 10_000])
    func pieces(size: Int) {
        var generator = SystemRandomNumberGenerator()
        var content = (0..<30_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for index in 5000..<21_000 { content[index] = 0 }
        var whole = ContentDigest()
        whole.add(content)
        var parts = ContentDigest()
        for start in stride(from: 0, to: content.count, by: size) { parts.add(Array(content[start..<min(start + size, content.count)])) }
        var holes = ContentDigest()
        holes.add(Array(content[..<5000]))
        holes.skip(16_000)
        holes.add(Array(content[21_000...]))
        let expected = whole.finish()
        #expect(parts.finish() == expected && holes.finish() == expected)
        var longer = ContentDigest()
        longer.add(content)
        longer.skip(1)
        #expect(longer.finish() != expected)
    }

    @Test("members that do not fit into memory come back in order, the last of one path alone", arguments: [1, 3, 64, 100_000])
    func sorting(limit: Int) throws {
        let folder = TemporaryFolder()
        try folder.run("mkdir s")
        var members = try SortedMembers(scratch: Folder.open(folder["s"]), name: "members", limit: limit)
        func record(_ path: String, _ size: Int64, _ kind: MemberRecord.Kind = .file, to target: String = "") -> MemberRecord {
            MemberRecord(path: RawName(path), kind: kind, target: RawName(target), mode: 0o644, size: size, digest: [UInt8(size % 256)])
        }
        let names = (0..<200).map { "d\($0 * 7919 % 200)/\(String(repeating: "x", count: $0))" }
        for name in names { try members.add(record(name, 1)) }
        for name in names.prefix(50) { try members.add(record(name, 2)) }
        try members.add(record("a-link", 0, .hardLink, to: names[3]))
        try members.add(record("a-lost-link", 0, .hardLink, to: "nowhere"))
        try members.finish()
        var reader = SortedMembers.Reader(members)
        var found: [MemberRecord] = []
        while let next = try reader.next() { found.append(next) }
        #expect(found.map(\.path) == (names + ["a-link", "a-lost-link"]).map { RawName($0) }.sorted())
        #expect(found.first { $0.path == RawName(names[10]) }?.size == 2 && found.first { $0.path == RawName(names[60]) }?.size == 1)
        #expect(found[0].kind == .file && found[0].size == 2 && found[0].digest == [2])
        #expect(found[1].kind == .hardLink)
    }

    @Test("the retention rule says why each backup stays, and nothing else stays")
    func reasons() {
        let dates = [t, t - 3600, t - 7200, t - 86_400, t - 2 * 86_400]
        let reasons = Retention(last: 2, daily: 2, weekly: 0, monthly: 1).reasons(dates)
        #expect(reasons == [t: [.latest, .daily, .monthly], t - 3600: [.last], t - 86_400: [.daily]])
        #expect(Retention(last: 0, daily: 0, weekly: 0).reasons(dates) == [t: [.latest]], "the newest always stays")
        let folder = TemporaryFolder()
        let archives = ArchiveRepository(store: LocalFolder(path: folder["repo"]), retention: Retention(last: 1, daily: 0, weekly: 0), cores: 1)
        let versions = ["a", "b", "c"].enumerated().map { Snapshot(id: $1, date: t - Double($0), storedBytes: 1) }
        #expect(archives.keepReasons(of: versions, pinned: "b", lastComplete: "b") == ["a": [.latest], "b": [.pinned, .lastComplete], "c": []])
    }
}
