import Archive
import Backups
import Files
import Foundation
import Storage
import TestSupport
import Testing

/// What a look at a repository finds in it, and what it doesn't.
@Suite("looking for damage in repositories", .waiting, .limited)
struct InspectionTests {
    private struct Unexpected: Error {}

    /// A repository in the restic format with several backups.
    private static func world(backups: Int = 1) async throws -> ResticWorld {
        let world = try ResticWorld()
        var lineage = Lineage()
        try world.folder.run("mkdir home/app/sub")
        for number in 0..<backups {
            try world.folder.run("cd home/app && head -c \(100_000 + 1000 * number) /dev/urandom > sub/file-\(number)")
            guard case .stored = try await world.backUp(&lineage, hour: number) else { throw Unexpected() }
        }
        return world
    }

    private static func inspect(
        _ world: ResticWorld, share: Double = 1, after position: String? = nil, again: [String] = []
    ) async throws -> RepositoryInspection {
        try await world.repository.inspect(
            InspectionRequest(scratch: world.folder["scratch"], share: share, position: position, again: again), onProgress: { _ in })
    }

    /// The packs, largest first: those of contents before those of folders.
    private static func packs(_ world: ResticWorld) throws -> [String] {
        try world.folder.run("cd repository && find data -type f -printf '%s %p\\n' | sort -rn | cut -d' ' -f2").output.split(separator: "\n").map(String.init)
    }

    private static func flip(_ object: String, at offset: Int = 20, in world: ResticWorld) throws {
        try world.folder.run(
            """
            cd repository && chmod u+w \(object) && python3 -c 'f = open("\(object)", "r+b"); f.seek(\(offset)); b = f.read(1); f.seek(\(offset)); f.write(bytes([b[0] ^ 1]))'
            """)
    }

    // MARK: Restic

    @Test("a healthy repository: all is read, nothing is found, no lock is left; and restic thinks the same")
    func healthy() async throws {
        let world = try await InspectionTests.world(backups: 3)
        let found = try await InspectionTests.inspect(world)
        let packs = try InspectionTests.packs(world)
        #expect(found.damage.isEmpty && found.notes.isEmpty && found.snapshots == 3, "\(found)")
        #expect(found.parts == packs.count && found.readParts == packs.count && found.partName == "pack")
        let bytes = try world.folder.run("cd repository && cat $(find data -type f) | wc -c").output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(found.readBytes == Int64(bytes))
        #expect(try world.folder.run("ls repository/locks").output == "")
        try world.restic("check --read-data")
        // One that restic has written into, with its own order of things.
        try world.folder.run("head -c 200000 /dev/urandom > home/app/more")
        try world.restic("backup app")
        try world.restic("forget --keep-last 2 --prune --max-unused 0")
        let after = try await InspectionTests.inspect(world)
        #expect(after.damage.isEmpty && after.snapshots >= 2 && after.readParts == after.parts, "\(after)")
        // None yet.
        let empty = try ResticWorld()
        #expect(try await InspectionTests.inspect(empty) == RepositoryInspection(partName: "pack"))
    }

    @Test("a pack with one wrong bit is found when it is read, and again each time until it is mended, with the files that need it")
    func damagedPack() async throws {
        let world = try await InspectionTests.world(backups: 3)
        let pack = try InspectionTests.packs(world)[0]
        try InspectionTests.flip(pack, in: world)
        // By its structure alone it looks whole.
        #expect(try await InspectionTests.inspect(world, share: 0).damage.isEmpty)
        let found = try await InspectionTests.inspect(world)
        let damage = try #require(found.damage.first)
        #expect(found.damage.count == 1 && damage.object == pack && damage.description.contains("is damaged, which app/sub/file-2 needs"), "\(found)")
        let id = try #require(pack.split(separator: "/").last.map(String.init))
        #expect(found.damagedParts == [id] && damage.what.contains(id.prefix(8)))
        // A small share that begins behind it.
        let later = try await InspectionTests.inspect(world, share: 0.01, after: id, again: found.damagedParts)
        #expect(later.damage == found.damage && later.position != id, "\(later)")
        try InspectionTests.flip(pack, in: world)
        let mended = try await InspectionTests.inspect(world, share: 0.01, after: later.position, again: later.damagedParts)
        #expect(mended.damage.isEmpty && mended.damagedParts.isEmpty && mended.readParts >= 2, "\(mended)")
    }

