import Backups
import Files
import Foundation
import TestSupport
import Testing

@Suite("lineage")
struct LineageTests {
    @Test(
        "two hundred thousand steps of two containers and two repositories, killed at any step, with lost states and disks",
        .limited, arguments: (1...20).map(UInt64.init))
    func simulation(seed: UInt64) throws {
        var world = LineageWorld(seed: seed)
        for step in 1...10_000 {
            do { try world.step() } catch {
                Issue.record("seed \(seed), step \(step): \(error)")
                return
            }
        }
        for sight in LineageWorld.Sight.allCases { #expect(world.seen[sight] != nil, "seed \(seed) never came to \(sight)") }
    }

    private let t = Date(timeIntervalSince1970: 1_790_000_000)
    private func head(_ id: String, _ checksum: String?, holdsBackup: Bool = true, at: Double = 0) -> Lineage.Head {
        Lineage.Head(id: id, holdsBackup: holdsBackup, checksum: checksum, date: t + at)
    }

    @Test("nothing may be stored over a backup that no restore of this boot brought back")
    func locks() {
        func mark(_ token: String, _ backups: [String: TreeMark.Entry] = [:]) -> TreeMark.Reading { .init(mark: TreeMark(token: token, backups: backups)) }
        func lock(_ boot: String, _ head: Lineage.Head?, _ mark: TreeMark.Reading?, paths: String = "/p") -> Lineage.Lock? {
            lineage.lock(in: boot, paths: paths, head: head, mark: mark, location: "a")
        }
        var lineage = Lineage()
        #expect(lock("b", nil, nil) == nil)
        #expect(lock("b", head("1", "x"), nil) == .notRestored)
        lineage.restoreBegan(in: "b")
        #expect(lock("b", nil, nil) == .restoreFailed)
        lineage.kept(.init(id: "1", checksum: "x"), tree: "t", in: "b")
        #expect(lock("b", head("2", "y"), mark("t")) == nil)
        // The app made its folder again: it is still what is backed up here.
        #expect(lock("b", head("2", "y"), nil) == nil)
        // A restore from another repository has replaced the tree.
        #expect(lock("b", head("1", "x", at: 10), mark("u", ["other": .init(checksum: "z", at: t)])) == .treeReplaced)
        #expect(lock("b", head("1", "x", at: 10), mark("u", ["other": .init(checksum: "z", at: t + 20)])) == nil)
        // Another boot, without a restore: only the same tree may go on.
        #expect(lock("c", head("1", "x"), mark("t")) == nil)
        #expect(lock("c", head("1", "x"), mark("other")) == .notRestored)
        #expect(lock("c", head("2", "y"), mark("t")) == .notRestored)
        lineage.stored(.init(id: "2", checksum: "y"), completeness: .unknown, size: .init(files: 1, bytes: 1), tree: "t", paths: "/p")
        #expect(lock("b", nil, mark("t"), paths: "/q") == .otherPaths("/p"))
    }

    @Test("a tree descends from a head by its id, its archive, or the archive that was about to be stored")
    func descent() {
        var lineage = Lineage()
        #expect(lineage.descends(from: nil) && lineage.descends(from: head("1", nil, holdsBackup: false)))
        #expect(!lineage.descends(from: head("1", "x")) && !lineage.descends(from: head("1", nil)))
        lineage.kept(.init(id: "1", checksum: "x"), tree: "t", in: "b")
        #expect(!lineage.descends(from: nil))
        for (other, expected) in [(head("1", nil), true), (head("9", "x"), true), (head("9", "y"), false)] {
            #expect(lineage.descends(from: other) == expected)
        }
        lineage.storing(checksum: "y")
        #expect(lineage.descends(from: head("9", "y")))
    }

    @Test("two repositories on one tree do not take each other's marks for their own")
    func twoRepositories() {
        var mark = TreeMark(token: "t", backups: ["a": .init(checksum: "xa", at: t), "b": .init(checksum: "xb", at: t - 60)])
        let reading = TreeMark.Reading(mark: mark)
        let lost = Lineage()
        #expect(lost.decideRestore(head: head("1", "xa"), mark: reading, location: "a") == .keep(missing: []))
        #expect(lost.decideRestore(head: head("1", "xb", at: -60), mark: reading, location: "b") == .keep(missing: []))
        #expect(lost.decideRestore(head: head("2", "foreign", at: -30), mark: reading, location: "a") == .restore)
        // A repository that this tree was never in: the newer one of both stays.
        #expect(lost.decideRestore(head: head("2", "foreign", at: -30), mark: reading, location: "c") == .keep(missing: []))
        #expect(lost.decideRestore(head: head("2", "foreign", at: 30), mark: reading, location: "c") == .restore)
        mark.announce("next", at: t, in: "a")
        #expect(lost.decideRestore(head: head("2", "next"), mark: .init(mark: mark, missing: ["part"]), location: "a") == .keep(missing: ["part"]))
    }

    @Test("a tree that lost more than half is told from one that is empty")
    func shrinkage() {
        var lineage = Lineage()
        #expect(lineage.shrinkage(to: .init(files: 0, bytes: 0)) == .none)
        let size = Lineage.Size(files: 100, bytes: 10_000_000)
        lineage.stored(.init(id: "1", checksum: "x"), completeness: .unknown, size: size, tree: nil, paths: "/p")
        #expect(lineage.shrinkage(to: .init(files: 0, bytes: 0)) == .emptied(from: size))
        #expect(lineage.shrinkage(to: .init(files: 49, bytes: 10_000_000)) == .shrunk(from: size))
        #expect(lineage.shrinkage(to: .init(files: 100, bytes: 4_999_999)) == .shrunk(from: size))
        #expect(lineage.shrinkage(to: .init(files: 50, bytes: 5_000_000)) == .none)
        lineage.pinNewest()
        #expect(lineage.pin?.reference.id == "1")
    }

    @Test("while backups are incomplete, the last whole one is protected from retention")
    func lastWhole() {
        let (size, lacking) = (Lineage.Size(files: 1, bytes: 1), Lineage.Completeness.incomplete(IncompleteFiles(count: 1)))
        func store(_ id: String, _ completeness: Lineage.Completeness, _ lineage: inout Lineage) {
            lineage.stored(.init(id: id, checksum: "x" + id), completeness: completeness, size: size, tree: nil, paths: "/p")
        }
        var lineage = Lineage()
        store("1", .whole(.init(tree: "t", content: nil)), &lineage)
        for id in ["2", "3"] { store(id, lacking, &lineage) }
        #expect(lineage.protected.map(\.id) == ["1"])
        lineage.foundUnchanged(lacking)
        #expect(lineage.protected.map(\.id) == ["1"])
        lineage.foundUnchanged(.whole(.init(tree: "t", content: nil)))
        #expect(lineage.protected.map(\.id) == ["3"])
        // Nothing is known of what a container without its state has restored: it is taken for whole.
        var lost = Lineage()
        lost.restored(.init(id: "8", checksum: "x8"), head: .init(id: "8", checksum: "x8"), choice: .newest, size: size, tree: nil, in: "b")
        for id in ["9", "10"] { store(id, lacking, &lost) }
        #expect(lost.protected.map(\.id) == ["8"])
    }

    @Test("it comes back from JSON as it was")
    func coding() throws {
        var lineage = Lineage()
        lineage.restoreBegan(in: "b")
        lineage.stored(
            .init(id: "1", checksum: "x"), completeness: .incomplete(IncompleteFiles(count: 3)), size: .init(files: 1, bytes: 2), tree: "t", paths: "/p")
        lineage.foundDamaged("0", because: "cut")
        lineage.pinNewest()
        let data = try JSONEncoder().encode(lineage)
        #expect(try JSONDecoder().decode(Lineage.self, from: data) == lineage)
    }

    @Test("a mark outlives a lost state, is no change of the tree, and knows what is missing")
    func marks() throws {
        let folder = TemporaryFolder()
        try folder.write("base/a/file", "x")
        try folder.write("base/b/file", "y")
        try folder.write("base/single.json", "{}")
        let source = BackupSource(base: folder["base"], paths: ["a", "b", "single.json"])
        #expect(try source.readMark() == nil)
        let before = try Folder.open(folder["base/a"]).status().modified
        let token = try source.mark { $0.descend(from: .init(checksum: "x", at: t), in: "r") }
        #expect(try token != nil && source.readMark()?.mark.token == token)
        #expect(try Folder.open(folder["base/a"]).status().modified == before)
        // A change that reached one part only is still one of this tree.
        _ = try BackupSource(base: folder["base"], paths: ["a"]).mark { $0.announce("y", at: t, in: "r") }
        #expect(try source.readMark()?.mark.backups["r"]?.pending == "y")
        // One that can't be read is no answer.
        let blocked = folder["base/single.json"].replacing("single.json", with: ".single.json.shipkeeper-tree")
        try FileManager.default.removeItem(atPath: blocked)
        try FileManager.default.createDirectory(atPath: blocked + "/x", withIntermediateDirectories: true)
        #expect(throws: FileError.self) { try source.mark { $0.announce("z", at: t, in: "r") } }
        try FileManager.default.removeItem(atPath: blocked)
        _ = try source.mark()
        try FileManager.default.removeItem(atPath: folder["base/b"])
        #expect(try source.readMark()?.missing == ["b"])
        // Another folder came to its place: it is not the tree that was there.
        try FileManager.default.createDirectory(atPath: folder["base/b"], withIntermediateDirectories: true)
        #expect(try source.readMark() == nil)
    }
}

@Suite("marks that can't be written everywhere", .enabled(if: getuid() == 0))
struct PartialMarkTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)
    private let folder = TemporaryFolder()

    private func source(_ parts: String...) -> BackupSource { BackupSource(base: folder["base"], paths: parts) }

    /// The parts, of which some take no file.
    private func make(_ parts: [String], full: Set<String>) throws {
        for part in parts {
            let line = "mkdir -p base/\(part)" + (full.contains(part) ? " && mount -t tmpfs -o nr_inodes=1 tmpfs base/\(part)" : "")
            let made = try folder.run(line)
            try #require(made.status == 0, "\(made.errors)")
        }
    }

    private func unmount() { for part in ["a", "b", "c", "d"] { _ = try? folder.run("umount -l base/\(part)") } }

    @Test("parts without one are in no list, and the others are a tree", arguments: [["a"], ["b"], ["d"], ["a", "c"], ["b", "c", "d"]] as [Set<String>])
    func new(full: Set<String>) throws {
        defer { unmount() }
        try make(["a", "b", "c", "d"], full: full)
        let source = source("a", "b", "c", "d")
        let token = try source.mark { $0.descend(from: .init(checksum: "x", at: t), in: "r") }
        #expect(token != nil)
        var reading = try #require(try source.readMark())
        #expect(reading.mark.token == token && reading.missing.isEmpty && Set(reading.mark.parts) == Set(["a", "b", "c", "d"]).subtracting(full))
        // Each of them knows all the others.
        for part in ["a", "b", "c", "d"] where !full.contains(part) {
            #expect(try self.source(part).readMark()?.mark.parts == reading.mark.parts)
        }
        unmount()
        #expect(try source.mark { $0.announce("y", at: t, in: "r") } == token)
        reading = try #require(try source.readMark())
        #expect(reading.mark.parts == ["a", "b", "c", "d"] && reading.mark.backups["r"]?.pending == "y")
    }

    @Test("none where no part takes one")
    func none() throws {
        defer { unmount() }
        try make(["a", "b"], full: ["a", "b"])
        #expect(try source("a", "b").mark() == nil && source("a", "b").readMark() == nil)
    }

    @Test("a change reaches all parts but those that can't be written, and is that of the whole tree", arguments: ["a", "b", "c"])
    func change(blocked: String) throws {
        defer { unmount() }
        for part in ["a", "b", "c"] { try folder.run("mkdir -p base/\(part) && mount -t tmpfs tmpfs base/\(part)") }
        let source = source("a", "b", "c")
        let token = try source.mark { $0.descend(from: .init(checksum: "x", at: t), in: "r") }
        try #require(try folder.run("mount -o remount,ro base/\(blocked)").status == 0)
        #expect(try source.mark { $0.descend(from: .init(checksum: "z", at: t + 60), in: "r") } == token)
        #expect(try source.readMark()?.mark.backups["r"]?.checksum == "z" && source.readMark()?.missing == [])
        for part in ["a", "b", "c"] {
            #expect(try self.source(part).readMark()?.mark.backups["r"]?.checksum == (part == blocked ? "x" : "z"), "\(part)")
        }
    }
}

extension IncompleteFiles {
    init(count: Int) {
        self.init()
        for number in 0..<count { append(IncompleteFile(path: "f\(number)", reason: .unreadable, detail: "permission denied", stored: .nothing)) }
    }
}
