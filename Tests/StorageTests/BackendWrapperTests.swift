import Buckets
import Files
import Foundation
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("wrappers of backends", .limited)
struct BackendWrapperTests {
    private static let waits = [Duration](repeating: .seconds(1), count: 3)
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func retrying(_ backend: any Backend, longest: Duration = .seconds(60)) -> RetryingBackend {
        RetryingBackend(backend, waits: BackendWrapperTests.waits, longest: longest, clock: ImpatientClock())
    }

    /// Uses every verb once or more, and checks what it gets.
    private func procedure(_ backend: any Backend) async throws {
        let head = try await backend.head()
        var saved: [SavedObject] = []
        for number in 0..<3 { saved.append(try await backend.save(NewObject(name: "data/0\(number)/x", bytes: [UInt8](repeating: 7, count: 1000)))) }
        let publication = Publication(saved, then: [NewObject(name: "snapshots/1", bytes: [1])], title: "1", at: t)
        let token = try await backend.publish(publication, expecting: head)
        #expect(try await backend.list(prefix: "").map(\.name).sorted() == ["data/00/x", "data/01/x", "data/02/x", "snapshots/1"])
        #expect(try await backend.status("data/01/x")?.size == 1000)
        #expect(try await backend.bytes("data/01/x", from: 10, length: 500)?.count == 500)
        #expect(try await backend.head() == token)
        #expect(try await backend.space() != nil)
        try await backend.remove(["data/00/x", "data/01/x"])
        #expect(try await backend.list(prefix: "data/").map(\.name) == ["data/02/x"])
    }

    @Test(
        "each call fails once in every way, and the whole comes out as if none had",
        arguments: [BackendTraits.Appearance.whenSaved, .whenPublished], FaultyBackend.Fault.allCases.filter { $0 != .stale })
    func everyCall(appearance: BackendTraits.Appearance, fault: FaultyBackend.Fault) async throws {
        var verbs: Set<String> = []
        for call in 0... {
            let memory = InMemoryBackend(appearance)
            let faulty = FaultyBackend(memory, fault, at: call)
            // A list of which a part was given is the caller's to ask for again.
            do { try await procedure(retrying(faulty)) } catch {
                guard fault == .half || fault == .after, faulty.fired == "list", (error as? StorageError)?.kind == .unavailable else { throw error }
                verbs.insert("list")
                continue
            }
            guard let verb = faulty.fired else { break }
            verbs.insert(verb)
            #expect(memory.names == ["data/02/x", "snapshots/1"], "\(verb) \(fault)")
        }
        #expect(verbs == ["head", "save", "publish", "list", "status", "load", "space", "remove"])
    }

    @Test("without tries after the first every fault is told, and none is called a success", arguments: FaultyBackend.Fault.allCases)
    func told(fault: FaultyBackend.Fault) async throws {
        for call in 0... {
            let faulty = FaultyBackend(InMemoryBackend(), fault, at: call)
            do {
                try await procedure(RetryingBackend(faulty, waits: []))
                #expect(faulty.fired == nil)
                return
            } catch {
                #expect(error is StorageError && faulty.fired != nil)
            }
        }
    }

    @Test("a stale publication is not tried again")
    func stale() async throws {
        let faulty = FaultyBackend(InMemoryBackend(), .stale, at: 0)
        await #expect { try await retrying(faulty).publish(Publication(title: "1", at: t), expecting: nil) } throws: {
            ($0 as? StorageError)?.kind == .stale
        }
    }

    @Test("a fault that stays is told after the last try, and a long wait at once")
    func bounds() async throws {
        let down = FaultyBackend(InMemoryBackend(), .before, at: 0, times: 4)
        await #expect { try await retrying(down).head() } throws: { ($0 as? StorageError)?.kind == .unavailable }
        #expect(try await retrying(down).head() == nil)
        let limited = FaultyBackend(InMemoryBackend(), .limited, at: 0)
        await #expect { try await retrying(limited, longest: .seconds(1)).head() } throws: { ($0 as? StorageError)?.kind == .limited(for: .seconds(2)) }
        #expect(try await retrying(limited, longest: .seconds(1)).head() == nil)
    }

    @Test("a load that is cut again and again goes on as long as something comes, and gives each byte once")
    func cutLoads() async throws {
        let memory = InMemoryBackend()
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        _ = try await memory.save(NewObject(name: "a", bytes: bytes))
        // Half of what is left comes each time.
        let faulty = FaultyBackend(memory, .half, at: 0, times: 12)
        #expect(try await retrying(faulty).bytes("a") == bytes)
        #expect(try await retrying(FaultyBackend(memory, .half, at: 0, times: 8)).bytes("a", from: 500, length: 60_000) == Array(bytes[500..<60_500]))
    }

    @Test("no more calls at once than allowed, whoever is cancelled", arguments: [1, 3])
    func places(most: Int) async throws {
        let counting = CountingBackend()
        let limited = LimitedBackend(counting, calls: most)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    let task = Task { try await limited.head() }
                    if number % 4 == 0 { task.cancel() }
                    _ = try? await task.value
                }
            }
        }
        #expect(counting.most <= most && counting.most > 0)
        // All places have come back.
        for _ in 0..<most { _ = try await limited.head() }
    }

    @Test("bytes that were moved are waited for at the rate before the next")
    func pace() async throws {
        let clock = RecordingClock()
        let limited = LimitedBackend(InMemoryBackend(), calls: 2, bytesPerSecond: 1000, clock: clock)
        for number in 0..<4 { _ = try await limited.save(NewObject(name: "a\(number)", bytes: [UInt8](repeating: 1, count: 500))) }
        _ = try await limited.bytes("a1")
        _ = try await limited.bytes("a2", from: 100)
        #expect(clock.slept == [.milliseconds(500), .milliseconds(500), .milliseconds(500), .milliseconds(500), .milliseconds(500)])
    }
}

/// Counts how many ask at once.
private final class CountingBackend: Backend {
    private let state = Mutex((now: 0, most: 0))
    private let memory = InMemoryBackend()

    var most: Int { state.withLock { $0.most } }
    var traits: BackendTraits { memory.traits }

    func head() async throws(StorageError) -> PublishToken? {
        state.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
        }
        for _ in 0..<10 { await Task.yield() }
        state.withLock { $0.now -= 1 }
        return nil
    }

    func list(prefix: String, onPage: @escaping @Sendable ([StoredObject]) -> Void) async throws(StorageError) {}
    func status(_ name: String) async throws(StorageError) -> StoredObject? { nil }
    func load(_ name: String, from start: Int64, length: Int64?, receive: @escaping @Sendable ([UInt8]) -> Bool) async throws(StorageError) -> Int64? { nil }
    func save(_ object: NewObject, onProgress: StoreProgress?) async throws(StorageError) -> SavedObject { try await memory.save(object) }
    func remove(_ names: [String]) async throws(StorageError) {}
    func publish(_ publication: Publication, expecting expected: PublishToken?) async throws(StorageError) -> PublishToken { PublishToken("") }
    func space() async throws(StorageError) -> StoreSpace? { nil }
    func diagnose(scratch: Folder) async -> [StoreCheck] { [] }
}

/// Sleeps for no time, and remembers for how long it should have.
private final class RecordingClock: Clock {
    typealias Instant = ContinuousClock.Instant

    private let start = ContinuousClock.now
    private let lengths = Mutex<[Duration]>([])

    var slept: [Duration] { lengths.withLock { $0 } }
    var now: Instant { start }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws { lengths.withLock { $0.append(deadline - start) } }
}