    @Test("a pack that is missing or cut is found without reading the data", arguments: ["rm -f", "truncate -s -1", "truncate -s 100"])
    func missingPack(how: String) async throws {
        let world = try await InspectionTests.world(backups: 3)
        let pack = try InspectionTests.packs(world)[1]
        try world.folder.run("cd repository && chmod u+w \(pack) && \(how) \(pack)")
        let found = try await InspectionTests.inspect(world, share: 0)
        let damage = try #require(found.damage.first)
        #expect(found.damage.count == 1 && damage.object == pack, "\(found)")
        #expect(damage.what.contains(how == "rm -f" ? "is missing" : " bytes long, and was "), "\(damage)")
        // One byte less is the end of its list: what files need of it is there.
        let isLosing = how != "truncate -s -1"
        #expect(damage.description.contains("which app/sub/file-1 needs") == isLosing && damage.count == (isLosing ? 1 : 0), "\(damage)")
        #expect(try world.restic("check", status: 1).errors.isEmpty == false)
        // A backup stores it again, be it one that is set aside.
        var lineage = Lineage()
        try world.folder.run("rm -rf cache && echo more > home/app/more")
        await #expect(throws: BackupError.self) { try await world.backUp(&lineage, hour: 9) }
        let healed = try await InspectionTests.inspect(world, share: 0)
        guard isLosing else { return #expect(healed.damage == found.damage) }
        #expect(healed.damage.isEmpty && healed.notes.count == 1 && healed.notes[0].hasSuffix("no backup needs what was in it"), "\(healed)")
    }

    @Test("a damaged list of folders, index and snapshot are each named")
    func damagedStructure() async throws {
        let world = try await InspectionTests.world(backups: 2)
        let tree = try #require(try InspectionTests.packs(world).last)
        try InspectionTests.flip(tree, in: world)
        let trees = try await InspectionTests.inspect(world)
        #expect(trees.damage.count == 1 && trees.damage[0].object == tree && trees.damage[0].count > 0, "\(trees)")
        try InspectionTests.flip(tree, in: world)
        for (folder, words) in [("index", "the index "), ("snapshots", "the snapshot ")] {
            let name = try #require(try world.folder.run("cd repository && ls -d \(folder)/* | head -1").output.split(separator: "\n").first.map(String.init))
            try InspectionTests.flip(name, in: world)
            let found = try await InspectionTests.inspect(world, share: 0)
            #expect(found.damage.contains { $0.object == name && $0.what.hasPrefix(words) && $0.what.hasSuffix(" is damaged") }, "\(found)")
            try InspectionTests.flip(name, in: world)
        }
        #expect(try await InspectionTests.inspect(world).damage.isEmpty)
        // Lost with its pack: what is in the folder can't be had, whatever holds it.
        try world.folder.run("cd repository && rm -f \(tree)")
        let lost = try await InspectionTests.inspect(world, share: 0)
        #expect(lost.damage.contains { $0.object == tree && $0.count > 0 }, "\(lost)")
    }

    @Test("a share of the data each time walks through all packs: damage anywhere is found within one round")
    func share() async throws {
        let world = try await InspectionTests.world(backups: 5)
        let packs = try InspectionTests.packs(world)
        #expect(packs.count >= 10)
        for pack in packs {
            try InspectionTests.flip(pack, in: world)
            var (position, looks, isFound) = (String?.none, 0, false)
            // Each of five takes a fifth of the bytes at least.
            while looks < 5, !isFound {
                let found = try await InspectionTests.inspect(world, share: 0.2, after: position)
                (position, looks) = (found.position, looks + 1)
                #expect(found.readParts < packs.count, "a share is not all")
                isFound = found.damagedParts == [pack.split(separator: "/").last.map(String.init)]
            }
            #expect(isFound, "\(pack) was not found in \(looks) looks")
            try InspectionTests.flip(pack, in: world)
        }
    }

    // MARK: Archives

    @Test("archives: a healthy one, a damaged one, one that is missing, each by its date; read in turn")
    func archives() async throws {
        let world = try SourceWorld()
        func inspect(share: Double = 1, after position: String? = nil, again: [String] = []) async throws -> RepositoryInspection {
            try await world.repository.inspect(
                InspectionRequest(scratch: world.folder["scratch"], share: share, position: position, again: again), onProgress: { _ in })
        }
        #expect(try await inspect() == RepositoryInspection(partName: "archive"))
        var last: SourceWorld.Backup?
        for number in 0..<3 {
            try world.shell("echo \(number) > app/a; head -c 10000 /dev/urandom > app/b")
            last = try await world.backUp(after: last)
        }
        let healthy = try await inspect()
        #expect(healthy.damage.isEmpty && healthy.snapshots == 3 && healthy.readParts == 3 && healthy.readBytes > 30_000, "\(healthy)")
        let snapshots = try await world.repository.snapshots().map(\.id)
        // Not the newest.
        let (ids, target) = (snapshots.sorted(), snapshots[1])
        let path = try #require(
            try world.shell("find repo -path '*\(target)*' -name latest_backup.tar.gz").output.split(separator: "\n").first.map(String.init))
        try world.shell("chmod u+w '\(path)'; printf x | dd of='\(path)' bs=1 seek=3000 conv=notrunc status=none")
        // Each time another one, in turn.
        var found: [RepositoryInspection] = []
        for _ in 0..<3 { found.append(try await inspect(share: 0.1, after: found.last?.position)) }
        #expect(found.map(\.readParts) == [1, 1, 1] && found.map(\.position) == ids, "\(found)")
        let bad = try #require(found.first { !$0.damage.isEmpty })
        #expect(bad.position == target && bad.damagedParts == [target] && found.filter(\.damage.isEmpty).count == 2, "\(found)")
        let damage = try #require(bad.damage.first)
        #expect(damage.what.hasPrefix("the archive of the backup of 2026-") && damage.what.contains(" is damaged: ") && damage.object == target, "\(damage)")
        let again = try await inspect(share: 0.1, after: target, again: bad.damagedParts)
        #expect(again.damage == bad.damage && again.readParts == 2 && again.position != target, "\(again)")
        try world.shell("rm -f '\(path)'")
        let missing = try await inspect(share: 0)
        #expect(missing.damage.count == 1 && missing.damage[0].what.hasSuffix(" is missing"), "\(missing)")
    }
}

