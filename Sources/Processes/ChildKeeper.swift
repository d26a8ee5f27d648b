import CProcess
import Glibc
import JobKit
import Synchronization
import Threads

/// Starts processes, collects their ends on one thread, and knows which orphans belong to which family.
final class ChildKeeper: Sendable {
    struct Child {
        var family: Family
        var ended: Gate<ProcessExit>
        /// Called when it is collected, before anybody learns of it.
        var onCollected: (@Sendable (_ status: Int32) -> Void)?
        /// Of a process that Init collects.
        var key: ProcessKey?
        var nextLook: UInt64
        var looks = 0
    }

    struct State {
        var wake: CInt?
        /// Whether orphans come to us, and all children are ours.
        var isSubreaper = false
        var children: [Int32: Child] = [:]
        var families: [ObjectIdentifier: Family] = [:]
        /// Orphans whose family is known.
        var owners: [ProcessKey: ObjectIdentifier] = [:]
        /// How many processes are being started just now.
        var launching = 0
        /// Ends of children that were not known, while some were being started.
        var unclaimed: [Int32: Int32] = [:]
        /// Who gets the orphans of processes that were taken over; nil while there are none.
        var foster: Int32?
        /// Those of them whose family is known.
        var fostered: [ProcessKey: ObjectIdentifier] = [:]
        /// What has become of processes that are yet to be taken over.
        var early: [ProcessKey: Int32] = [:]
        /// Children that were there before we were in charge, and are not our affair.
        var foreign: Set<ProcessKey> = []

        mutating func endLaunch() {
            launching -= 1
            if launching == 0 { unclaimed = [:] }
        }
    }

    static let shared = ChildKeeper()
    /// When a family's sessions are looked at, after its start, in hundredths of a second; then at the last distance.
    private static let lookAges: [UInt64] = [20, 100, 500, 2000]

    static let killRounds = 5
    /// How far up it is looked for a family's main process.
    static let mostAncestors = 64
    /// What the kernel has to end what was killed, in microseconds.
    static let killPause: UInt32 = 2000

    let state = Mutex(State())

    private init() {}

    // MARK: Starting

    /// Orphans of what we start become our children from now on, and all children are collected.
    func adoptOrphans() {
        let before = Set(ProcessTable.children(of: getpid()).compactMap { ProcessTable.entry($0)?.key })
        guard cprocess_become_subreaper() == 0 else { return }
        state.withLock { state in
            state.isSubreaper = true
            state.foreign = before
        }
    }

    var isSubreaper: Bool { state.withLock { $0.isSubreaper } }

    /// Starts the thread, unless it is there.
    func start() throws(LaunchShortage) {
        let result: Result<Void, LaunchShortage> = state.withLock { state in
            if state.wake != nil { return .success(()) }
            guard let wake = OwnedFD.pipe() else { return .failure(.descriptors) }
            _ = cprocess_set_nonblocking(wake.write)
            do throws(ThreadError) {
                try SystemThread.start("shipkeeper-proc") { [self] in loop(wake.read) }
            } catch {
                for raw in [wake.read, wake.write] { close(raw) }
                return .failure(.processes)
            }
            state.wake = wake.write
            _ = cprocess_tell_child_ends(wake.write)
            return .success(())
        }
        try result.get()
    }

    /// Starts a process; `ended` is opened with its exit.
    /// - Parameters:
    ///   - onCollected: Called with its wait status when it is collected, before anybody learns of it.
    ///   - spawn: Starts it and gives its id. Others are started and collected meanwhile: it may wait for a disk.
    func launch(
        _ command: ProcessCommand, pipes: Set<String>, ended: Gate<ProcessExit>, onCollected: (@Sendable (Int32) -> Void)? = nil,
        _ spawn: () throws(LaunchError) -> pid_t
    ) throws(LaunchError) -> (id: pid_t, family: Family) {
        let startedAt = cprocess_boot_ticks()
        state.withLock { $0.launching += 1 }
        let id: pid_t
        do throws(LaunchError) { id = try spawn() } catch {
            state.withLock { $0.endLaunch() }
            throw error
        }
        let family = Family(main: id, mark: command.mark, isProbe: command.isProbe, pipes: pipes, startedAt: startedAt)
        let status: Int32? = state.withLock { state in
            defer { state.endLaunch() }
            // It may have ended, and been collected as a stranger.
            if let status = state.unclaimed.removeValue(forKey: id), cprocess_has_child(id) == 0 { return status }
            state.children[id] = Child(family: family, ended: ended, onCollected: onCollected, nextLook: startedAt + ChildKeeper.lookAges[0])
            state.families[ObjectIdentifier(family)] = family
            nudge(state)
            return nil
        }
        if let status {
            family.end()
            state.withLock { $0.families[ObjectIdentifier(family)] = family }
            ended.open(exit(status))
        }
        return (id, family)
    }

