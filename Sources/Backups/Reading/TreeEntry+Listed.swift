package import Archive
package import Files

extension TreeEntry {
    /// The entry as lists and comparisons show it: its path, and the target of a hard link, without `.` and needless slashes. Nil for the top of the tree itself.
    package var listed: TreeEntry? {
        let names = path.names
        guard !names.isEmpty else { return nil }
        var entry = self
        entry.path = RawName.path(names)
        if case .hardLink(let target) = kind { entry.kind = .hardLink(to: RawName.path(target.names)) }
        return entry
    }
}

extension RawName {
    /// The names of a path; `.` and doubled slashes count for nothing.
    package var names: [RawName] { bytes.split(separator: 47).filter { $0 != [46] }.map { RawName($0) } }

    fileprivate static func path(_ names: [RawName]) -> RawName { RawName(names.map(\.bytes).joined(separator: [47])) }
}
