package import Foundation

/// What this container knows of one repository: which stored backup the live tree descends from, whether it may write there, and
/// whether the last backup was whole.
///
/// A value with pure transitions. Backup, restore, the handover to a new container and `status` ask it; nothing else decides whether a
/// tree descends from a head. It is stored as one JSON value; the part that must survive a lost state is in the tree as well (`TreeMark`).
package struct Lineage: Hashable, Sendable, Codable {
    /// A stored backup.
    package struct Reference: Hashable, Sendable, Codable {
        /// The version's id in its store.
        package var id: String
        /// The archive's SHA-256 in lower-case hexadecimal digits; nil where it is not known.
        package var checksum: String?

        package init(id: String, checksum: String?) {
            self.id = id
            self.checksum = checksum
        }
    }

    /// What the live tree descends from.
    package enum Base: Hashable, Sendable, Codable {
        /// Nothing has been restored or stored by this container yet, or its state was lost.
        case unknown
        /// The repository answered and held no backup; its head's id, where it has versions.
        case empty(head: String?)
        case backup(Reference)
    }

    /// Whether this container may write to the repository. Only a restore of the same boot that ended well unlocks it.
    package enum Access: Hashable, Sendable, Codable {
        /// No restore has begun since the state was made.
        case notRestored
        /// A restore began in that boot and has not ended well.
        case locked(boot: String)
        /// A restore has ended well in that boot of the container, or had nothing to do.
        case unlocked(boot: String)
    }

    /// How whole the last backup is. Only a whole one can be found unchanged.
    package enum Completeness: Hashable, Sendable, Codable {
        /// Nothing is known, as after a restore.
        case unknown
        /// Every file is in it; how the tree was then.
        case whole(Fingerprint)
        /// Some files could not be read, or changed while they were read.
        case incomplete(IncompleteFiles)
    }

    /// How a tree was when it was stored whole.
    package struct Fingerprint: Hashable, Sendable, Codable {
        /// Of names, sizes and times.
        package var tree: String
        /// SHA-256 of the archive before compression; nil where only the tree was looked at.
        package var content: String?

        package init(tree: String, content: String?) {
            self.tree = tree
            self.content = content
        }
    }

    /// How much a backup holds.
    package struct Size: Hashable, Sendable, Codable {
        /// Regular files.
        package var files: Int
        /// Bytes of their content, before compression.
        package var bytes: Int64

        package init(files: Int, bytes: Int64) {
            self.files = files
            self.bytes = bytes
        }
    }

    /// A backup that retention must not remove, for a much smaller one followed it.
    package struct Pin: Hashable, Sendable, Codable {
        /// The backup that stays.
        package var reference: Reference
        /// What it holds: a later backup of half of that or more ends the pin.
        package var size: Size
    }

    /// What the live tree descends from.
    package private(set) var base = Base.unknown
    /// Whether this container may write; `lock` decides with it.
    package private(set) var access = Access.notRestored
    /// Of the backup in `base`.
    package private(set) var completeness = Completeness.unknown
    /// The SHA-256 of an archive that was about to be stored when the program ended or the record failed.
    package private(set) var pending: String?
    /// The token (`TreeMark.token`) of the live tree that descends from `base`; nil where that tree has no mark.
    package private(set) var tree: String?
    /// The paths that the repository holds backups of, as one text to compare; nil until the first backup.
    package private(set) var paths: String?
    /// How much the newest backup holds; nil where that is not known.
    package private(set) var size: Size?
    /// Set by `pinNewest`; see `protected`.
    package private(set) var pin: Pin?
    /// The newest backup that was whole; where incomplete ones followed a backup of which nothing is known, that one.
    package private(set) var lastWhole: Reference?
    /// Versions that a restore found damaged, with the reason, by id.
    package private(set) var damaged: [String: String] = [:]

    /// Of a container that knows nothing of its repository: locked, where that holds a backup.
    package init() {}

    // MARK: Restoring

    /// A restore of the newest backup has begun: until it ends well, nothing may be stored.
    package mutating func restoreBegan(in boot: String) { access = .locked(boot: boot) }

    /// The live tree descends from the head, or is newer than it, and stays.
    package mutating func kept(_ head: Reference, tree: String?, in boot: String) {
        // What is known of the last backup's completeness is known of that backup and no other.
        let isSame = knownChecksum.map { $0 == head.checksum } ?? (knownHead == head.id)
        if self.tree != tree || !isSame { completeness = .unknown }
        if !isSame { size = nil }
        become(.backup(head), tree: tree, in: boot)
    }

    /// The repository answered and holds no backup.
    package mutating func foundEmpty(head: String?, tree: String?, in boot: String) {
        completeness = .unknown
        size = nil
        become(.empty(head: head), tree: tree, in: boot)
    }

    /// Which backup a restore was asked for.
    package enum Choice: Hashable, Sendable {
        case newest
        /// One that was chosen manually, to become the newest again.
        case byPerson
        /// Another container's, which is the newest.
        case handover
    }

    /// The backup from which a tree descends once `version` is in its place.
    /// - Parameter head: The newest backup when the restore began.
    package func base(after choice: Choice, version: Reference, head: Reference, in boot: String) -> Reference {
        switch choice {
        case .newest: return head
        case .handover: return version
        case .byPerson:
            // It takes the place of what was the newest when it was chosen, and of nothing that came since.
            if isUnlocked(in: boot), case .backup(let reference) = base { return reference }
            return head
        }
    }

    /// A backup has been put in the tree's place.
    /// - Parameter head: The newest backup when the restore began.
    package mutating func restored(_ version: Reference, head: Reference, choice: Choice, size: Size, tree: String?, in boot: String) {
        completeness = .unknown
        self.size = size
        if let pin, pin.reference.id == version.id || (version.checksum != nil && pin.reference.checksum == version.checksum) { self.pin = nil }
        become(.backup(base(after: choice, version: version, head: head, in: boot)), tree: tree, in: boot)
    }

    /// A version could not be restored.
    package mutating func foundDamaged(_ id: String, because reason: String) { damaged[id] = reason }

    private mutating func become(_ base: Base, tree: String?, in boot: String) {
        self.base = base
        self.tree = tree
        // What was about to be stored was of the tree as it was before.
        pending = nil
        access = .unlocked(boot: boot)
    }

    // MARK: Storing

    /// Where the newest backup is the one that was about to be stored when its record failed, the tree descends from it from now on. Otherwise
    /// nothing changes.
    package mutating func adopt(_ head: Head?) {
        guard let head, head.holdsBackup, let checksum = head.checksum, checksum == pending, !isBase(head) else { return }
        base = .backup(head.reference)
        completeness = .unknown
        size = nil
        pending = nil
    }

    /// An archive is about to be stored: if the program ends in between, it is recognized as ours.
    package mutating func storing(checksum: String) { pending = checksum }

    /// A backup has been stored as the newest: from now on the tree descends from it.
    package mutating func stored(_ version: Reference, completeness: Completeness, size: Size, tree: String?, paths: String) {
        if case .incomplete = completeness {
            if lastWhole == nil, case .backup(let before) = base { lastWhole = before }
        } else {
            lastWhole = version
        }
        base = .backup(version)
        self.completeness = completeness
        self.size = size
        self.tree = tree
        self.paths = paths
        pending = nil
        // The tree is back to what it was.
        if let pin, size.files * 2 >= pin.size.files, size.bytes * 2 >= pin.size.bytes { self.pin = nil }
    }

    /// The newest backup holds just this tree.
    package mutating func foundUnchanged(_ completeness: Completeness) {
        self.completeness = completeness
        if case .whole = completeness, case .backup(let newest) = base { lastWhole = newest }
    }

    /// The newest backup is much larger than what is about to be stored, and stays until the smaller one is accepted manually. An earlier pin
    /// stays instead.
    package mutating func pinNewest() {
        guard pin == nil, case .backup(let newest) = base, let size else { return }
        pin = Pin(reference: newest, size: size)
    }

    /// The smaller tree was accepted manually.
    package mutating func unpin() { pin = nil }

    /// Forgets what was noted about versions that are gone.
    package mutating func forgetDamaged(except ids: Set<String>) { damaged = damaged.filter { ids.contains($0.key) } }
}

