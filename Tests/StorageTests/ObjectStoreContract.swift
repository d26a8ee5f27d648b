import Files
import Foundation
import Storage
import TestSupport
import Testing

/// What every store must do.
@Suite("object stores")
struct ObjectStoreContract {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func object(_ name: String, _ text: String, _ folder: TemporaryFolder) throws -> NewObject {
        try folder.write("new/\(name)", text)
        return NewObject(name: name, folder: try Folder.open(folder["new"]), file: RawName(name))
    }

    private func text(_ name: String, _ version: StoreVersion, _ store: any ObjectStore, _ folder: TemporaryFolder) async throws -> String {
        let file = try await store.open(name, at: version, scratch: Folder.open(folder.path))
        return String(decoding: try file.read(1000), as: UTF8.self)
    }

    private func store(_ folder: TemporaryFolder) throws -> LocalFolder {
        try FileManager.default.createDirectory(atPath: folder["store"], withIntermediateDirectories: true)
        return LocalFolder(path: folder["store"])
    }

    @Test("versions appear whole, stay readable, and go when told")
    func versions() async throws {
        let folder = TemporaryFolder()
        let store = try store(folder)
        #expect(try await store.head() == nil)
        let one = try await store.commit([object("a", "a1", folder), object("b", "b1", folder)], expecting: nil, at: t)
        let two = try await store.commit([object("a", "a2", folder)], expecting: one.id, at: t + 1)
        #expect(try await store.head() == two)
        #expect(two.objects == ["a": 2, "b": 2])
        #expect(try await text("a", one, store, folder) == "a1")
        #expect(try await text("a", two, store, folder) == "a2")
        #expect(try await text("b", two, store, folder) == "b1")
        #expect(folder.read("store/a") == "a2" && folder.read("store/b") == "b1")
        #expect(try await store.versions().map(\.id) == [two.id, one.id])
        try await store.remove([one, two])
        #expect(try await store.versions().map(\.id) == [two.id])
    }

    @Test("a stale view is refused and changes nothing")
    func stale() async throws {
        let folder = TemporaryFolder()
        let store = try store(folder)
        let one = try await store.commit([object("a", "a1", folder)], expecting: nil, at: t)
        for wrong in [nil, "other"] as [String?] {
            await #expect(throws: StorageError.self) { try await store.commit([object("a", "bad", folder)], expecting: wrong, at: t + 1) }
        }
        #expect(try await store.head() == one)
        #expect(folder.read("store/a") == "a1")
    }

    @Test("of two writers at once one wins, and the other is told")
    func race() async throws {
        let folder = TemporaryFolder()
        let store = try store(folder)
        let objects = try (0..<8).map { try object("f\($0)", "\($0)", folder) }
        let results = await withTaskGroup(of: Bool.self) { group in
            for (index, object) in objects.enumerated() {
                group.addTask { (try? await store.commit([object], expecting: nil, at: Date(timeIntervalSince1970: 1_790_000_000 + Double(index)))) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(results == 1)
        #expect(try await store.versions().count == 1)
    }

    @Test("a folder that is missing is no empty store; one whose link was lost is not empty either")
    func missing() async throws {
        let folder = TemporaryFolder()
        await #expect(throws: StorageError.self) { try await LocalFolder(path: folder["nowhere"]).head() }
        let store = try store(folder)
        let one = try await store.commit([object("a", "a1", folder)], expecting: nil, at: t)
        _ = try Shell.run("rm -f store/.shipkeeper/current store/a; echo hello > store/README.md", folder: folder.path)
        #expect(try await store.versions().contains { $0.id == one.id })
    }

    @Test("what is cut short at any step is not visible, and the next commit clears it")
    func cutShort() async throws {
        let folder = TemporaryFolder()
        let store = try store(folder)
        let one = try await store.commit([object("a", "a1", folder)], expecting: nil, at: t)
        _ = try Shell.run("mkdir -p store/.shipkeeper/versions/.half && echo x > store/.shipkeeper/versions/.half/a", folder: folder.path)
        #expect(try await store.versions().map(\.id) == [one.id])
        _ = try await store.commit([object("a", "a2", folder)], expecting: one.id, at: t + 1)
        #expect(!FileManager.default.fileExists(atPath: folder["store/.shipkeeper/versions/.half"]))
    }
}
