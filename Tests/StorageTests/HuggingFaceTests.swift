import Buckets
import Files
import Foundation
import HTTPClient
import Storage
import TestSupport
import Testing

@Suite("the Hugging Face Hub", .waiting)
struct HuggingFaceTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private struct World {
        let hub: StandInHub
        let folder = TemporaryFolder()
        var scratch: Folder { get throws { try Folder.open(folder.path) } }

        init(create: Bool = true) async throws {
            hub = try StandInHub()
            if create { try await hub.create() }
        }

        func store(
            token: String = StandInHub.writeToken, dataset: String = "alice/backup", create: Bool = false, freeSpace: HuggingFace.FreeSpace = .off,
            endpoint: String? = nil, ahead: TimeInterval = 0
        ) -> HuggingFace {
            var patience = HubTimeouts()
            patience.clock = ImpatientClock()
            patience.answer = .seconds(5)
            return HuggingFace(
                .init(dataset: dataset, token: token, create: create, endpoint: endpoint ?? hub.endpoint, freeSpace: freeSpace, quota: 1000), http: hub.http,
                patience: patience, now: { Date() + ahead })
        }

        func object(_ name: String, _ bytes: [UInt8]) throws -> NewObject {
            let file = "new-\(UUID().uuidString)"
            try Data(bytes).write(to: URL(fileURLWithPath: folder[file]))
            return NewObject(name: name, folder: try scratch, file: RawName(file))
        }