// MARK: Decisions

extension Lineage {
    /// The newest version of a repository, as far as decisions need it.
    package struct Head: Hashable, Sendable {
        /// The version's id in its store.
        package var id: String
        /// Whether it has an archive: a version may hold other files only.
        package var holdsBackup: Bool
        /// The archive's SHA-256; nil where it holds none or it is not known.
        package var checksum: String?
        /// When it was stored.
        package var date: Date

        package init(id: String, holdsBackup: Bool, checksum: String?, date: Date) {
            self.id = id
            self.holdsBackup = holdsBackup
            self.checksum = checksum
            self.date = date
        }

        var reference: Reference { Reference(id: id, checksum: checksum) }
    }

    /// The id of the head that the tree descends from; nil for an empty store or where nothing is known.
    package var knownHead: String? {
        switch base {
        case .unknown: nil
        case .empty(let head): head
        case .backup(let reference): reference.id
        }
    }

    /// The checksum of the backup that the tree descends from.
    package var knownChecksum: String? {
        if case .backup(let reference) = base { reference.checksum } else { nil }
    }

    /// Whether a restore has ended well in this boot, so that backups may be stored.
    package func isUnlocked(in boot: String) -> Bool { access == .unlocked(boot: boot) }

    /// Whether the tree descends from what the store holds: nothing is lost when it takes that one's place.
    ///
    /// What counts is the archive, not the version: someone may have edited a read-me, or the history may have been squashed. An archive that
    /// was about to be stored counts too.
    package func descends(from head: Head?) -> Bool {
        guard let head else { return knownHead == nil }
        if head.id == knownHead || !head.holdsBackup { return true }
        guard let checksum = head.checksum else { return false }
        return checksum == knownChecksum || checksum == pending
    }

