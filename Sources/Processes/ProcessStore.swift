import JobKit

/// Keeps what the next program needs to take a process over, should this one die. Nothing here waits.
package protocol ProcessStore: Sendable {
    /// - Parameters:
    ///   - name: Another one for each process.
    ///   - startedAt: Since the machine was started, in the kernel's ticks.
    ///   - note: At most `ProcessCommand.Survival.most` bytes.
    ///   - descriptors: Are the caller's also afterwards.
    func keep(_ name: String, process: Int32, startedAt: UInt64, note: [UInt8], descriptors: [Int32])
    /// What is kept under this name is about another process from now on.
    func move(_ name: String, process: Int32, startedAt: UInt64)
    /// The process was collected, with this wait status.
    func collected(_ name: String, status: Int32)
    func forget(_ name: String)
}

/// A process that the program before this one has started, as it was kept.
package struct KeptProcess: Sendable {
    package var name: String
    package var id: Int32
    /// Since the machine was started, in the kernel's ticks.
    package var startedAt: UInt64
    /// Carried by it and by what it starts.
    package var mark: String
    /// As `Keeping` has handed them over: of standard output and standard error each the end to read and the spool, then the memory, and the socket
    /// where it has one. A program of an earlier version has kept the first four alone.
    package var descriptors: [Int32]
    /// Its wait status, where it was collected.
    package var status: Int32?

    package init(name: String, id: Int32, startedAt: UInt64, mark: String, descriptors: [Int32], status: Int32?) {
        self.name = name
        self.id = id
        self.startedAt = startedAt
        self.mark = mark
        self.descriptors = descriptors
        self.status = status
    }

    var key: ProcessKey { ProcessKey(id: id, startedAt: startedAt) }
    var hasOutput: Bool { descriptors.count >= Keeping.streams }
    var memory: Int32? { descriptors.count > Keeping.streams ? descriptors[Keeping.streams] : nil }
    var socket: Int32? { descriptors.count > Keeping.streams + 1 ? descriptors[Keeping.streams + 1] : nil }
}

/// One process in the store, from its start to its end.
struct Keeping: Sendable {
    /// The descriptors of both streams.
    static let streams = 4

    private let store: any ProcessStore
    private let name: String
    private let note: [UInt8]
    private let descriptors: [Int32]

    /// Nil where the process can't survive: there is no store, or no spool for its output.
    init?(_ store: (any ProcessStore)?, _ survival: ProcessCommand.Survival, mark: String, _ descriptors: [Int32]) {
        guard let store, survival.note.count <= ProcessCommand.Survival.most, descriptors.count >= Keeping.streams else { return nil }
        self.store = store
        name = "\(mark.suffix(100)):\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        note = survival.note
        self.descriptors = descriptors
    }

    /// One that is kept already.
    init(_ store: any ProcessStore, _ kept: KeptProcess) {
        self.store = store
        name = kept.name
        note = []
        descriptors = []
    }

    func begin(_ process: Int32) {
        // One that is gone again has nothing to survive.
        guard let entry = ProcessTable.entry(process) else { return }
        store.keep(name, process: process, startedAt: entry.startedAt, note: note, descriptors: descriptors)
    }

    func move(to key: ProcessKey) { store.move(name, process: key.id, startedAt: key.startedAt) }

    @Sendable func collected(_ status: Int32) { store.collected(name, status: status) }

    func forget() { store.forget(name) }
}