        func content(_ name: String, _ version: StoreVersion, _ store: HuggingFace) async throws -> [UInt8] {
            let file = try await store.open(name, at: version, scratch: scratch)
            var bytes: [UInt8] = []
            while case let piece = try file.read(1 << 20), !piece.isEmpty { bytes += piece }
            return bytes
        }
    }

    private func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    @Test("the stand-in does for the official client what the Hub does", .limited)
    func officialClient() throws {
        let hub = try StandInHub()
        let session = try Shell.run(
            "'\(Shell.python)' '\(SourceTree.root)/Tests/TestSupport/StandInHub/official_session.py'", environment: ["HF_ENDPOINT": hub.endpoint])
        #expect(session.status == 0, "\(session.output)\n\(session.errors)")
        #expect(session.output.contains("steps passed"))
    }

    @Test("what is stored comes back, in one commit, by basic and multipart upload", .limited)
    func roundTrip() async throws {
        let world = try await World()
        let store = world.store()
        let empty = try #require(try await store.head())
        #expect(empty.objects.isEmpty)
        let (small, large) = (bytes(70_000, seed: 1), bytes(1_300_000, seed: 2))
        try await world.hub.tell("config", "{\"multipart_above\": 1000000, \"chunk_size\": 300000}")
        let one = try await store.commit(
            [world.object("a.tar.gz", small), world.object("b.tar.gz", large), world.object("c.txt", Array("text".utf8)), world.object("d.txt", [])],
            expecting: empty.id, at: t)
        let head = try #require(try await store.head())
        #expect(head.id == one.id)
        #expect(head.objects == ["a.tar.gz": 70_000, "b.tar.gz": 1_300_000, "c.txt": 4, "d.txt": 0])
        #expect(try await world.content("a.tar.gz", head, store) == small)
        #expect(try await world.content("b.tar.gz", head, store) == large)
        #expect(try await world.content("c.txt", head, store) == Array("text".utf8))
        #expect(try await world.content("d.txt", head, store) == [])
        let again = try await store.commit([world.object("a.tar.gz", small)], expecting: one.id, at: t)
        #expect(again.id == one.id, "unchanged content made a commit")
        try await world.hub.tell("config", "{\"relative_redirect\": true, \"page_size\": 2}")
        #expect(try await world.content("c.txt", head, world.store()) == Array("text".utf8))
        #expect(try await world.store().head()?.objects == head.objects)
        let two = try await store.commit([world.object("a.tar.gz", bytes(10, seed: 3))], expecting: one.id, at: t)
        #expect(try await store.versions().map(\.id) == [two.id, one.id, empty.id])
        #expect(try await world.content("a.tar.gz", one, store) == small)
        #expect(try await store.space()?.used == 70_000 + 1_300_000 + 10)
    }

    @Test("a part may be said to be larger than anything", .limited)
    func largeParts() async throws {
        let world = try await World()
        let store = world.store()
        let content = bytes(70_000, seed: 1)
        try await world.hub.tell("config", "{\"multipart_above\": 1000, \"chunk_size\": \(Int64.max)}")
        let one = try await store.commit([world.object("a.tar.gz", content)], expecting: store.head()?.id, at: t)
        #expect(try await world.content("a.tar.gz", one, store) == content)
    }

    @Test("the token goes to the Hub and to nobody else", .limited)
    func token() async throws {
        let world = try await World()
        let store = world.store(token: " \(StandInHub.writeToken)\n")
        try await world.hub.tell("config", "{\"multipart_above\": 1000000, \"chunk_size\": 300000}")
        try await world.hub.tell("faults", "[]")
        let one = try await store.commit(
            [world.object("a.tar.gz", bytes(70_000, seed: 1)), world.object("b.tar.gz", bytes(1_300_000, seed: 2))], expecting: store.head()?.id, at: t)
        _ = try await world.content("a.tar.gz", one, store)
        let log = try await world.hub.log()
        #expect(log.contains { $0.host == "cdn" && $0.method == "PUT" } && log.contains { $0.host == "cdn" && $0.method == "GET" })
        for entry in log where entry.host == "cdn" || entry.path.hasPrefix("/api/complete_multipart") { #expect(entry.auth == nil, "\(entry.path)") }
        for entry in log where entry.host == "hub" && !entry.path.hasPrefix("/api/complete_multipart") {
            #expect(entry.auth == "Bearer \(StandInHub.writeToken)")
        }
        #expect(log.allSatisfy { !$0.path.contains("hf_") })
    }

    @Test("four kinds of trouble are four sentences", .limited)
    func sentences() async throws {
        let world = try await World()
        func trouble(_ store: HuggingFace) async -> StorageError? {
            do throws(StorageError) { _ = try await store.head() } catch { return error }
            return nil
        }
        let wrong = await trouble(world.store(token: "hf_wrong_token"))
        #expect(wrong?.kind == .unauthorized && wrong?.message.contains("not accepted") == true)
        #expect(wrong?.message.contains("request Root=") == true)
        for store in [world.store(dataset: "alice/nowhere"), world.store(token: StandInHub.otherToken)] {
            let missing = await trouble(store)
            #expect(missing?.kind == .missing && missing?.message.contains("does not exist") == true)
        }
        let unreachable = await trouble(world.store(endpoint: "http://127.0.0.1:1"))
        #expect(unreachable?.kind == .unavailable && unreachable?.message.contains("can't be reached") == true)
        #expect(await trouble(world.store()) == nil)
        let store = world.store(token: StandInHub.readToken)
        let head = try await store.head()?.id
        await #expect { try await store.commit([world.object("a", [1])], expecting: head, at: t) } throws: {
            ($0 as? StorageError)?.kind == .unauthorized && "\($0)".contains("may not do this")
        }
        try await world.hub.tell("config", "{\"commits_per_hour\": 0}")
        await #expect { try await world.store().commit([world.object("a", [1])], expecting: head, at: t) } throws: {
            ($0 as? StorageError)?.kind == .limited(for: .seconds(3600))
        }
    }

    @Test("a dataset is created only when told, and private", .limited)
    func creation() async throws {
        let world = try await World(create: false)
        await #expect(throws: StorageError.self) { try await world.store().head() }
        #expect(try await world.store(create: true).head()?.objects.isEmpty == true)
        #expect(try await world.store().space()?.isPublic == false)
        await #expect { try await world.store(token: StandInHub.otherToken, create: true).head() } throws: {
            "\($0)".contains("may not create it")
        }
    }

    @Test("of two writers one is refused, and a commit whose answer was lost is found again", .limited)
    func races() async throws {
        let world = try await World()
        let (one, two) = (world.store(), world.store())
        let start = try await one.head()?.id
        let first = try await one.commit([world.object("a.txt", Array("one".utf8))], expecting: start, at: t)
        await #expect { try await two.commit([world.object("a.txt", Array("two".utf8))], expecting: start, at: t) } throws: {
            ($0 as? StorageError)?.kind == .stale
        }
        #expect(try await one.head()?.id == first.id)
        for fault in ["503_after", "cut", "hang_after"] {
            try await world.hub.tell("config", "{\"hang\": 0.2}")
            try await world.hub.tell("faults", "[{\"kind\": \"\(fault)\", \"match\": \"/commit/\"}]")
            let head = try await one.head()?.id
            let made = try await one.commit([world.object("a.txt", Array(fault.utf8))], expecting: head, at: t)
            #expect(try await one.head()?.id == made.id)
            #expect(try await world.hub.log().count { $0.path.contains("/commit/") } == 1, "\(fault): sent twice")
        }
    }

    @Test("a download goes on where it was cut, begins anew where it must, and is checked", .limited)
    func downloads() async throws {
        let world = try await World()
        let store = world.store()
        let data = bytes(900_000, seed: 5)
        let version = try await store.commit([world.object("a.tar.gz", data)], expecting: store.head()?.id, at: t)
        func fetch(_ faults: String) async throws -> [StandInHub.Entry] {
            try await world.hub.tell("faults", faults)
            #expect(try await world.content("a.tar.gz", version, store) == data)
            return try await world.hub.log().filter { $0.host == "cdn" }
        }
        #expect(try await fetch("[]").map(\.range) == [nil])
        #expect(try await fetch("[{\"kind\": \"cut\", \"match\": \"GET /cdn\"}]").map(\.range) == [nil, "bytes=450000-"])
        let restarted = try await fetch("[{\"kind\": \"cut\", \"match\": \"GET /cdn\"}, {\"kind\": \"norange\", \"match\": \"GET /cdn\", \"at\": 4}]")
        #expect(restarted.map(\.range) == [nil, "bytes=450000-"] && restarted.last?.status == 200)
        #expect(try await fetch("[{\"kind\": \"corrupt\", \"match\": \"GET /cdn\"}]").map(\.range) == [nil, nil])
        #expect(try await fetch("[{\"kind\": \"403\", \"match\": \"GET /cdn\"}]").count == 2)
        try await world.hub.tell("damage", "{\"repo\": \"alice/backup\", \"path\": \"a.tar.gz\"}")
        await #expect { try await world.content("a.tar.gz", version, store) } throws: { ($0 as? StorageError)?.kind == .damaged }
    }

    @Test("old versions go only when told to, and never what is kept", .limited, arguments: [true, false])
    func reclaim(fileIDIsContent: Bool) async throws {
        let world = try await World()
        try await world.hub.tell("config", "{\"file_id_is_sha\": \(fileIDIsContent)}")
        func fill(_ store: HuggingFace) async throws -> [StoreVersion] {
            var head = try await store.head()
            for index in 0..<4 {
                head = try await store.commit([world.object("a.tar.gz", bytes(50_000 + index, seed: UInt64(index + 1)))], expecting: head?.id, at: t)
            }
            return try await store.versions().filter { !$0.objects.isEmpty }
        }
        let off = world.store()
        let versions = try await fill(off)
        #expect(try await off.remove(Array(versions.dropFirst(2)), keeping: Array(versions.prefix(2))) == 0)
        let deleting = world.store(freeSpace: .delete)
        #expect(try await deleting.remove(versions, keeping: [versions[1]]) == 0, "what was looked at is not the head")
        #expect(try await deleting.remove(versions, keeping: [versions[0]]) == 3, "all but the head, at most")
        #expect(try await deleting.versions().filter { !$0.objects.isEmpty }.map(\.id) == [versions[0].id])
        #expect(try await world.content("a.tar.gz", versions[0], deleting) == bytes(50_003, seed: 4))
        await #expect { try await world.content("a.tar.gz", versions[1], off) } throws: { ($0 as? StorageError)?.kind == .damaged }
        let squashing = world.store(freeSpace: .squash)
        #expect(try await squashing.remove(versions, keeping: [versions[0]]) == 3)
        let left = try await squashing.versions()
        #expect(left.count == 1)
        #expect(try await world.content("a.tar.gz", left[0], squashing) == bytes(50_003, seed: 4))
    }

    @Test("the examination says what is wrong, and leaves no trace", .limited)
    func examination() async throws {
        let world = try await World()
        let store = world.store()
        let head = try await store.commit([world.object("a.txt", [65])], expecting: store.head()?.id, at: t)
        func verdicts(_ store: HuggingFace) async throws -> [String: StoreCheck.Verdict] {
            Dictionary(uniqueKeysWithValues: try await store.diagnose(scratch: world.scratch).map { ($0.name, $0.verdict) })
        }
        let good = try await verdicts(store)
        #expect(
            good == ["reachable": .ok, "clock": .ok, "token": .ok, "dataset": .ok, "private": .ok, "space": .ok, "content": .ok, "write": .ok, "delete": .ok])
        #expect(try await store.head()?.id == head.id)
        // By the clock that was handed in, which may be wrong by any length.
        for ahead in [-7200, 7200, 1e18, -1e18] {
            let check = try await world.store(ahead: ahead).diagnose(scratch: world.scratch).first { $0.name == "clock" }
            #expect(check?.verdict == .warning && check?.message.contains("differs") == true, "\(ahead): \(check?.message ?? "")")
        }
        #expect(try await verdicts(world.store(token: "hf_wrong_token")) == ["reachable": .ok, "clock": .ok, "token": .failed])
        let reading = try await verdicts(world.store(token: StandInHub.readToken))
        #expect(reading["token"] == .failed && reading["dataset"] == .ok && reading["write"] == .failed)
        #expect(try await verdicts(world.store(dataset: "alice/nowhere"))["dataset"] == .failed)
        #expect(try await verdicts(world.store(endpoint: "http://127.0.0.1:1")) == ["reachable": .failed])
        try await world.hub.create("alice/open", isPrivate: false)
        #expect(try await verdicts(world.store(dataset: "alice/open"))["private"] == .failed)
    }
}
