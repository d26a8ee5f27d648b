import Dispatch
import Files
package import Foundation
package import JobKit
package import Scheduler

/// The state file of a boot that may find the disk full.
///
/// Where the first commit of a boot finds no room, nothing is refused: what is to be recorded is held in memory, shown as if it were recorded,
/// and written in one transaction once there is room. Until then a kill loses it, and the next boot continues from what the file holds. A disk
/// that fills up later makes a commit fail, as an unwritable file does: nothing is begun that is not recorded.
package actor StateFile {
    private enum Place {
        case file(SQLiteStore, hasRecorded: Bool)
        case waiting(Held)
    }

    /// What waits for room.
    private struct Held {
        /// The file, where it is open: there was only no room to write.
        var store: SQLiteStore?
        /// What a file that could not be opened to be written held.
        var before = FileContents()
        /// Being written just now.
        var underWay: [StoreChange] = []
        var changes: [StoreChange] = []
        var values: [String: [String: String?]] = [:]

        var all: [StoreChange] { underWay + changes }

        var runs: [Int64: Run] {
            all.reduce(into: [:]) { runs, change in if case .save(let run) = change { runs[run.id] = run } }
        }
    }

    private let path: String
    private var place: Place
    private var isSettling = false

    private init(path: String, place: Place) {
        self.path = path
        self.place = place
    }

    /// Opens the file; one that is damaged is set aside. Blocks.
    ///
    /// - Throws: `StoreError` where the file can't be used for another reason than a full disk, or can't even be read.
    package static func open(path: String) throws(StoreError) -> (file: StateFile, setAside: String?) {
        do {
            let (store, aside) = try SQLiteStore.openOrReplace(path: path)
            return (StateFile(path: path, place: .file(store, hasRecorded: false)), aside)
        } catch {
            guard error.kind == .noRoom else { throw error }
            let size = Folder.size(ofPath: path)
            // Read at once and closed again: while it is open this way nobody else can open it.
            let before = size == 0 ? FileContents() : try SQLiteStore(path: path, .readingOnFullDisk).contents()
            return (StateFile(path: path, place: .waiting(Held(before: before))), nil)
        }
    }

    /// Whether this boot has recorded something: from then on nothing waits for room any more.
    package var hasRecorded: Bool { if case .file(_, hasRecorded: true) = place { true } else { false } }

    /// Writes what waits for room. True when nothing waits any more.
    package func settle() async -> Bool {
        guard case .waiting(var held) = place else { return true }
        guard !isSettling else { return false }
        isSettling = true
        defer { isSettling = false }
        if held.store == nil {
            let opened = await StateFile.open(path)
            guard let opened, case .waiting(let latest) = place else { return false }
            held = latest
            held.store = opened
        }
        (held.underWay, held.changes) = (held.all, [])
        place = .waiting(held)
        guard let store = held.store, await write(held, to: store) else { return false }
        guard case .waiting(var rest) = place else { return true }
        for (owner, values) in held.values where rest.values[owner] == values { rest.values[owner] = nil }
        place = rest.changes.isEmpty && rest.values.isEmpty ? .file(store, hasRecorded: true) : .waiting(rest)
        if case .file = place { return true }
        return false
    }

    private func write(_ held: Held, to store: SQLiteStore) async -> Bool {
        do {
            try await store.commit(held.underWay)
            // Recorded once, whatever becomes of the values.
            if case .waiting(var rest) = place {
                rest.underWay = []
                place = .waiting(rest)
            }
            for (owner, values) in held.values { try await store.set(values, of: owner) }
            return true
        } catch {
            return false
        }
    }

    private static func open(_ path: String) async -> SQLiteStore? {
        await withCheckedContinuation { done in
            DispatchQueue.global().async { done.resume(returning: try? SQLiteStore(path: path)) }
        }
    }

    private var reader: SQLiteStore? {
        switch place {
        case .file(let store, _): store
        case .waiting(let held): held.store
        }
    }

    private var held: Held? { if case .waiting(let held) = place { held } else { nil } }
}