    /// Whether the head is the very backup that the tree was last stored in or restored from, not one that was about to be stored.
    func isBase(_ head: Head) -> Bool {
        guard head.holdsBackup, case .backup(let reference) = base else { return false }
        return head.id == reference.id || (head.checksum != nil && head.checksum == reference.checksum)
    }

    /// The noted fingerprint where the head holds just the tree of this fingerprint, so that nothing need be packed; else nil.
    /// - Parameter tree: `Fingerprint.tree` of the live tree now.
    package func unchanged(_ tree: String, since head: Head?) -> Fingerprint? {
        guard let head, isBase(head), case .whole(let last) = completeness, last.tree == tree else { return nil }
        return last
    }

    /// Whether the head holds just what was packed, so that nothing need be stored.
    /// - Parameters:
    ///   - content: SHA-256 of the archive before compression.
    ///   - checksum: SHA-256 of the archive.
    package func holds(content: String, checksum: String, _ head: Head?) -> Bool {
        guard let head, descends(from: head), head.holdsBackup else { return false }
        if isBase(head), case .whole(let last) = completeness, last.content == content { return true }
        return head.checksum == checksum
    }

    /// Why nothing may be stored.
    package enum Lock: Hashable, Sendable {
        /// The repository holds backups of other paths.
        case otherPaths(String)
        /// A restore of this boot has not ended well.
        case restoreFailed
        /// The repository holds a backup, and no restore has ended well in this boot.
        case notRestored
        /// A restore from another repository has replaced the tree, and this one holds a newer backup.
        case treeReplaced
    }

    /// Whether `lock` needs the store's head, which takes a request.
    package func needsHead(in boot: String, mark: TreeMark.Reading?) -> Bool {
        switch access {
        case .unlocked(boot): mark.map { $0.mark.token != tree } ?? false
        case .locked(boot): false
        case .notRestored, .locked, .unlocked: true
        }
    }

    /// Why nothing may be stored in the repository now; nil where it may.
    /// - Parameters:
    ///   - head: Only looked at where `needsHead`.
    ///   - mark: The live tree's mark; nil where it has none.
    ///   - location: The repository's location, as in the mark.
    package func lock(in boot: String, paths: String, head: Head?, mark: TreeMark.Reading?, location: String) -> Lock? {
        if let known = self.paths, known != paths { return .otherPaths(known) }
        switch access {
        case .unlocked(boot):
            // An app may create its folder again; another mark is that of a restore.
            guard let mark, mark.mark.token != tree, let head, head.holdsBackup else { return nil }
            return mark.mark.descends(from: head, in: location) ? nil : .treeReplaced
        case .locked(boot): return .restoreFailed
        case .notRestored, .locked, .unlocked: break
        }
        guard let head, head.holdsBackup else { return nil }
        if case .backup = base, descends(from: head), let mark, mark.missing.isEmpty, mark.mark.token == tree { return nil }
        return .notRestored
    }

    /// What a restore of the newest backup is to do with the live tree.
    package enum RestoreDecision: Hashable, Sendable {
        /// The tree descends from the head, and stays; these parts of it are not there any more and are brought back.
        case keep(missing: [String])
        /// The tree is replaced by the newest backup.
        case restore
    }

    /// Whether a restore of the newest backup keeps the live tree. In doubt it restores: the old tree is kept next to the new one.
    /// - Parameters:
    ///   - mark: The live tree's mark; nil where it has none.
    ///   - location: The repository's location, as in the mark.
    package func decideRestore(head: Head, mark: TreeMark.Reading?, location: String) -> RestoreDecision {
        guard head.holdsBackup, let mark else { return .restore }
        if mark.missing.isEmpty, mark.mark.token == tree, case .backup = base, descends(from: head) { return .keep(missing: []) }
        return mark.mark.descends(from: head, in: location) ? .keep(missing: mark.missing) : .restore
    }

    /// The backups that stay regardless of retention: the one before the tree shrank, and the last whole one. At most two.
    package var protected: [Reference] { [pin?.reference, lastWhole].compactMap(\.self) }

    /// Whether an empty repository is plausible: a container that knows a backup in it is looking at the wrong place.
    package var mayBeEmpty: Bool {
        if case .backup = base { false } else { true }
    }

    /// Whether what is about to be stored holds far less than the newest backup.
    package enum Shrinkage: Hashable, Sendable {
        case none
        /// More than half is gone.
        case shrunk(from: Size)
        /// Nothing is left.
        case emptied(from: Size)
    }

    /// Trees with fewer files, or fewer bytes, than these are too small for a half to mean anything.
    private static let leastFiles = 3
    private static let leastBytes: Int64 = 64 * 1024

    /// Compares with the size of the newest backup; `none` where that is not known. Fewer than 3 files, or than 64 KiB, are not compared.
    package func shrinkage(to new: Size) -> Shrinkage {
        guard let size, size.files > 0 else { return .none }
        if new.files == 0 { return .emptied(from: size) }
        let lostFiles = size.files >= Lineage.leastFiles && new.files * 2 < size.files
        let lostBytes = size.bytes >= Lineage.leastBytes && new.bytes * 2 < size.bytes
        return lostFiles || lostBytes ? .shrunk(from: size) : .none
    }
}
