import Backups
import Buckets
import Files
import Foundation
import Restic
import Storage
import Synchronization
import TestSupport
import Testing

/// A backend with a repository in the restic format, and trees of containers that use it.
struct ResticPlace {
    static let retention = Retention(last: 2, daily: 0, weekly: 0)

    let folder = TemporaryFolder()
    let start = Date(timeIntervalSince1970: 1_790_000_000)

    func repository(_ backend: any Backend) -> ResticRepository {
        ResticRepository(backend, password: "x", retention: ResticPlace.retention, threads: 2, cost: .init(rounds: 2))
    }

    func source(_ container: String = "one") -> BackupSource { BackupSource(path: folder["\(container)/app"]) }

    func write(_ files: [String: String], in container: String = "one") throws {
        for (name, text) in files { try folder.write("\(container)/app/\(name)", text) }
    }

    /// What lies in a container, by path.
    func tree(_ container: String = "one") -> [String: String] {
        let root = folder["\(container)/app"]
        var found: [String: String] = [:]
        for name in FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? [] where name != ".shipkeeper-tree" {
            if let text = folder.read("\(container)/app/\(name)") { found[name] = text }
        }
        return found
    }

    /// Stores the tree as a job does, and notes what it would.
    func backUp(_ repository: ResticRepository, _ lineage: inout Lineage, _ container: String = "one", hour: Int = 0) async throws(BackupError) {
        let request = BackupRequest(
            scratch: folder["\(container)-scratch"], aside: "aside", now: start + Double(hour) * 3600, cache: folder["\(container)-cache"])
        let announced = Mutex<String?>(nil)
        let outcome: BackupOutcome
        do throws(BackupError) {
            outcome = try await repository.backUp(source(container), lineage, request, onProgress: { _ in }) { report, _ in
                announced.withLock { $0 = report.checksum }
            }
        } catch {
            if let checksum = announced.withLock({ $0 }) { lineage.storing(checksum: checksum) }
            throw error
        }
        switch outcome {
        case .stored(let snapshot, let report, let fingerprint):
            lineage.stored(
                Lineage.Reference(id: snapshot.id, checksum: report.checksum), completeness: .whole(fingerprint),
                size: Lineage.Size(files: report.files, bytes: report.bytes), tree: nil, paths: source(container).readable)
        case .same(_, let fingerprint, let head):
            lineage.adopt(head)
            lineage.foundUnchanged(.whole(fingerprint))
        case .unchanged(let fingerprint): lineage.foundUnchanged(.whole(fingerprint))
        }
    }

    /// What a snapshot brings back.
    func stored(_ repository: ResticRepository, _ snapshot: Snapshot) async throws -> [String: String] {
        try? FileManager.default.removeItem(atPath: folder["out"])
        try FileManager.default.createDirectory(atPath: folder["out"], withIntermediateDirectories: true)
        _ = try await repository.unpack(snapshot, into: Folder.open(folder["out"]))
        return tree("out")
    }
}

/// Every call of a backup, of a prune and of a restore fails once, in every way, in memory and with commits. After each the promises must hold.
@Suite("faults of a repository in the restic format", .waiting, .limited)
struct ResticFaultTests {
    private struct World {
        let place = ResticPlace()
        let backend: InMemoryBackend
        var lineage = Lineage()
        var first: [String: String] = [:]

        /// One backup of two files is stored; a third was written and one changed.
        init(_ appearance: BackendTraits.Appearance) async throws {
            backend = InMemoryBackend(appearance)
            try place.write(["a": "one", "sub/b": String(repeating: "b", count: 70_000)])
            try await place.backUp(place.repository(backend), &lineage)
            first = place.tree()
            try place.write(["a": "two", "sub/c": "new"])
        }

        /// All snapshots are whole, the newest is what is expected, and a backup that follows succeeds.
        mutating func check(_ allowed: [[String: String]], _ note: String) async throws {
            let repository = place.repository(backend)
            let snapshots = try await repository.snapshots()
            for snapshot in snapshots { _ = try await repository.verify(snapshot, scratch: place.folder["scratch"]) }
            let newest = try await place.stored(repository, try #require(snapshots.first))
            #expect(allowed.contains(newest), "\(note): \(newest.keys.sorted())")
            try await place.backUp(repository, &lineage, hour: 9)
            let after = try await repository.snapshots()
            #expect(try await place.stored(repository, try #require(after.first)) == place.tree(), "\(note)")
            #expect(try await repository.head()?.otherObjects.isEmpty == true, "\(note)")
        }
    }

    private static let appearances: [BackendTraits.Appearance] = [.whenSaved, .whenPublished]

    @Test("a backup", arguments: appearances, FaultyBackend.Fault.allCases)
    func backup(appearance: BackendTraits.Appearance, fault: FaultyBackend.Fault) async throws {
        var fired = Set<String>()
        for call in 0..<200 {
            var world = try await World(appearance)
            let faulty = FaultyBackend(world.backend, fault, at: call)
            do throws(BackupError) { try await world.place.backUp(world.place.repository(faulty), &world.lineage, hour: 1) } catch {
                #expect(error.storage != nil || fault == .half, "\(fault) at call \(call): \(error)")
            }
            try await world.check([world.first, world.place.tree()], "\(fault) at call \(call)")
            guard let verb = faulty.fired else { break }
            fired.insert(verb)
        }
        #expect(fired.isSuperset(of: ["list", "load", "save", "publish", "head"]), "\(fired)")
    }

