import CProcess
import Glibc
import JobKit
import Synchronization

/// Who belongs to whom.
extension ChildKeeper {
    /// The members of a family that have not ended.
    func members(of family: Family, _ clock: any WallClock) async -> [ProcessTable.Entry] {
        guard isSubreaper else { return await membersBySession(of: family) }
        let (orphans, undecided): ([Int32], [ProcessTable.Entry]) = state.withLock { state in
            let undecided = settle(&state)
            return (state.owners.filter { $0.value == ObjectIdentifier(family) }.map(\.key.id), undecided.filter { family.lived(when: $0) })
        }
        let own = orphans + (await fostered(by: family))
        guard !undecided.isEmpty else { return family.walk(orphans: own) }
        return family.walk(orphans: own + (await claimed(undecided, by: family)))
    }

    /// Those of some orphans that belong to a family though others may have left them behind: by the mark that they carry, else
    /// to the family that was started last before them.
    private func claimed(_ orphans: [ProcessTable.Entry], by family: Family) async -> [Int32] {
        let families = state.withLock { Array($0.families.values) }
        // Not read is not "without a mark": they stay undecided.
        guard let marks = await Marks.found(families.map(\.mark), of: orphans.map(\.id)) else { return [] }
        var own: [Int32] = []
        for orphan in orphans {
            let owner: Family?
            if let mark = marks[orphan.id] {
                owner = families.first { $0.mark == mark && $0.lived(when: orphan) }
            } else {
                let living = families.filter { $0.lived(when: orphan) }
                let likely = living.filter { !$0.isProbe }
                owner = (likely.isEmpty ? living : likely).max { $0.startedAt < $1.startedAt }
                // It may still turn out to be seen below another: what is guessed counts for an end only.
                if owner !== family { continue }
            }
            guard let owner else { continue }
            state.withLock { $0.owners[orphan.key] = ObjectIdentifier(owner) }
            if owner === family { own.append(orphan.id) }
        }
        return own
    }

    /// Where orphans don't come to us: by the sessions that were seen, and by the mark.
    private func membersBySession(of family: Family) async -> [ProcessTable.Entry] {
        let below = family.walk(orphans: [])
        let others = ProcessTable.all().filter { entry in
            entry.id != getpid() && !entry.isGone && family.isOlder(than: entry) && !below.contains { $0.id == entry.id }
        }
        let unseen = others.filter { !family.hasSeen($0) }
        let marks = await Marks.found([family.mark], of: unseen.map(\.id)) ?? [:]
        return below + others.filter { family.hasSeen($0) || marks[$0.id] != nil }
    }

    /// Sends a signal to a process group as long as its first process has not been collected: its number means nobody else till then.
    func signal(_ number: Int32, group: Int32, of id: Int32) {
        state.withLock { state in
            guard let child = state.children[id] else { return }
            // Init collects those that it looks after, and tells us a little later.
            if let key = child.key, ProcessTable.entry(id)?.key != key { return }
            kill(-group, number)
        }
    }

    /// Sends a signal to a main process as long as it has not been collected.
    func signal(_ number: Int32, main id: Int32) {
        state.withLock { state in
            guard let child = state.children[id], child.key.map({ ProcessTable.entry(id)?.key == $0 }) ?? true else { return }
            kill(id, number)
        }
    }

    /// Whether a process belongs to a family, as far as that is known without waiting: by its session, or by what it descends from. Also of one that has
    /// ended and was not collected yet.
    func isMember(_ id: Int32, of family: Family) -> Bool {
        var next = id
        for _ in 0..<ChildKeeper.mostAncestors {
            guard next > 1, next != getpid(), let entry = ProcessTable.entry(next) else { return false }
            if next == family.main || family.hasSeen(entry) { return true }
            next = entry.parent
        }
        return false
    }

    /// The same for one that is not known: by the mark that it carries. May take half a second.
    func isMarked(_ id: Int32, of family: Family) async -> Bool {
        guard let entry = ProcessTable.entry(id), family.isOlder(than: entry), await Marks.found([family.mark], of: [id])?.isEmpty == false else {
            return false
        }
        guard ProcessTable.entry(id)?.key == entry.key else { return false }
        family.note(entry)
        return true
    }

    /// Sends a signal to one process, and to no other that may have got its number.
    func signal(_ number: Int32, _ key: ProcessKey) {
        let process = cprocess_pidfd_open(key.id)
        defer { if process >= 0 { close(process) } }
        guard ProcessTable.entry(key.id)?.key == key else { return }
        if process < 0 || cprocess_pidfd_signal(process, number) != 0 { kill(key.id, number) }
    }

    /// Kills all that was started and all that descends from it, also what is nobody's. Blocks for a moment.
    func killAll() {
        // Children of what was killed come to us, so another round finds them.
        for _ in 0..<ChildKeeper.killRounds {
            let (families, foreign) = state.withLock { (Array($0.families.values), $0.foreign) }
            var roots = families.compactMap(\.main)
            if isSubreaper { roots += ProcessTable.adopted().filter { id in ProcessTable.entry(id).map { !foreign.contains($0.key) } ?? false } }
            let all = families.flatMap { $0.walk(orphans: []) } + ProcessTable.tree(from: roots)
            if all.isEmpty { return }
            for entry in all { signal(SIGKILL, entry.key) }
            usleep(ChildKeeper.killPause)
        }
    }

    /// Finds the families of new orphans; gives those that remain without.
    func settle(_ state: inout State) -> [ProcessTable.Entry] {
        var (undecided, present): ([ProcessTable.Entry], Set<ProcessKey>) = ([], [])
        for id in ProcessTable.adopted() where state.children[id] == nil {
            guard let entry = ProcessTable.entry(id), !state.foreign.contains(entry.key) else { continue }
            present.insert(entry.key)
            guard state.owners[entry.key] == nil, !entry.isGone else { continue }
            guard let family = family(of: entry, state) else {
                undecided.append(entry)
                continue
            }
            state.owners[entry.key] = ObjectIdentifier(family)
            family.note(entry)
        }
        state.owners = state.owners.filter { present.contains($0.key) }
        return undecided
    }

    private func family(of entry: ProcessTable.Entry, _ state: State) -> Family? {
        let all = Array(state.families.values)
        if let seen = all.first(where: { $0.hasSeen(entry) }) { return seen }
        let living = all.filter { $0.lived(when: entry) }
        if living.count <= 1 { return living.first }
        let writing = living.filter { ProcessTable.writes(entry.id, to: $0.pipes) }
        return writing.count == 1 ? writing[0] : nil
    }
}
