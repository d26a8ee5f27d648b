package import Files
import Settings

/// One thing in which two trees differ.
package struct TreeChange: Hashable, Sendable {
    package enum Kind: String, Codable, Hashable, Sendable {
        case added, removed
        /// Other content, another target, or another kind of thing.
        case changed
        /// Only its permissions differ.
        case mode
    }

    package var path: RawName
    package var kind: Kind
    package var isFolder: Bool
    /// Bytes before and after; nil where there is nothing, and for all but files.
    package var before: Int64?
    package var after: Int64?
}

/// How two trees differ, in numbers. Files and links count, folders don't.
package struct TreeDifference: Hashable, Sendable {
    package struct Side: Hashable, Sendable {
        /// Files and links.
        package var files = 0
        /// Of the content of all files.
        package var bytes: Int64 = 0
    }

    package var before = Side()
    package var after = Side()
    package var added = 0
    package var removed = 0
    /// Other content, target or permissions.
    package var changed = 0
    /// Whether anything differs, folders too.
    package var isSame = true
    /// What is worth a word, such as files that could not be read.
    package var notes: [String] = []
}

extension TreeDifference {
    /// Compares two trees, both in the order of their paths.
    /// - Parameter each: Gets what differs, in that order.
    static func of(_ old: SortedMembers, _ new: SortedMembers, each: (TreeChange) -> Void) throws(FileError) -> TreeDifference {
        var difference = TreeDifference()
        var (left, right) = (SortedMembers.Reader(old), SortedMembers.Reader(new))
        var (before, after) = (try left.next(), try right.next())
        while before != nil || after != nil {
            let isOnlyBefore = before.map { before in after.map { before.path < $0.path } ?? true } ?? false
            let isOnlyAfter = after.map { after in before.map { after.path < $0.path } ?? true } ?? false
            let change = TreeChange(isOnlyAfter ? nil : before, isOnlyBefore ? nil : after)
            if !isOnlyAfter { difference.before.add(before) }
            if !isOnlyBefore { difference.after.add(after) }
            if let change {
                difference.add(change)
                each(change)
            }
            if !isOnlyAfter { before = try left.next() }
            if !isOnlyBefore { after = try right.next() }
        }
        return difference
    }

    private mutating func add(_ change: TreeChange) {
        isSame = false
        if change.isFolder { return }
        switch change.kind {
        case .added: added += 1
        case .removed: removed += 1
        case .changed, .mode: changed += 1
        }
    }
}

extension TreeDifference.Side {
    fileprivate mutating func add(_ record: MemberRecord?) {
        guard let record, record.kind != .folder else { return }
        files += 1
        bytes = bytes.addingUpToMost(record.size)
    }
}

extension TreeChange {
    /// Nil where the two are the same.
    fileprivate init?(_ before: MemberRecord?, _ after: MemberRecord?) {
        guard let any = after ?? before else { return nil }
        let isSame = before?.kind == after?.kind && before?.target == after?.target && before?.digest == after?.digest && before?.size == after?.size
        if isSame, before?.mode == after?.mode || any.kind == .symbolicLink { return nil }
        let kind: Kind = before == nil ? .added : after == nil ? .removed : isSame ? .mode : .changed
        func size(_ record: MemberRecord?) -> Int64? { record.flatMap { $0.kind == .file ? $0.size : nil } }
        self.init(path: any.path, kind: kind, isFolder: any.kind == .folder, before: size(before), after: size(after))
    }
}
