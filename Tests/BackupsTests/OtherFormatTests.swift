import Archive
import Backups
import Files
import Foundation
import Synchronization
import TestSupport
import Testing

/// Restore, verify, list, unpack and compare know entries, and no archive.
@Suite("backups of another format", .limited)
struct OtherFormatTests {
    private let folder = TemporaryFolder()
    private let t = Date(timeIntervalSince1970: 1_790_000_000)
    private let repository = InMemoryRepository()

    private var source: BackupSource { BackupSource(path: folder["home/app"]) }

    private func entry(_ path: RawName, _ kind: TreeEntry.Kind, mode: UInt32 = 0o644, _ content: [[UInt8]?] = []) -> InMemoryRepository.Entry {
        let size = content.reduce(0) { $0 + ($1.map { Int64($0.count) } ?? InMemoryRepository.hole) }
        let time = FileTime(seconds: 1_700_000_000, nanoseconds: 123_456_789)
        return .init(entry: TreeEntry(path: path, kind: kind, mode: mode, size: size, modified: time), content: content)
    }

    private func tree(_ text: String) -> [InMemoryRepository.Entry] {
        [
            // What a folder holds may come before it.
            entry("app/sub/file", .file, mode: 0o640, [Array(text.utf8), Array(" and more".utf8)]), entry("app/sub", .folder, mode: 0o750),
            entry("app", .folder, mode: 0o755), entry("app/sparse", .file, [[1], nil, [2]]), entry("app/link", .symbolicLink(to: "sub/file")),
            entry("app/again", .hardLink(to: "app/sub/file")), entry(RawName([97, 112, 112, 47, 0xff]), .file, [[3]]),
        ]
    }

    private func restore(_ id: String) async throws -> TreeRestorer.Report {
        guard case .restored(let report) = try await TreeRestorer(repository: repository, source: source, id: id).restore(onProgress: { _ in }) else {
            throw Unrestored()
        }
        return report
    }

    private struct Unrestored: Error {}

    @Test("a tree is restored entry by entry, exactly")
    func exact() async throws {
        try folder.run("mkdir -p home/app; echo old > home/app/old")
        repository.add("one", at: t, tree("one"))
        let report = try await restore("1")
        #expect(report.version.id == "one" && report.files == 3 && report.notes == ["from memory"])
        #expect(folder.read("home/app/sub/file") == "one and more" && folder.read("home/app/again") == "one and more")
        let facts = try folder.run("cd home/app && stat -c '%n %a %s %h' sub sub/file sparse && readlink link && stat -c %y sub/file && ls -A | wc -l").output
        #expect(facts.contains("sub/file 640 12 2") && facts.contains("sparse 644 1048578 1") && facts.contains("sub 750"))
        #expect(facts.contains("\nsub/file\n") && facts.contains(".123456789"))
        #expect(try folder.run("cd home/app && test $(stat -c %b sparse) -lt 64 && printf '\\003' | cmp - $(printf '\\377')").status == 0)
        #expect(!FileManager.default.fileExists(atPath: folder["home/app/old"]))
    }

    @Test("a damaged one is left out for the one before, and never half in place", arguments: 0..<7)
    func fallback(after: Int) async throws {
        try folder.run("mkdir -p home/app")
        repository.add("good", at: t, tree("good"))
        repository.add("bad", at: t + 1, damagedAfter: after, tree("bad"))
        let report = try await restore("1")
        #expect(report.version.id == "good" && report.fallbacks.map(\.version.id) == ["bad"])
        #expect(folder.read("home/app/sub/file") == "good and more")
    }

    @Test("it is verified, listed, unpacked in part and compared")
    func reading() async throws {
        try folder.run("mkdir -p home scratch out")
        repository.add("one", at: t, tree("one"))
        repository.add("two", at: t + 1, tree("two"))
        let snapshots = try await repository.snapshots()
        let one = try repository.find("one", among: snapshots)
        let contents = try await repository.verify(one, holding: source, scratch: folder["scratch"])
        #expect(contents.files == 3)
        let listed = Mutex<[String]>([])
        try await repository.list(one, scratch: folder["scratch"]) { member in listed.withLock { $0.append(member.path.description) } }
        #expect(listed.withLock { $0.count } == 7 && listed.withLock { $0.contains("app/sub/file") })
        let unpacked = try await repository.unpack(one, into: Folder.open(folder["out"]), only: "app/sub")
        #expect(unpacked.files == 1 && folder.read("out/app/sub/file") == "one and more")
        // The file, and its second name.
        let changes = Mutex<Int>(0)
        let difference = try await repository.compare(.backup(one), .backup(snapshots[0]), scratch: folder["scratch"]) { _ in changes.withLock { $0 += 1 } }
        #expect(!difference.isSame && changes.withLock { $0 } == 2)
        #expect(try await repository.compare(.backup(one), .backup(one), scratch: folder["scratch"]) { _ in }.isSame)
    }

    @Test("the lineage decides by what a snapshot is known by")
    func lineage() async throws {
        #expect(try await repository.lineageHead(nil) == nil)
        repository.add("one", at: t, tree("one"))
        let head = try #require(try await repository.lineageHead(repository.head()))
        #expect(head.holdsBackup && head.checksum == "sum of one" && head.id == "one")
        #expect(try await !repository.descends(Lineage(), from: repository.head()))
        #expect(try await repository.descends(.known(head: "one", checksum: "sum of one"), from: repository.head()))
    }
}
