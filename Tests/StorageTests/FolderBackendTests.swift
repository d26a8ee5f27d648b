import Buckets
import Files
import Foundation
import TestSupport
import Testing

@testable import Storage

@Suite("a backend in a folder", .waiting, .limited)
struct FolderBackendTests {
    private let folder = TemporaryFolder()
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func backend() throws -> FolderBackend {
        try FileManager.default.createDirectory(atPath: folder["b"], withIntermediateDirectories: true)
        return FolderBackend(path: folder["b"])
    }

    private func incoming() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder["b/.shipkeeper/incoming"]) }

    @Test("objects are plain files under their names, and nothing else is left beside them")
    func layout() async throws {
        let backend = try backend()
        let pack = try await backend.save(NewObject(name: "data/ab/ab12", bytes: Array("pack".utf8)))
        _ = try await backend.publish(Publication([pack], then: [NewObject(name: "snapshots/1", bytes: Array("s".utf8))], title: "1", at: t), expecting: nil)
        #expect(folder.read("b/data/ab/ab12") == "pack" && folder.read("b/snapshots/1") == "s")
        #expect(try folder.run("cd b && find . -type f | sort").output == "./.shipkeeper/head\n./.shipkeeper/lock\n./data/ab/ab12\n./snapshots/1\n")
    }

    @Test("what was cut short is never seen, and cleared by the next publication; what is still being written is not")
    func cutShort() async throws {
        let backend = try backend()
        _ = try await backend.save(NewObject(name: "a", bytes: [1]))
        try folder.write("b/.shipkeeper/incoming/dead", "half")
        try folder.write("b/.shipkeeper/incoming/alive", "half")
        let writer = try Folder.open(folder["b/.shipkeeper/incoming"]).openOrCreate("alive")
        try writer.lock()
        #expect(try await backend.list(prefix: "").map(\.name) == ["a"])
        _ = try await backend.publish(Publication(title: "1", at: t), expecting: nil)
        #expect(try incoming() == ["alive"])
        withExtendedLifetime(writer) {}
    }

    @Test("a publication that was cut short after the head had moved is finished by the same one, and is stale for another")
    func cutShortPublication() async throws {
        let backend = try backend()
        let publication = Publication(then: [NewObject(name: "snapshots/1", bytes: [1])], title: "1", at: t)
        let record = PublishRecord(
            number: 1, id: publication.id, previous: nil, date: 0, title: "1", names: ["snapshots/1"])
        try folder.write("b/.shipkeeper/head", String(decoding: record.bytes, as: UTF8.self))
        #expect(try await backend.head() == record.token)
        #expect(try await backend.list(prefix: "").isEmpty)
        await #expect { try await backend.publish(Publication(title: "2", at: t), expecting: nil) } throws: { ($0 as? StorageError)?.kind == .stale }
        #expect(try await backend.publish(publication, expecting: nil) == record.token)
        #expect(folder.read("b/snapshots/1") == "\u{1}")
    }

    @Test("a head that is not ours is damage, not an empty repository")
    func damagedHead() async throws {
        let backend = try backend()
        for text in ["", "{}", "garbage", "[1]"] {
            try folder.write("b/.shipkeeper/head", text)
            await #expect { try await backend.head() } throws: { ($0 as? StorageError)?.kind == .damaged }
            await #expect { try await backend.publish(Publication(title: "1", at: t), expecting: nil) } throws: { ($0 as? StorageError)?.kind == .damaged }
        }
    }

    @Test("folders may be links, as to another disk; a link to nowhere is an error, not an absence")
    func links() async throws {
        let backend = try backend()
        try folder.run("mkdir -p disk/ab && echo -n x > disk/ab/1 && ln -s ../disk b/data")
        #expect(try await backend.list(prefix: "data/").map(\.name) == ["data/ab/1"])
        #expect(try await backend.bytes("data/ab/1") == Array("x".utf8))
        _ = try await backend.save(NewObject(name: "data/cd/2", bytes: [2]))
        #expect(FileManager.default.fileExists(atPath: folder["disk/cd/2"]))
        try folder.run("mv disk gone")
        await #expect { try await backend.list(prefix: "data/") } throws: { ($0 as? StorageError)?.kind == .missing }
        await #expect(throws: StorageError.self) { try await backend.save(NewObject(name: "data/cd/3", bytes: [2])) }
    }

    @Test("a folder that is missing or no folder is refused by every verb")
    func missing() async throws {
        try folder.write("file", "x")
        for name in ["nowhere", "file"] {
            let backend = FolderBackend(path: folder[name])
            await #expect(throws: StorageError.self) { try await backend.list(prefix: "") }
            await #expect(throws: StorageError.self) { try await backend.head() }
            await #expect(throws: StorageError.self) { try await backend.save(NewObject(name: "a", bytes: [1])) }
            await #expect(throws: StorageError.self) { try await backend.remove(["a"]) }
            #expect(try await backend.diagnose(scratch: Folder.open(folder.path)).first?.verdict == .failed)
        }
    }
}
