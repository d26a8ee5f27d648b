import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing

@testable import Store

/// A boot that finds the disk full forgets nothing of what it is asked to record.
@Suite("the state file on a full disk", .waiting, .enabled(if: getuid() == 0))
struct StateFileTests {
    private static let t = Date(timeIntervalSince1970: 1_790_000_000)

    /// A small disk with a state file on it.
    private final class Disk: Sendable {
        let folder = TemporaryFolder()
        var path: String { folder["disk/state.db"] }

        init() throws {
            let made = try folder.run("mkdir disk && mount -t tmpfs -o size=48m tmpfs disk")
            try #require(made.status == 0, "\(made.errors)")
        }

        deinit { _ = try? folder.run("umount -l disk") }

        func fill() throws { try folder.run("head -c 60M /dev/zero > disk/filler || true") }
        func free() throws { try folder.run("rm -f disk/filler") }
    }

    /// Larger than what the file may write without more room.
    private func run(_ id: Int64) -> Run {
        Run(
            id: id, job: "job\(id)", cause: .boot, reason: String(repeating: "x", count: 1_000_000), scheduledAt: StateFileTests.t, missed: 0,
            createdAt: StateFileTests.t, state: .queued)
    }

    private func event(_ id: Int64) -> StoreChange { .event(Event(at: StateFileTests.t, kind: .other("boot"), message: "event \(id)")) }

    @Test("commits that come at the same time are all held, and written once there is room", .limited, arguments: [2, 3, 16])
    func together(count: Int64) async throws {
        let disk = try Disk()
        let file = try StateFile.open(path: disk.path).file
        try disk.fill()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in 1...count { group.addTask { try await file.commit([.save(run(id)), event(id)]) } }
            try await group.waitForAll()
        }
        #expect(await file.complaint() != nil)
        #expect(try await file.runs(RunQuery(limit: 100)).map(\.id) == Array((1...count).reversed()))
        #expect(await !file.settle(), "there is no room yet")
        try disk.free()
        #expect(await file.settle())
        #expect(await file.complaint() == nil)
        // As another program reads it.
        let stored = try SQLiteStore(path: disk.path)
        #expect(try await stored.runs(RunQuery(limit: 100)).map(\.id) == Array((1...count).reversed()))
        #expect(Set(try await stored.events(limit: 100).map(\.message)) == Set((1...count).map { "event \($0)" }))
        #expect(try await stored.events(limit: 100).count == Int(count))
    }

    @Test("what comes while the disk is being freed is held or recorded, and never both or neither", .limited)
    func mixed() async throws {
        let disk = try Disk()
        let file = try StateFile.open(path: disk.path).file
        try disk.fill()
        try await file.commit([.save(run(1)), event(1)])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in Int64(2)...12 {
                group.addTask { try await file.commit([.save(run(id)), event(id)]) }
                if id == 6 { group.addTask { try disk.free() } }
                group.addTask { _ = await file.settle() }
            }
            try await group.waitForAll()
        }
        #expect(await file.settle())
        #expect(try await SQLiteStore(path: disk.path).events(limit: 100).map(\.message).sorted() == (1...12).map { "event \($0)" }.sorted())
    }
}
