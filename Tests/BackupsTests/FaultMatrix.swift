import Backups
import Files
import Foundation
import HTTPClient
import Storage
import Synchronization
import TestSupport
import Testing

/// Every single request of a backup and of a restore fails once, in every way; after each the promises must hold.
@Suite("fault matrix", .waiting, .serialized, .tags(.slow))
struct FaultMatrix {
    private static let faults = [
        "refuse", "cut_request", "cut", "hang", "hang_after", "429_rate", "429_quota", "429_after", "401", "403", "404", "404_entry", "409", "412", "413",
        "500", "503",
        "500_after",
        "503_after", "corrupt", "norange",
    ]

    private struct World {
        let hub: StandInHub
        let folder = TemporaryFolder()
        let start = Date(timeIntervalSince1970: 1_790_000_000)

        init() async throws {
            hub = try StandInHub()
            try await hub.create()
            try await hub.tell("config", "{\"hang\": 1.2, \"multipart_above\": 150000, \"chunk_size\": 100000}")
        }

        /// As a new program would see the dataset: nothing is remembered from the last one.
        var repository: ArchiveRepository {
            var patience = HubTimeouts()
            patience.clock = ImpatientClock()
            patience.answer = .milliseconds(500)
            patience.commit = .milliseconds(500)
            patience.stall = .seconds(1)
            let store = HuggingFace(
                .init(dataset: "alice/backup", token: StandInHub.writeToken, endpoint: hub.endpoint), http: hub.http, patience: patience, now: { Date() })
            return ArchiveRepository(store: store, retention: Retention(), cores: 2)
        }

        func source(_ place: String = "app") -> BackupSource { BackupSource(path: folder["\(place)/data"]) }

        func grow(_ place: String, _ files: [String: String]) throws {
            try? FileManager.default.removeItem(atPath: folder[place])
            for (name, text) in files { try folder.write("\(place)/data/\(name)", text) }
        }

        /// What lies there, by name; without our own token.
        func tree(_ place: String) -> [String: String] {
            let root = folder["\(place)/data"]
            var found: [String: String] = [:]
            for name in FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? [] where name != ".shipkeeper-tree" {
                if let text = folder.read("\(place)/data/\(name)"), !name.isEmpty { found[name] = text }
            }
            return found
        }

        func backUp(_ known: Lineage, onPacked: @escaping @Sendable (String) -> Void = { _ in }) async throws(BackupError)
            -> BackupOutcome
        {
            try await repository.backUp(source(), known, scratch: folder["scratch"], at: start, onPacked: { onPacked($0.checksum) })
        }

        func restore(_ place: String = "app") async throws(BackupError) -> TreeRestorer.Outcome {
            try await TreeRestorer(repository: repository, source: source(place), id: UUID().uuidString).restore { _ in }
        }

        /// Whether the stand-in has met that request with the fault.
        func hasFired(_ fault: String, at request: Int) async throws -> Bool { try await hub.log().contains { $0.n == request && $0.fault == fault } }

        /// What the newest whole backup brings back.
        func stored() async throws -> [String: String] {
            try? FileManager.default.removeItem(atPath: folder["other"])
            try FileManager.default.createDirectory(atPath: folder["other"], withIntermediateDirectories: true)
            _ = try await restore("other")
            return tree("other")
        }
    }

    /// Incompressible text of some length.
    private static func noise(_ count: Int, _ seed: UInt64) -> String {
        var random = SeededRandom(seed: seed)
        return String((0..<count).map { _ in Character(Unicode.Scalar(UInt8.random(in: 33...126, using: &random))) })
    }

    private static let old = ["a": "old", "b/c": noise(120_000, 1)]
    private static let new = ["a": "new", "b/c": noise(260_000, 2), "d": "more"]
    private static let live = ["a": "live", "only-here": "yes"]