    func nudge(_ state: State) {
        if let wake = state.wake { OwnedFD.writeByte(wake) }
    }

    /// Stays with a member that is not a child started by us as with one. Where it is none of our children at all, its exit is unknown.
    func follow(_ successor: ProcessKey, of family: Family, ended: Gate<ProcessExit>) {
        family.hand(over: successor.id)
        state.withLock { state in
            state.children[successor.id] = Child(family: family, ended: ended, nextLook: cprocess_boot_ticks())
            nudge(state)
        }
    }

    /// What was followed is gone, and nobody has learned how.
    func lost(_ successor: Int32, ended: Gate<ProcessExit>) {
        state.withLock { state in
            guard let child = state.children[successor], child.ended === ended else { return }
            child.family.end()
            state.children[successor] = nil
        }
        ended.open(.unknown)
    }

    /// Nothing of the family is left, or nobody looks after it any more.
    func forget(_ family: Family) {
        state.withLock { state in
            state.families[ObjectIdentifier(family)] = nil
            state.owners = state.owners.filter { $0.value != ObjectIdentifier(family) }
            state.fostered = state.fostered.filter { $0.value != ObjectIdentifier(family) }
        }
    }

    // MARK: The thread

    private func loop(_ wake: CInt) {
        while true {
            OwnedFD.waitUntilReadable(wake, milliseconds: nextLook())
            while OwnedFD.read(wake).map({ !$0.isEmpty }) ?? false {}
            collect()
            look()
        }
    }

    /// Until a family is to be looked at; nil for never. A look serves to tell orphans apart, so it needs two families.
    private func nextLook() -> Int? {
        state.withLock { state in
            guard state.isSubreaper, state.families.count > 1, let next = state.children.values.map(\.nextLook).min() else { return nil }
            let now = cprocess_boot_ticks()
            return next > now ? Int(min(next - now, 100_000)) * 10 : 0
        }
    }

    private func look() {
        let now = cprocess_boot_ticks()
        let due: [(family: Family, orphans: [Int32])] = state.withLock { state in
            guard state.isSubreaper, state.families.count > 1 else { return [] }
            let ids = state.children.filter { $0.value.nextLook <= now }.keys
            guard !ids.isEmpty else { return [] }
            _ = settle(&state)
            return ids.compactMap { id in
                guard var child = state.children[id] else { return nil }
                child.looks += 1
                child.nextLook = now + ChildKeeper.lookAges[min(child.looks, ChildKeeper.lookAges.count - 1)]
                state.children[id] = child
                return (child.family, state.owners.filter { $0.value == ObjectIdentifier(child.family) }.map(\.key.id))
            }
        }
        for (family, orphans) in due { _ = family.walk(orphans: orphans) }
    }

    /// Takes the ends of all children that have ended.
    private func collect() {
        let ends: [(ended: Gate<ProcessExit>, exit: ProcessExit)] = state.withLock { state in
            state.isSubreaper ? collectAll(&state) : collectOwn(&state)
        }
        for (ended, exit) in ends { ended.open(exit) }
    }

    private func collectAll(_ state: inout State) -> [(Gate<ProcessExit>, ProcessExit)] {
        var found: [(Gate<ProcessExit>, ProcessExit)] = []
        while case let end = cprocess_collect(-1), end.child > 0 {
            if let child = state.children.removeValue(forKey: end.child) {
                child.onCollected?(end.status)
                child.family.end(peakBytes: end.peak)
                found.append((child.ended, exit(end.status)))
            } else if state.launching > 0 {
                state.unclaimed[end.child] = end.status
            }
        }
        return found
    }

    private func collectOwn(_ state: inout State) -> [(Gate<ProcessExit>, ProcessExit)] {
        var found: [(Gate<ProcessExit>, ProcessExit)] = []
        for (id, child) in state.children {
            let end = cprocess_collect(id)
            guard end.child > 0 else { continue }
            state.children[id] = nil
            child.onCollected?(end.status)
            child.family.end(peakBytes: end.peak)
            found.append((child.ended, exit(end.status)))
        }
        return found
    }

    func exit(_ status: Int32) -> ProcessExit {
        let signal = cprocess_exit_signal(status)
        return signal == 0 ? .exited(cprocess_exit_code(status)) : .signalled(signal)
    }
}