/// A whole restore that leaves nothing behind.
@Suite("restore drills", .waiting, .limited)
struct DrillTests {
    private static let date = Date(timeIntervalSince1970: 1_790_000_000)

    private static func left(in folder: TemporaryFolder) throws -> String { try folder.run("find scratch -mindepth 1").output }

    @Test("an edge tree comes back as it is stored, in both formats, and is removed again", arguments: Account.allCases)
    func whole(account: Account) async throws {
        let world = try ResticWorld(TemporaryFolder(for: account))
        try world.folder.run(
            """
            cd home/app && mkdir -p sub/深 closed && printf inside > 'sub/深/档案 1.txt' && : > empty.txt && ln -s sub/深 link && ln -s nowhere dangling
            printf linked > one && ln one sub/two && truncate -s 3M sparse && printf x | dd of=sparse bs=1 seek=2000000 conv=notrunc status=none
            head -c 1000000 /dev/urandom > noise && printf raw > "$(printf 'a\\377b')" && printf x > closed/x && chmod 4711 one && chmod 500 closed
            sqlite3 data.db 'create table t (x); insert into t values (1), (2)'
            """)
        var lineage = Lineage()
        guard case .stored(let snapshot, _, _) = try await world.backUp(&lineage) else { return #expect(Bool(false), "nothing was stored") }
        let report = try await world.repository.drill(snapshot, scratch: world.folder["scratch"])
        #expect(report.differences.isEmpty && report.differenceCount == 0 && report.files == 8, "\(report)")
        #expect(try DrillTests.left(in: world.folder) == "")
        // The same as an archive that tar has written, with a path twice.
        try world.folder.run(
            "mkdir tars && cd home && tar -cf ../tars/a.tar app && printf later > app/empty.txt && tar -rf ../tars/a.tar app/empty.txt && gzip -c ../tars/a.tar > ../tars/latest_backup.tar.gz && rm ../tars/a.tar"
        )
        let archives = ArchiveRepository(store: LocalFolder(path: world.folder["tars"]), retention: Retention(), cores: 2)
        let archive = try #require(try await archives.head())
        let again = try await archives.drill(archive, scratch: world.folder["scratch"])
        #expect(again.differences.isEmpty && again.files >= 8, "\(again)")
        #expect(try DrillTests.left(in: world.folder) == "")
        try world.folder.run("chmod 700 home/app/closed")
    }

    @Test("what is not there as it was stored is named, as far as there is room for it")
    func different() async throws {
        let folder = TemporaryFolder()
        let repository = InMemoryRepository()
        let time = FileTime(seconds: 1_790_000_000)
        func file(_ name: String, _ text: String) -> InMemoryRepository.Entry {
            .init(
                entry: TreeEntry(path: RawName("app/\(name)"), kind: .file, mode: 0o644, size: Int64(text.utf8.count), modified: time),
                content: [Array(text.utf8)])
        }
        repository.add("one", at: DrillTests.date, (0..<6).map { file("f\($0)", "content \($0)") } + [file("last", "last")])
        let snapshot = try #require(try await repository.head())
        let healthy = try await repository.drill(snapshot, scratch: folder["scratch"])
        #expect(healthy.differences.isEmpty && healthy.files == 7)
        // Somebody changes files between the writing and the comparing.
        let report = try await repository.drill(snapshot, scratch: folder["scratch"]) { progress in
            guard progress.step == .unpacking, progress.files == 6 else { return }
            _ = try? Shell.run(
                "cd scratch/*/tree/app && echo other > f0 && rm f1 && printf 'content x' > f2 && chmod 600 f3 && ln -sf f5 f4", folder: folder.path)
        }
        #expect(report.differenceCount == 5 && report.differences.count == 3, "\(report)")
        #expect(report.differences == ["app/f0 is 6 bytes long, and not 9", "app/f1 is missing", "app/f2 has another content"], "\(report)")
        #expect(try DrillTests.left(in: folder) == "")
    }

    @Test("without room for it nothing is written; damage is no lack of room; a cancelled one leaves nothing")
    func refused() async throws {
        let folder = TemporaryFolder()
        let repository = InMemoryRepository()
        let entry = TreeEntry(path: "app/a", kind: .file, mode: 0o644, size: 3, modified: FileTime(seconds: 1))
        repository.add("large", at: DrillTests.date, claims: 1 << 60, [.init(entry: entry, content: [[1, 2, 3]])])
        let large = try #require(try await repository.head())
        await #expect { _ = try await repository.drill(large, scratch: folder["scratch"]) } throws: { error in
            if case .notEnoughSpace(let needed, let free, _)? = error as? BackupError { needed > 1 << 60 && free < 1 << 60 } else { false }
        }
        #expect(try DrillTests.left(in: folder) == "")
        repository.add("damaged", at: DrillTests.date, damagedAfter: 1, [.init(entry: entry, content: [[1, 2, 3]])])
        let damaged = try #require(try await repository.head())
        await #expect { _ = try await repository.drill(damaged, scratch: folder["scratch"]) } throws: {
            if case .archive(.damaged)? = $0 as? BackupError { true } else { false }
        }
        #expect(try DrillTests.left(in: folder) == "")
        let task = Task { try await repository.drill(large, scratch: folder["scratch"]) }
        task.cancel()
        _ = await task.result
        #expect(try DrillTests.left(in: folder) == "")
    }
}
