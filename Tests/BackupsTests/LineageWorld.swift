import Backups
import Foundation
import TestSupport

/// Two containers with one tree each, two repositories that both store in, and a plain model of what may never happen.
///
/// The containers act by `Lineage` and `TreeMark` alone, in the order in which the jobs do it, and may be killed between any two
/// steps. The model knows the truth: which stored backups a tree really descends from.
struct LineageWorld {
    struct Version {
        var id: String
        var checksum: String
        var content: Set<Int>
        var ancestry: Set<String>
        var date: Date

        var head: Lineage.Head { Lineage.Head(id: id, holdsBackup: true, checksum: checksum, date: date) }
        var reference: Lineage.Reference { Lineage.Reference(id: id, checksum: checksum) }
    }

    struct Tree {
        var content: Set<Int> = []
        var unreadable: Set<Int> = []
        var mark: TreeMark?
        /// The truth: ids of the versions it descends from, or supersedes by a person's decision.
        var ancestry: Set<String> = []
        /// The truth: checksums of all that was ever packed of it.
        var packed: Set<String> = []
        /// The truth: when the newest of them was made.
        var newestAncestor = Date.distantPast
    }

    struct Container {
        /// By repository; what is in the state file.
        var records: [Lineage] = [Lineage(), Lineage()]
        var tree: Tree?
        /// Trees that restores have replaced.
        var kept: [Set<Int>] = []
        var boot: String?
        var isAppRunning = false
    }

    /// The container was killed.
    struct Killed: Error {}

    /// A promise was broken.
    struct Violation: Error, CustomStringConvertible {
        var description: String
    }

    enum Sight: String, CaseIterable {
        case stored, unchanged, incomplete, setAside, stale, locked, keptByState, keptByMark, keptByDate, restored, restoredOverTree, empty, chosen,
            handover, killed, unrecorded, lostState, lostDisk
    }

    static let locations = ["folder:/one", "folder:/two"]

    var repositories: [[Version]] = [[], []]
    var containers = [Container(), Container()]
    var random: SeededRandom
    var seen: [Sight: Int] = [:]
    private var counter = 0
    /// After so many further steps of a job the container is killed; nil for never.
    private var fuse: Int?
    private var now = Date(timeIntervalSince1970: 1_790_000_000)

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    private mutating func next() -> Int {
        counter += 1
        return counter
    }

    private mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

    private mutating func note(_ sight: Sight) { seen[sight, default: 0] += 1 }

    // MARK: Steps

    mutating func step() throws {
        now.addTimeInterval(Double(1 + below(100)))
        let who = below(2)
        let repository = below(2)
        fuse = below(4) == 0 ? below(6) : nil
        do {
            switch below(100) {
            case 0..<8: try boot(who)
            case 8..<48: write(who)
            case 48..<80: try whenRunning(who) { world throws in _ = try world.backUp(who, repository) }
            case 80..<84: try whenRunning(who) { world throws in try world.choose(who, repository) }
            case 84..<90: try whenRunning(who) { world throws in try world.followHandover(who, repository) }
            case 90..<92: lose(who, state: true, disk: false)
            case 92..<94: lose(who, state: false, disk: true)
            case 94..<95: lose(who, state: true, disk: true)
            default: toggleUnreadable(who)
            }
        } catch is Killed {
            // Or its record failed, and it goes on.
            if below(3) == 0 {
                note(.unrecorded)
                return
            }
            note(.killed)
            containers[who].boot = nil
            containers[who].isAppRunning = false
        }
    }

    /// What a job does durably; the container may be killed right after it.
    private mutating func durable(_ change: (inout LineageWorld) throws -> Void) throws {
        try change(&self)
        guard let left = fuse else { return }
        if left == 0 {
            fuse = nil
            throw Killed()
        }
        fuse = left - 1
    }

    private mutating func whenRunning(_ who: Int, _ work: (inout LineageWorld) throws -> Void) throws {
        guard containers[who].boot != nil, containers[who].tree != nil else { return }
        try work(&self)
    }

