import Glibc
package import JobKit
import Synchronization

/// Processes that the program before this one has started: Init is their parent, collects them, and gets their orphans.
extension ChildKeeper {
    /// Looks after such a process from now on; `ended` is opened with its exit once that is known.
    func adopt(_ kept: KeptProcess, pipes: Set<String>, ended: Gate<ProcessExit>) -> Family {
        let family = Family(main: kept.id, mark: kept.mark, pipes: pipes, startedAt: kept.startedAt)
        let exit: ProcessExit? = state.withLock { state in
            state.foster = getppid()
            state.families[ObjectIdentifier(family)] = family
            if let status = kept.status ?? state.early.removeValue(forKey: kept.key) { return self.exit(status) }
            // Collected by the program before this one, which could not say so any more.
            if ProcessTable.entry(kept.id)?.key != kept.key { return .unknown }
            state.children[kept.id] = Child(family: family, ended: ended, key: kept.key, nextLook: 0)
            nudge(state)
            return nil
        }
        if let exit {
            family.end()
            ended.open(exit)
        } else {
            _ = family.walk(orphans: [])
        }
        return family
    }

    /// Init has collected such a process.
    func collected(_ key: ProcessKey, status: Int32) {
        let child: Child? = state.withLock { state in
            guard let child = state.children[key.id], child.key == key else {
                state.early[key] = status
                return nil
            }
            state.children[key.id] = nil
            return child
        }
        child?.family.end()
        child?.ended.open(exit(status))
    }

    /// Members of a family among the children of Init: what was seen below the family before, is in a session of it, writes to its pipes, or carries its
    /// mark. Others may be anyone's, such as what someone has left behind who worked in the container.
    func fostered(by family: Family) async -> [Int32] {
        let (foster, known): (Int32?, [ProcessKey: ObjectIdentifier]) = state.withLock { ($0.foster, $0.fostered) }
        guard let foster else { return [] }
        let entries = ProcessTable.children(of: foster).filter { $0 != getpid() }.compactMap(ProcessTable.entry).filter { !$0.isGone }
        let new = entries.filter { known[$0.key] == nil && family.isOlder(than: $0) }
        let seen = new.filter { family.hasSeen($0) || ProcessTable.writes($0.id, to: family.pipes) }
        let unseen = new.filter { entry in !seen.contains { $0.id == entry.id } }
        let marked = await Marks.found([family.mark], of: unseen.map(\.id)) ?? [:]
        let own = seen + unseen.filter { marked[$0.id] != nil }
        state.withLock { state in
            let present = Set(entries.map(\.key))
            state.fostered = state.fostered.filter { present.contains($0.key) }
            for entry in own { state.fostered[entry.key] = ObjectIdentifier(family) }
        }
        for entry in own { family.note(entry) }
        return own.map(\.id) + entries.filter { known[$0.key] == ObjectIdentifier(family) }.map(\.id)
    }
}

extension SystemProcessLauncher {
    /// Takes over a process that the program before this one has started; reads its output from where that had stopped.
    package func adopt(_ kept: KeptProcess, onOutput: @escaping ProcessCommand.Output) throws(LaunchShortage) -> any RunningProcess {
        let keeper = ChildKeeper.shared
        try keeper.start()
        try OutputPump.shared.start()
        var pipes: [OutputPipe] = []
        if kept.hasOutput {
            pipes.append(try OutputPipe(adopting: kept.descriptors[0], spool: kept.descriptors[1], .standardOutput, onOutput))
            pipes.append(try OutputPipe(adopting: kept.descriptors[2], spool: kept.descriptors[3], .standardError, onOutput))
        }
        let names = Set(kept.descriptors.compactMap { OwnedFD.target(ofLink: "/proc/self/fd/\($0)") })
        let ended = Gate<ProcessExit>()
        let family = keeper.adopt(kept, pipes: names, ended: ended)
        return SystemProcess(
            id: kept.id, group: ProcessTable.entry(kept.id)?.group ?? kept.id, family: family, pipes: pipes,
            memory: kept.memory.map(ProcessMemory.init(adopting:)),
            socket: kept.socket.map(NotifySocket.init(adopting:)), ended: ended, clock: clock, keeper: keeper, keeping: store.map { Keeping($0, kept) })
    }

    /// Where the log ended when what a process has written was last known to be in it.
    package static func logEnds(of kept: KeptProcess) -> [LogStream: LogEnd] {
        guard kept.hasOutput else { return [:] }
        return [.standardOutput: Spool.logEnd(of: kept.descriptors[1]), .standardError: Spool.logEnd(of: kept.descriptors[3])]
    }

    /// Init has collected a process that was kept.
    package static func collected(_ process: Int32, startedAt: UInt64, status: Int32) {
        ChildKeeper.shared.collected(ProcessKey(id: process, startedAt: startedAt), status: status)
    }
}
