import Buckets
import Files
import Foundation
import HTTPClient
import Storage
import Synchronization
import TestSupport
import Testing

/// What every backend must do.
@Suite("backends", .waiting, .limited)
struct BackendContract {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)
    private let folder = TemporaryFolder()

    private func place(_ kind: BackendKind) async throws -> BackendPlace { try await BackendPlace(kind, folder) }

    private func names(_ backend: any Backend, _ prefix: String = "") async throws -> [String] {
        try await backend.list(prefix: prefix).map(\.name).filter { $0 != ".gitattributes" }.sorted()
    }

    /// Saves them all, and publishes what was saved.
    private func put(_ backend: any Backend, _ objects: [String: [UInt8]]) async throws {
        var saved: [SavedObject] = []
        for (name, bytes) in objects.sorted(by: { $0.key < $1.key }) { saved.append(try await backend.save(NewObject(name: name, bytes: bytes))) }
        _ = try await backend.publish(Publication(saved, title: "Put", at: t), expecting: backend.head())
    }

    private func random(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    @Test("an empty one says so", arguments: BackendKind.allCases)
    func empty(kind: BackendKind) async throws {
        let place = try await place(kind)
        let backend = place.backend
        #expect(try await names(backend).isEmpty)
        #expect(try await names(backend, "data/").isEmpty)
        #expect(try await backend.status("config") == nil)
        #expect(try await backend.status("data/ab/cd") == nil)
        #expect(try await backend.load("data/ab/cd", from: 0, length: nil, receive: { _ in true }) == nil)
        #expect(try await (backend.head() == nil) == (kind != .hub))
        try await backend.remove(["data/ab/cd", "config"])
    }

    @Test(
        "what is saved and published comes back, whole and in part", arguments: BackendKind.allCases, [0, 1, 1000, 300_000, 2_500_000])
    func contents(kind: BackendKind, size: Int) async throws {
        let place = try await place(kind)
        let backend = place.backend
        let bytes = random(size, seed: UInt64(size) + 1)
        try Data(bytes).write(to: URL(fileURLWithPath: folder["content"]))
        let seen = Mutex<[Int64]>([])
        let fromFile = try await backend.save(NewObject(name: "data/ab/file", folder: Folder.open(folder.path), file: "content")) { done, _ in
            seen.withLock { $0.append(done) }
        }
        let fromMemory = try await backend.save(NewObject(name: "data/cd/memory", bytes: bytes))
        #expect(fromFile.isNew && fromMemory.isNew && fromFile.size == Int64(size))
        #expect(seen.withLock { $0.max() ?? 0 } <= Int64(size))
        let isVisible = try await !names(backend).isEmpty
        #expect(isVisible == (backend.traits.appearance == .whenSaved))
        _ = try await backend.publish(Publication([fromFile, fromMemory], title: "Put", at: t), expecting: backend.head())
        #expect(try await names(backend) == ["data/ab/file", "data/cd/memory"])
        for name in ["data/ab/file", "data/cd/memory"] {
            #expect(try await backend.status(name)?.size == Int64(size))
            #expect(try await backend.bytes(name) == bytes)
            for (start, length) in [(0, 1), (0, size), (size / 2, 100), (size / 3, size), (max(0, size - 1), 5), (size, 10), (size + 100, 10), (0, 0)] {
                let got = try await backend.bytes(name, from: Int64(start), length: Int64(length))
                #expect(got == Array(bytes.dropFirst(start).prefix(length)), "\(start) + \(length)")
            }
            #expect(try await backend.bytes(name, from: Int64(size / 2)) == Array(bytes.dropFirst(size / 2)))
        }
    }

    @Test("a list shows what a prefix leads to, all of it", arguments: BackendKind.allCases)
    func list(kind: BackendKind) async throws {
        let place = try await place(kind)
        let backend = place.backend
        let ids = (0..<(place.isRemote ? 23 : 2345)).map { "data/\(String($0 % 16, radix: 16))0/\(String($0 + 4096, radix: 16))" }
        var objects = Dictionary(uniqueKeysWithValues: ids.map { ($0, Array($0.utf8)) })
        for name in ["config", "data2/x", "index/aa11", "index/aa22", "index/bb", "keys/a", "snapshots/a", "dat"] { objects[name] = [1] }
        try await put(backend, objects)
        let pages = Mutex<[Int]>([])
        try await backend.list(prefix: "data/") { page in pages.withLock { $0.append(page.count) } }
        #expect(pages.withLock { $0.reduce(0, +) == ids.count && $0.allSatisfy { (1...1000).contains($0) } })
        #expect(try await names(backend) == objects.keys.sorted())
        #expect(try await names(backend, "data/") == ids.sorted())
        #expect(try await names(backend, "data/00/") == ids.filter { $0.hasPrefix("data/00/") }.sorted())
        for (prefix, found) in [
            ("index/aa", ["index/aa11", "index/aa22"]), ("config", ["config"]), ("config/", []), ("nowhere/", []), ("keys/ab", []), ("dat", nil),
            ("data2", ["data2/x"]),
        ] as [(String, [String]?)] {
            #expect(try await names(backend, prefix) == (found ?? objects.keys.filter { $0.hasPrefix(prefix) }.sorted()), "\(prefix)")
        }
        #expect(try await backend.list(prefix: "data/").first { $0.name == ids[7] }?.size == Int64(ids[7].utf8.count))
    }

    @Test("what is there is not written over, by saving or by publishing", arguments: BackendKind.allCases)
    func absent(kind: BackendKind) async throws {
        let place = try await place(kind)
        let backend = place.backend
        try await put(backend, ["data/aa/1": [1, 2, 3], "index/1": [1]])
        let again = try await backend.save(NewObject(name: "data/aa/1", bytes: [9, 9]))
        #expect(!again.isNew)
        _ = try await backend.publish(
            Publication([again], then: [NewObject(name: "index/1", bytes: [8]), NewObject(name: "index/2", bytes: [2])], title: "Again", at: t),
            expecting: backend.head())
        #expect(try await backend.bytes("data/aa/1") == [1, 2, 3])
        #expect(try await backend.bytes("index/1") == [1])
        #expect(try await backend.bytes("index/2") == [2])
    }

    @Test("what is removed is gone, what is missing is no error, and its name may be taken again", arguments: BackendKind.allCases)
    func removal(kind: BackendKind) async throws {
        let place = try await place(kind)
        let backend = place.backend
        try await put(backend, ["data/aa/1": [1], "data/aa/2": [2], "data/bb/3": [3], "config": [4]])
        try await backend.remove(["data/aa/1", "data/zz/1", "nowhere", "data/bb/3"])
        #expect(try await names(backend) == ["config", "data/aa/2"])
        #expect(try await backend.status("data/aa/1") == nil)
        #expect(try await backend.bytes("data/bb/3") == nil)
        try await put(backend, ["data/aa/1": [7]])
        #expect(try await backend.bytes("data/aa/1") == [7])
        _ = try await backend.publish(
            Publication(then: [NewObject(name: "index/new", bytes: [5])], removing: ["data/aa/2", "nowhere"], title: "Replace", at: t),
            expecting: backend.head())
        #expect(try await names(backend) == ["config", "data/aa/1", "index/new"])
    }

    @Test("a publication that expects another head is refused, and shows nothing", arguments: BackendKind.allCases)
    func stale(kind: BackendKind) async throws {
        let place = try await place(kind)
        let backend = place.backend
        let start = try await backend.head()
        let first = try await backend.publish(Publication(then: [NewObject(name: "snapshots/1", bytes: [1])], title: "1", at: t), expecting: start)
        #expect(first != start)
        #expect(try await backend.head() == first)
        for wrong in [start, PublishToken("0123456789012345678901234567890123456789")] {
            await #expect {
                try await backend.publish(
                    Publication(then: [NewObject(name: "snapshots/2", bytes: [2])], removing: ["snapshots/1"], title: "2", at: t), expecting: wrong)
            } throws: { ($0 as? StorageError)?.kind == .stale }
        }
        #expect(try await backend.head() == first)
        #expect(try await names(backend) == ["snapshots/1"])
    }

    @Test("of several publishers at once one wins, and the others show nothing", arguments: BackendKind.allCases)
    func race(kind: BackendKind) async throws {
        let place = try await place(kind)
        let backend = place.backend
        let start = try await backend.head()
        let won = await withTaskGroup(of: Int?.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let publication = Publication(then: [NewObject(name: "snapshots/\(number)", bytes: [UInt8(number)])], title: "\(number)", at: .now)
                    return (try? await backend.publish(publication, expecting: start)) == nil ? nil : number
                }
            }
            return await group.reduce(into: [Int]()) { if let number = $1 { $0.append(number) } }
        }
        #expect(won.count == 1)
        #expect(try await names(backend) == won.map { "snapshots/\($0)" })
    }

    @Test("the same publication again is the same step", arguments: BackendKind.allCases)
    func again(kind: BackendKind) async throws {
        let place = try await place(kind)
        let backend = place.backend
        let start = try await backend.head()
        let publication = Publication(then: [NewObject(name: "snapshots/1", bytes: [1]), NewObject(name: "snapshots/2", bytes: [2])], title: "1", at: t)
        let first = try await backend.publish(publication, expecting: start)
        #expect(try await backend.publish(publication, expecting: start) == first)
        #expect(try await names(backend) == ["snapshots/1", "snapshots/2"])
        let second = try await backend.publish(Publication(title: "2", at: t, marking: kind), expecting: first)
        #expect(second != first)
        await #expect { try await backend.publish(publication, expecting: start) } throws: { ($0 as? StorageError)?.kind == .stale }
    }

    @Test(
        "a name that is not allowed is refused by every verb that changes something", arguments: BackendKind.allCases,
        ["", "/", "/etc/x", "a/", "a//b", ".", "..", "a/../b", ".hidden", "data/.x", "a b", "ä", "a\\b", "a\nb", "a\0b", String(repeating: "a", count: 201)])
    func badNames(kind: BackendKind, name: String) async throws {
        let place = try await place(kind)
        let backend = place.backend
        let head = try await backend.head()
        func isRefused(_ call: () async throws -> Void) async {
            await #expect { try await call() } throws: { ($0 as? StorageError)?.kind == .refused }
        }
        await isRefused { _ = try await backend.save(NewObject(name: name, bytes: [1])) }
        await isRefused { try await backend.remove(["good", name]) }
        await isRefused {
            _ = try await backend.publish(
                Publication(then: [NewObject(name: "good", bytes: [1]), NewObject(name: name, bytes: [1])], title: "x", at: t), expecting: head)
        }
        #expect(try await backend.head() == head)
        #expect(try await names(backend).isEmpty)
        #expect(try await backend.bytes(name) == nil)
    }

    @Test("many at once are all there, and one name has one content", arguments: BackendKind.allCases)
    func concurrency(kind: BackendKind) async throws {
        let place = try await place(kind)
        let backend = place.backend
        let saved = await withTaskGroup(of: SavedObject?.self) { group in
            for number in 0..<24 {
                let name = number % 2 == 0 ? "data/aa/same" : "data/aa/\(number)"
                group.addTask { try? await backend.save(NewObject(name: name, bytes: [UInt8](repeating: UInt8(number), count: 5000))) }
            }
            return await group.reduce(into: [SavedObject]()) { if let saved = $1 { $0.append(saved) } }
        }
        #expect(saved.count == 24)
        _ = try await backend.publish(Publication(saved, title: "All", at: t), expecting: backend.head())
        #expect(try await names(backend).count == 13)
        let same = try #require(try await backend.bytes("data/aa/same"))
        #expect(same.count == 5000 && Set(same).count == 1)
        if backend.traits.appearance == .whenSaved { #expect(saved.count { $0.name == "data/aa/same" && $0.isNew } == 1) }
    }

    @Test("a task that is cancelled is told so, and leaves nothing to be seen", arguments: BackendKind.allCases)
    func cancelled(kind: BackendKind) async throws {
        let place = try await place(kind)
        let backend = place.backend
        let head = try await backend.head()
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            for await _ in gate {}
            return try await backend.save(NewObject(name: "data/aa/1", bytes: [UInt8](repeating: 7, count: 3_000_000)))
        }
        task.cancel()
        open.finish()
        await #expect { try await task.value } throws: { ($0 as? StorageError)?.kind == .cancelled }
        #expect(try await names(backend).isEmpty)
        #expect(try await backend.head() == head)
    }

    @Test("whoever reads may give up", arguments: BackendKind.allCases)
    func givingUp(kind: BackendKind) async throws {
        let place = try await place(kind)
        try await put(place.backend, ["data/aa/1": random(2_500_000, seed: 5)])
        await #expect { try await place.backend.load("data/aa/1", from: 0, length: nil, receive: { _ in false }) } throws: {
            ($0 as? StorageError)?.kind == .unavailable
        }
    }

    @Test("the examination of a good one finds nothing and leaves no trace", arguments: BackendKind.allCases)
    func examination(kind: BackendKind) async throws {
        let place = try await place(kind)
        let head = try await place.backend.head()
        let checks = try await place.backend.diagnose(scratch: Folder.open(folder.path))
        #expect(!checks.isEmpty && checks.allSatisfy { $0.verdict == .ok || $0.name == "privacy" }, "\(checks)")
        #expect(try await place.backend.head() == head)
        #expect(try await names(place.backend).isEmpty)
    }
}

extension Publication {
    /// One that changes something, which a commit must.
    fileprivate init(title: String, at date: Date, marking kind: BackendKind) {
        self.init(then: kind == .hub ? [NewObject(name: "snapshots/mark", bytes: [3])] : [], title: title, at: date)
    }
}