    private mutating func write(_ who: Int) {
        guard containers[who].isAppRunning, containers[who].tree != nil else { return }
        let new = next()
        containers[who].tree?.content.insert(new)
        if below(8) == 0, let gone = containers[who].tree?.content.min() { containers[who].tree?.content.remove(gone) }
    }

    private mutating func toggleUnreadable(_ who: Int) {
        guard let tree = containers[who].tree else { return }
        containers[who].tree?.unreadable = tree.unreadable.isEmpty ? Set(tree.content.prefix(1)) : []
    }

    private mutating func lose(_ who: Int, state: Bool, disk: Bool) {
        containers[who].boot = nil
        containers[who].isAppRunning = false
        if state {
            containers[who].records = [Lineage(), Lineage()]
            note(.lostState)
        }
        if disk {
            containers[who].tree = nil
            containers[who].kept = []
            note(.lostDisk)
        }
    }

    private mutating func boot(_ who: Int) throws {
        containers[who].boot = "boot\(next())"
        containers[who].isAppRunning = false
        let areDone = try [0, 1].map { try restore(who, $0, wanted: nil, choice: .newest) }
        containers[who].isAppRunning = areDone.allSatisfy(\.self)
    }

    // MARK: Restoring, in the order of RestoreAttempt

    private func reading(_ who: Int) -> TreeMark.Reading? { containers[who].tree?.mark.map { TreeMark.Reading(mark: $0) } }

    private mutating func setMark(_ who: Int, _ repository: Int, _ change: (inout TreeMark) -> Void) -> String? {
        guard containers[who].tree != nil else { return nil }
        var mark = containers[who].tree?.mark ?? TreeMark(token: "token\(next())")
        change(&mark)
        containers[who].tree?.mark = mark
        return mark.token
    }

    /// - Returns: Whether it ended well.
    private mutating func restore(_ who: Int, _ repository: Int, wanted: Version?, choice: Lineage.Choice) throws -> Bool {
        guard let boot = containers[who].boot else { return false }
        let location = LineageWorld.locations[repository]
        if wanted == nil { try durable { $0.containers[who].records[repository].restoreBegan(in: boot) } }
        let lineage = containers[who].records[repository]
        if wanted == nil, let mark = reading(who), let head = repositories[repository].last,
            case .keep = lineage.decideRestore(head: head.head, mark: mark, location: location)
        {
            try checkKept(who, repository, head, lineage)
            var token: String?
            try durable { world in
                token = world.setMark(who, repository) {
                    if $0.backups[location]?.checksum != head.checksum { $0.descend(from: .init(checksum: head.checksum, at: head.date), in: location) }
                }
            }
            try durable { $0.containers[who].records[repository].kept(head.reference, tree: token, in: boot) }
            return true
        }
        guard let version = wanted ?? repositories[repository].last, let head = repositories[repository].last else {
            guard lineage.mayBeEmpty else { return false }
            note(.empty)
            if containers[who].tree == nil { containers[who].tree = Tree() }
            var token: String?
            try durable { token = $0.setMark(who, repository) { _ in } }
            try durable { $0.containers[who].records[repository].foundEmpty(head: nil, tree: token, in: boot) }
            return true
        }
        try checkReplaced(who, repository, by: version, wanted: wanted)
        let size = Lineage.Size(files: version.content.count, bytes: Int64(version.content.count))
        let base = lineage.base(after: choice, version: version.reference, head: head.reference, in: boot)
        // The mark is in the new tree before it takes the old one's place.
        var mark = TreeMark(token: "token\(next())")
        mark.descend(from: .init(checksum: base.checksum, at: version.date), in: location)
        // The decision of a person: what was the newest may be superseded by what was chosen.
        let superseded = choice == .byPerson ? lineage.knownHead : nil
        try durable { $0.swap(who, version, mark, superseded) }
        try durable {
            $0.containers[who].records[repository].restored(
                version.reference, head: head.reference, choice: choice, size: size, tree: mark.token, in: boot)
        }
        return true
    }

    private mutating func swap(_ who: Int, _ version: Version, _ mark: TreeMark, _ superseded: String?) {
        if let old = containers[who].tree {
            containers[who].kept.append(old.content)
            note(.restoredOverTree)
        }
        note(.restored)
        containers[who].tree = Tree(
            content: version.content, mark: mark, ancestry: version.ancestry.union([version.id]).union(superseded.map { [$0] } ?? []),
            packed: [version.checksum], newestAncestor: version.date)
    }