    @Test("the first backup, which makes the repository", arguments: appearances, FaultyBackend.Fault.allCases)
    func firstBackup(appearance: BackendTraits.Appearance, fault: FaultyBackend.Fault) async throws {
        for call in 0..<200 {
            let place = ResticPlace()
            let backend = InMemoryBackend(appearance)
            try place.write(["a": "one"])
            let faulty = FaultyBackend(backend, fault, at: call)
            var lineage = Lineage()
            // As one program that tries again, and as the next one.
            let repository = place.repository(faulty)
            for again in [repository, repository, place.repository(backend)] { try? await place.backUp(again, &lineage) }
            let snapshots = try await place.repository(backend).snapshots()
            #expect(snapshots.count == 1, "\(fault) at call \(call)")
            #expect(try await place.stored(place.repository(backend), try #require(snapshots.first)) == place.tree(), "\(fault) at call \(call)")
            if faulty.fired == nil { break }
        }
    }

    @Test("a prune", arguments: appearances, FaultyBackend.Fault.allCases)
    func prune(appearance: BackendTraits.Appearance, fault: FaultyBackend.Fault) async throws {
        var fired = Set<String>()
        // How many calls there are depends on which packs are written anew, and so on random numbers.
        for _ in 0..<6 where !fired.isSuperset(of: ["list", "load", "publish"]) { try await prunes(appearance, fault, &fired) }
        #expect(fired.isSuperset(of: ["list", "load", "publish"]), "\(fired)")
    }

    private func prunes(_ appearance: BackendTraits.Appearance, _ fault: FaultyBackend.Fault, _ fired: inout Set<String>) async throws {
        for call in 0..<200 {
            var world = try await World(appearance)
            let repository = world.place.repository(world.backend)
            for hour in 1..<5 {
                try world.place.write(["a": "\(hour)", "gone": String((0..<3000).map { _ in "abcdefghijklmnop".randomElement()! })])
                try await world.place.backUp(repository, &world.lineage, hour: hour)
            }
            let faulty = FaultyBackend(world.backend, fault, at: call)
            do throws(BackupError) { _ = try await world.place.repository(faulty).prune(scratch: world.place.folder["scratch"]) } catch {
                #expect(error.storage != nil || fault == .half, "\(fault) at call \(call): \(error)")
            }
            try await world.check([world.place.tree()], "\(fault) at call \(call)")
            // The next one ends what this one has begun.
            _ = try await repository.prune(scratch: world.place.folder["scratch"])
            let snapshots = try await repository.snapshots()
            #expect(snapshots.count == 2, "\(fault) at call \(call)")
            for snapshot in snapshots { _ = try await repository.verify(snapshot, scratch: world.place.folder["scratch"]) }
            guard let verb = faulty.fired else { break }
            fired.insert(verb)
        }
    }

    @Test("a restore brings back what was stored or says why not, and the tree that is there stays then", arguments: appearances, FaultyBackend.Fault.allCases)
    func restore(appearance: BackendTraits.Appearance, fault: FaultyBackend.Fault) async throws {
        for call in 0..<200 {
            let world = try await World(appearance)
            let there = world.place.tree()
            let faulty = FaultyBackend(world.backend, fault, at: call)
            let restorer = TreeRestorer(repository: world.place.repository(faulty), source: world.place.source(), id: "1")
            do throws(BackupError) {
                guard case .restored = try await restorer.restore(onProgress: { _ in }) else { Issue.record("\(fault) at call \(call): empty"); return }
                #expect(world.place.tree() == world.first, "\(fault) at call \(call)")
            } catch {
                #expect(world.place.tree() == there && error.storage != nil || fault == .half, "\(fault) at call \(call): \(error)")
            }
            if faulty.fired == nil { break }
        }
    }

    @Test("two containers prune and back up at once, by any order of their calls, and no snapshot ever lacks anything", arguments: 0..<12)
    func twoContainers(seed: Int) async throws {
        let world = try await World(seed % 2 == 0 ? .whenSaved : .whenPublished)
        let repository = world.place.repository(world.backend)
        var (lineage, hour) = (world.lineage, 1)
        for _ in 0..<4 {
            try world.place.write(["a": "\(seed) \(hour)", "gone": "\(hour)" + String(repeating: "x", count: 2000)])
            try await world.place.backUp(repository, &lineage, hour: hour)
            hour += 1
        }
        try world.place.write(["a": "last", "more": "more"])
        let (place, last) = (world.place, lineage)
        async let backup: Void = {
            var lineage = last
            for hour in 10..<13 {
                try? place.write(["more": "\(hour)"])
                try? await place.backUp(place.repository(world.backend), &lineage, hour: hour)
            }
        }()
        async let prune: Void = {
            for _ in 0..<3 { _ = try? await place.repository(world.backend).prune(scratch: place.folder["prune-scratch"]) }
        }()
        _ = await (backup, prune)
        for snapshot in try await repository.snapshots() { _ = try await repository.verify(snapshot, scratch: world.place.folder["scratch"]) }
    }
}