extension StateFile: RunStore {
    package func load() async throws(StoreError) -> StoredState { try await reader?.load() ?? held?.before.state ?? StoredState() }

    /// While this boot has recorded nothing yet, a full disk is not an error: the changes are held in memory until `settle` can write them.
    package func commit(_ changes: [StoreChange]) async throws(StoreError) {
        // Nothing is no proof that there is room.
        guard !changes.isEmpty else { return }
        switch place {
        case .file(let store, let hasRecorded):
            do {
                try await store.commit(changes)
                // Another commit may have found no room meanwhile: what it left still waits.
                if case .file = place { place = .file(store, hasRecorded: true) }
            } catch {
                guard error.kind == .noRoom, !hasRecorded else { throw error }
                switch place {
                case .file(_, hasRecorded: true): throw error
                case .file(let store, hasRecorded: false): place = .waiting(Held(store: store, changes: changes))
                case .waiting: hold(changes)
                }
            }
        case .waiting:
            hold(changes)
            _ = await settle()
        }
    }

    /// Behind what waits already.
    private func hold(_ changes: [StoreChange]) {
        guard case .waiting(var held) = place else { return }
        held.changes += changes
        place = .waiting(held)
    }

    /// A message while changes wait for room; nil otherwise.
    package func complaint() async -> String? {
        held == nil ? nil : "the disk is full: what happens is not recorded yet, and a restart would forget it"
    }

    package func runs(_ query: RunQuery) async throws(StoreError) -> [Run] {
        // Before the file is read: what waits may be written meanwhile.
        let new = held?.runs ?? [:]
        let stored = try await reader?.runs(query) ?? []
        return new.isEmpty ? stored : query.select(from: new.values + stored.filter { new[$0.id] == nil })
    }

    package func run(_ id: Int64) async throws(StoreError) -> Run? {
        if let run = held?.runs[id] { return run }
        return try await reader?.run(id)
    }

    package func attempts(of run: Int64) async throws(StoreError) -> [Attempt] {
        let waiting = held?.all ?? []
        var found = Dictionary(try await reader?.attempts(of: run).map { ($0.number, $0) } ?? []) { first, _ in first }
        for case .saveAttempt(let attempt) in waiting where attempt.run == run {
            var attempt = attempt
            attempt.startedAt = found[attempt.number]?.startedAt ?? attempt.startedAt
            found[attempt.number] = attempt
        }
        return found.values.sorted { $0.number < $1.number }
    }

    package func events(limit: Int) async throws(StoreError) -> [Event] {
        let new = (held?.all ?? []).compactMap { if case .event(let event) = $0 { event } else { nil } }
        return Array((new.reversed() + (try await reader?.events(limit: limit) ?? [])).prefix(limit))
    }

    /// Removes nothing while changes wait for room.
    package func prune(keeping mostRuns: Int, since oldest: Date) async throws(StoreError) -> [Int64] {
        guard case .file(let store, _) = place else { return [] }
        return try await store.prune(keeping: mostRuns, since: oldest)
    }
}

extension StateFile: KeyValues {
    package func value(_ key: String, of owner: String) async throws(JobError) -> String? {
        if let new = held?.values[owner]?[key] { return new }
        if let reader { return try await reader.value(key, of: owner) }
        return held?.before.values[owner]?[key]
    }

    package func values(of owner: String) async throws(JobError) -> [String: String] {
        let (new, before) = (held?.values[owner] ?? [:], held?.before.values[owner] ?? [:])
        var found = try await reader?.values(of: owner) ?? before
        for (key, value) in new { found[key] = value }
        return found
    }

    /// Held in memory while changes wait for room.
    package func set(_ values: [String: String?], of owner: String) async throws(JobError) {
        switch place {
        case .file(let store, _): try await store.set(values, of: owner)
        case .waiting(var held):
            held.values[owner, default: [:]].merge(values) { _, new in new }
            place = .waiting(held)
        }
    }
}