    // MARK: Storing, in the order of BackupAttempt

    private enum Ending { case whole, incomplete, refused }

    @discardableResult
    private mutating func backUp(_ who: Int, _ repository: Int) throws -> Ending {
        guard let boot = containers[who].boot, let tree = containers[who].tree else { return .refused }
        let lineage = containers[who].records[repository]
        let head = repositories[repository].last
        let location = LineageWorld.locations[repository]
        guard lineage.lock(in: boot, paths: "/tree", head: head?.head, mark: reading(who), location: location) == nil else {
            note(.locked)
            return .refused
        }
        // Another repository's restore brought back what is newer than this one's head.
        if let head, lineage.needsHead(in: boot, mark: reading(who)), tree.newestAncestor >= head.date {
            containers[who].tree?.ancestry.insert(head.id)
        }
        let isOurs = lineage.descends(from: head?.head)
        let stored = tree.content.subtracting(tree.unreadable)
        let fingerprint = Lineage.Fingerprint(tree: "\(tree.content.sorted())\(tree.unreadable.sorted())", content: "\(stored.sorted())")
        let checksum = "\(stored.sorted())"
        if let last = lineage.unchanged(fingerprint.tree, since: head?.head) { return try endUnchanged(who, repository, .whole(last)) }
        let completeness: Lineage.Completeness = tree.unreadable.isEmpty ? .whole(fingerprint) : .incomplete(IncompleteFiles(count: tree.unreadable.count))
        if lineage.holds(content: checksum, checksum: checksum, head?.head) { return try endUnchanged(who, repository, completeness) }
        let date = now
        // The tree holds what was packed, whoever stores it.
        containers[who].tree?.packed.insert(checksum)
        if isOurs {
            try durable {
                $0.containers[who].records[repository].adopt(head?.head)
                $0.containers[who].records[repository].storing(checksum: checksum)
            }
            try durable { world in
                _ = world.setMark(who, repository) { $0.announce(checksum, at: date, in: location) }
                world.containers[who].tree?.newestAncestor = date
            }
        }
        // Another container may store while this one packs.
        if below(5) == 0 { try intrude(1 - who, repository) }
        guard try commit(who, repository, lineage, stored, checksum, head) else { return .refused }
        let size = Lineage.Size(files: stored.count, bytes: Int64(stored.count))
        let version = repositories[repository][repositories[repository].count - 1]
        var written: String?
        try durable { world in
            written = world.setMark(who, repository) {
                $0.descend(from: .init(checksum: checksum, at: version.date, isIncomplete: !tree.unreadable.isEmpty), in: location)
            }
        }
        try durable {
            $0.containers[who].records[repository].stored(version.reference, completeness: completeness, size: size, tree: written, paths: "/tree")
        }
        return try end(who, completeness)
    }

    private mutating func endUnchanged(_ who: Int, _ repository: Int, _ completeness: Lineage.Completeness) throws -> Ending {
        note(.unchanged)
        guard let tree = containers[who].tree, let head = repositories[repository].last else { throw Violation(description: "unchanged against nothing") }
        if case .whole = completeness, head.content != tree.content {
            throw Violation(description: "P13: called unchanged and whole, and the newest backup is not the tree")
        }
        try durable {
            $0.containers[who].records[repository].adopt(head.head)
            $0.containers[who].records[repository].foundUnchanged(completeness)
        }
        return try end(who, completeness)
    }

    private mutating func end(_ who: Int, _ completeness: Lineage.Completeness) throws -> Ending {
        guard case .whole = completeness else {
            note(.incomplete)
            return .incomplete
        }
        note(.stored)
        containers[who].kept = []
        return .whole
    }

