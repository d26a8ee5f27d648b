import Backups
import Files
import Foundation
import Restic
import Storage
import TestSupport
import Testing

/// Random operations of two containers on one repository, against plain copies of what they have stored. `RESTIC_STEPS` and `RESTIC_SEED` make it longer or
/// repeat it.
@Suite("random operations on a repository in the restic format", .waiting, .tags(.slow))
struct ResticEngineTests {
    private struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    private final class World {
        let place = ResticPlace()
        let backend: FolderBackend
        /// What each container knows.
        var lineages = ["one": Lineage(), "two": Lineage()]
        /// By the id of a snapshot.
        var copies: [String: [String: String]] = [:]
        var hour = 0

        init() throws {
            backend = FolderBackend(path: place.folder["repository"])
            try place.folder.run("mkdir -p repository one/app two/app")
        }

        /// Fails at a random call where `isFaulty`: what a kill leaves.
        func repository(_ isFaulty: Bool, _ random: inout Random) -> ResticRepository {
            guard isFaulty else { return place.repository(backend) }
            let fault = FaultyBackend.Fault.allCases.randomElement(using: &random) ?? .before
            return place.repository(FaultyBackend(backend, fault, at: Int.random(in: 0..<25, using: &random), times: 100))
        }

        func noteHead(of container: String) async throws {
            guard let head = try await place.repository(backend).head(), lineages[container]?.knownHead == head.id else { return }
            copies[head.id] = place.tree(container)
        }
    }

    @Test("1000 steps, or as many as fit", .limited)
    func steps() async throws {
        let variables = ProcessInfo.processInfo.environment
        let seed = variables["RESTIC_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0 ... .max)
        let steps = variables["RESTIC_STEPS"].flatMap { Int($0) } ?? 150
        var random = Random(state: seed)
        let world = try World()
        for step in 0..<steps {
            let container = Bool.random(using: &random) ? "one" : "two"
            let note = "seed \(seed), step \(step)"
            switch Int.random(in: 0..<12, using: &random) {
            case 0...4: try change(world, container, &random)
            case 5...8: try await backUp(world, container, isFaulty: Int.random(in: 0..<4, using: &random) == 0, &random)
            case 9: try await restore(world, container, &random)
            case 10:
                _ = try? await world.repository(Int.random(in: 0..<3, using: &random) == 0, &random).prune(scratch: world.place.folder["prune-scratch"])
            default: try await check(world, note)
            }
        }
        try await check(world, "seed \(seed), at the end")
        let result = try Shell.run(
            "restic --no-cache --no-lock check --read-data", environment: ["RESTIC_REPOSITORY": world.place.folder["repository"], "RESTIC_PASSWORD": "x"])
        #expect(result.status == 0 && result.output.contains("no errors were found"), "seed \(seed): \(result)")
    }

    private func change(_ world: World, _ container: String, _ random: inout Random) throws {
        let name = ["a", "b", "d/c", "d/e", "d/f/g"].randomElement(using: &random) ?? "a"
        let path = "\(container)/app/\(name)"
        switch Int.random(in: 0..<4, using: &random) {
        case 0: try world.place.folder.run("rm -rf '\(path)'")
        case 1: try world.place.folder.write(path, (world.place.folder.read(path) ?? "") + "more \(random.next())")
        default:
            let size = [10, 1000, 100_000, 700_000].randomElement(using: &random) ?? 10
            let word = "\(random.next())"
            try world.place.folder.write(path, String(repeating: word, count: size / word.count + 1))
        }
    }

    private func backUp(_ world: World, _ container: String, isFaulty: Bool, _ random: inout Random) async throws {
        world.hour += 1
        var lineage = world.lineages[container] ?? Lineage()
        let repository = world.repository(isFaulty, &random)
        do throws(BackupError) {
            try await world.place.backUp(repository, &lineage, container, hour: world.hour)
        } catch {
            world.lineages[container] = lineage
            // What was stored although the answer was lost is known by its tree.
            guard let newest = try await world.place.repository(world.backend).snapshots().first, world.copies[newest.id] == nil else { return }
            world.copies[newest.id] = try await world.place.stored(world.place.repository(world.backend), newest)
            #expect(world.copies[newest.id] == world.place.tree(container))
            return
        }
        world.lineages[container] = lineage
        try await world.noteHead(of: container)
    }

    private func restore(_ world: World, _ container: String, _ random: inout Random) async throws {
        let repository = world.place.repository(world.backend)
        let restorer = TreeRestorer(repository: repository, source: world.place.source(container), id: "\(random.next())")
        guard case .restored(let report) = try await restorer.restore(onProgress: { _ in }) else { return }
        #expect(world.place.tree(container) == world.copies[report.version.id])
        var lineage = Lineage()
        let reference = Lineage.Reference(id: report.version.id, checksum: report.version.checksum)
        lineage.restored(
            reference, head: reference, choice: .newest, size: Lineage.Size(files: report.files, bytes: report.bytes), tree: nil, in: "boot")
        world.lineages[container] = lineage
    }

    /// Every snapshot brings back what was stored in it.
    private func check(_ world: World, _ note: String) async throws {
        let repository = world.place.repository(world.backend)
        for snapshot in try await repository.snapshots() {
            let copy = world.copies[snapshot.id]
            #expect(copy != nil, "\(note): \(snapshot.id) is known to nobody")
            #expect(try await world.place.stored(repository, snapshot) == copy, "\(note)")
        }
    }
}
