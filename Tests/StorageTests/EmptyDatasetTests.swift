import Buckets
import Files
import Foundation
import HTTPClient
import Storage
import TestSupport
import Testing

/// A dataset is `empty` when it holds nothing but what the Hub puts into each.
@Suite("a dataset is empty only when it is", .waiting)
struct EmptyDatasetTests {
    private struct World {
        let hub: StandInHub
        let folder = TemporaryFolder()

        init() async throws {
            hub = try StandInHub()
            try await hub.create()
        }

        var store: HuggingFace {
            var patience = HubTimeouts()
            patience.clock = ImpatientClock()
            patience.answer = .seconds(20)
            return HuggingFace(
                .init(dataset: "alice/backup", token: StandInHub.writeToken, endpoint: hub.endpoint), http: hub.http, patience: patience, now: { Date() })
        }

        /// As people put files there, in folders too.
        func put(_ files: [String: String]) async throws {
            let objects = try files.map { path, text in
                let name = "new-\(UUID().uuidString)"
                try folder.write(name, text)
                return NewObject(name: path, folder: try Folder.open(folder.path), file: RawName(name))
            }
            _ = try await store.commit(objects, expecting: store.head()?.id, at: Date())
        }
    }

    @Test("a new dataset is empty, with a read-me too", .limited)
    func fresh() async throws {
        let world = try await World()
        #expect(try await world.store.head()?.objects == [:])
        try await world.put(["README.md": "hello", "LICENSE": "mit", ".gitattributes": "*.bin filter=lfs"])
        #expect(try await world.store.head()?.objects == [:])
    }

    @Test(
        "whatever else lies there is named", .limited,
        arguments: [
            "backup/latest_backup.tar.gz", "backup/2026/11/latest_backup.tar.gz", "Latest_Backup.tar.gz", ".backup.tar.gz", "latest_backup.sha256",
            "data/train.csv", ".openclaw/openclaw.json", "notes.txt",
        ])
    func named(path: String) async throws {
        let world = try await World()
        try await world.put(["README.md": "hello", path: "x"])
        #expect(try await world.store.head()?.objects == [path: 1])
    }

    @Test("an archive at the top is found, whatever lies in folders beside it", .limited)
    func beside() async throws {
        let world = try await World()
        try await world.put(["latest_backup.tar.gz": "x", "old/latest_backup.tar.gz": "yy"])
        #expect(try await world.store.head()?.objects == ["latest_backup.tar.gz": 1])
    }

    @Test("git's pointer in the place of an archive is refused", .limited)
    func pointer() async throws {
        let world = try await World()
        try await world.put(["latest_backup.tar.gz": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"])
        let store = world.store
        let head = try #require(try await store.head())
        await #expect { try await store.open("latest_backup.tar.gz", at: head, scratch: Folder.open(world.folder.path)) } throws: {
            ($0 as? StorageError)?.kind == .refused && "\($0)".contains("only git's pointer")
        }
    }

    @Test("answers that are none are no empty dataset", arguments: ["", "[]", "{}", "<html>", "[{\"id\": 1}]"])
    func listing(text: String) async throws {
        let answer = HTTPResponse(status: 200, body: Array(text.utf8))
        var patience = HubTimeouts()
        patience.clock = ImpatientClock()
        let store = HuggingFace(
            .init(dataset: "alice/backup", token: "hf_x", endpoint: "http://127.0.0.1:9"), http: CannedTransport { _ in answer }, patience: patience,
            now: { Date() })
        await #expect { try await store.head() } throws: { ($0 as? StorageError)?.kind == .unavailable }
    }
}