    /// The one atomic step of a store, with what `ArchiveRepository.store` does around it.
    private mutating func commit(
        _ who: Int, _ repository: Int, _ lineage: Lineage, _ stored: Set<Int>, _ checksum: String, _ seen: Version?
    ) throws -> Bool {
        var head = seen
        for _ in 0..<4 {
            guard lineage.descends(from: head?.head) else {
                note(.setAside)
                return false
            }
            guard head?.id == repositories[repository].last?.id else {
                note(.stale)
                head = repositories[repository].last
                continue
            }
            try checkStored(who, over: head)
            let ancestry = containers[who].tree?.ancestry ?? []
            let version = Version(id: "v\(next())", checksum: checksum, content: stored, ancestry: ancestry, date: now)
            try durable { world in
                world.repositories[repository].append(version)
                world.containers[who].tree?.ancestry.insert(version.id)
                world.containers[who].tree?.newestAncestor = version.date
            }
            return true
        }
        return false
    }

    private mutating func intrude(_ other: Int, _ repository: Int) throws {
        guard containers[other].boot != nil, containers[other].isAppRunning else { return }
        let saved = fuse
        fuse = nil
        defer { fuse = saved }
        let new = next()
        containers[other].tree?.content.insert(new)
        _ = try backUp(other, repository)
    }

    // MARK: A person, and a handover

    private mutating func choose(_ who: Int, _ repository: Int) throws {
        guard containers[who].isAppRunning, !repositories[repository].isEmpty else { return }
        guard try backUp(who, repository) == .whole else { return }
        let version = repositories[repository][below(repositories[repository].count)]
        note(.chosen)
        // Another container may store after the person has looked.
        if below(3) == 0 { try intrude(1 - who, repository) }
        _ = try restore(who, repository, wanted: version, choice: .byPerson)
        _ = try backUp(who, repository)
    }

    private mutating func followHandover(_ who: Int, _ repository: Int) throws {
        guard let boot = containers[who].boot, let newest = repositories[repository].last else { return }
        let lineage = containers[who].records[repository]
        guard lineage.isUnlocked(in: boot), !lineage.descends(from: newest.head), let tree = containers[who].tree, tree.unreadable.isEmpty else { return }
        note(.handover)
        // Ours is stored next to it first: the model keeps it as a kept tree.
        _ = try restore(who, repository, wanted: newest, choice: .handover)
    }

    // MARK: The model

    /// By the version, or by an equal archive: who stored it is no matter.
    private func descends(_ tree: Tree, from head: Version) -> Bool {
        tree.ancestry.contains(head.id) || tree.packed.contains(head.checksum)
            || repositories.joined().contains { $0.checksum == head.checksum && tree.ancestry.contains($0.id) }
    }

    /// P1, P4: what is stored as the newest descends from what was the newest.
    private func checkStored(_ who: Int, over head: Version?) throws {
        guard let head, let tree = containers[who].tree else { return }
        guard descends(tree, from: head) else {
            throw Violation(description: "P4: container \(who) stored over \(head.id), from which its tree does not descend")
        }
    }

    /// P2: a tree that stays instead of the newest backup is no older than that.
    private mutating func checkKept(_ who: Int, _ repository: Int, _ head: Version, _ lineage: Lineage) throws {
        guard let tree = containers[who].tree else { throw Violation(description: "P2: kept nothing") }
        if descends(tree, from: head) {
            note(lineage.knownHead == nil ? .keptByMark : .keptByState)
            return
        }
        guard tree.newestAncestor >= head.date else {
            throw Violation(description: "P2: container \(who) kept a tree that is older than \(head.id)")
        }
        note(.keptByDate)
        containers[who].tree?.ancestry.insert(head.id)
    }

    /// P2: a restore does not roll a newer tree back, unless a person chose so.
    private func checkReplaced(_ who: Int, _ repository: Int, by version: Version, wanted: Version?) throws {
        guard wanted == nil, let tree = containers[who].tree, tree.content != version.content else { return }
        if tree.ancestry.contains(version.id) {
            throw Violation(description: "P2: container \(who) rolled a newer tree back to \(version.id) of repository \(repository)")
        }
        if tree.mark?.backups[LineageWorld.locations[repository]] == nil, tree.mark != nil, tree.newestAncestor > version.date {
            throw Violation(description: "P2: container \(who) replaced a tree by an older one, \(version.id) of repository \(repository)")
        }
    }
}