    @Test("a backup", .limited)
    func backups() async throws {
        let world = try await World()
        try world.grow("app", FaultMatrix.old)
        let known: Lineage
        do {
            let head = try #require(try await world.repository.head())
            guard case .stored(let version, let report, _) = try await world.backUp(.known(head: head.id)) else { throw Unexpected() }
            known = .known(head: version.id, checksum: report.checksum)
        }
        try world.grow("app", FaultMatrix.new)
        try await world.hub.tell("save")
        try await world.hub.tell("faults", "[]")
        _ = try await world.backUp(known)
        let requests = try await world.hub.log().count
        var (cases, succeeded) = (0, 0)
        for request in 1...requests {
            for fault in FaultMatrix.faults {
                let name = "request \(request), \(fault)"
                cases += 1
                try await world.hub.tell("load")
                try await world.hub.tell("faults", "[{\"kind\": \"\(fault)\", \"at\": \(request)}]")
                let pending = Pending()
                var next = known
                do throws(BackupError) {
                    let outcome = try await world.backUp(known) { pending.set($0) }
                    guard case .stored(let version, let report, _) = outcome else { throw .cancelled }
                    next = .known(head: version.id, checksum: report.checksum)
                    succeeded += 1
                } catch {
                    if let checksum = pending.value { next.storing(checksum: checksum) }
                    #expect(!error.description.isEmpty && !error.description.contains(StandInHub.writeToken), "\(name)")
                }
                #expect(try await world.hasFired(fault, at: request), "\(name): the fault was never met")
                try await world.hub.tell("faults", "[]")
                let stored = try await world.stored()
                if next.knownHead != known.knownHead { #expect(stored == FaultMatrix.new, "\(name): called a success, but another tree is stored") }
                #expect(stored == FaultMatrix.old || stored == FaultMatrix.new, "\(name): what is stored never existed")
                await #expect(throws: Never.self, "\(name): the next run fails") { try await world.backUp(next) }
                #expect(try await world.stored() == FaultMatrix.new, "\(name): the next run did not store the tree")
                #expect(world.tree("app") == FaultMatrix.new, "\(name): the live tree was touched")
            }
        }
        print("fault matrix, backup: \(requests) requests × \(FaultMatrix.faults.count) faults = \(cases) cases, \(succeeded) succeeded in spite of it")
    }

    @Test("a restore", .limited)
    func restores() async throws {
        let world = try await World()
        var known = Lineage.known(head: try await world.repository.head()?.id)
        for tree in [FaultMatrix.old, FaultMatrix.new] {
            try world.grow("app", tree)
            guard case .stored(let version, let report, _) = try await world.backUp(known) else { throw Unexpected() }
            known = .known(head: version.id, checksum: report.checksum)
        }
        try await world.hub.tell("save")
        try world.grow("app", FaultMatrix.live)
        try await world.hub.tell("faults", "[]")
        _ = try await world.restore()
        let requests = try await world.hub.log().count
        var (cases, succeeded) = (0, 0)
        for request in 1...requests {
            for fault in FaultMatrix.faults {
                let name = "request \(request), \(fault)"
                cases += 1
                try world.grow("app", FaultMatrix.live)
                try await world.hub.tell("faults", "[{\"kind\": \"\(fault)\", \"at\": \(request)}]")
                do throws(BackupError) {
                    let outcome = try await world.restore()
                    guard case .restored = outcome else {
                        Issue.record("\(name): called empty")
                        continue
                    }
                    #expect(world.tree("app") == FaultMatrix.new, "\(name): called restored, but another tree is there")
                    succeeded += 1
                } catch {
                    #expect(world.tree("app") == FaultMatrix.live, "\(name): it failed, and the live tree is not as it was")
                }
                #expect(try await world.hasFired(fault, at: request), "\(name): the fault was never met")
                try await world.hub.tell("faults", "[]")
                let left = try FileManager.default.contentsOfDirectory(atPath: world.folder["app"]).filter { $0.contains("restore-") }
                #expect(left.isEmpty, "\(name): left \(left)")
                await #expect(throws: Never.self, "\(name): the next run fails") { try await world.restore() }
                #expect(world.tree("app") == FaultMatrix.new, "\(name): the next run did not restore")
            }
        }
        print("fault matrix, restore: \(requests) requests × \(FaultMatrix.faults.count) faults = \(cases) cases, \(succeeded) succeeded in spite of it")
    }

    private struct Unexpected: Error {}

    private final class Pending: Sendable {
        private let text = Mutex<String?>(nil)

        var value: String? { text.withLock { $0 } }
        func set(_ new: String) { text.withLock { $0 = new } }
    }
}
