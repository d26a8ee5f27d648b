import Files

/// Which files belong into a backup.
package struct PathFilter: Hashable, Sendable {
    private let patterns: [PathPattern]

    /// - Parameters:
    ///   - exclude: Lines with the meaning of a `.gitignore` at the folder's top.
    ///   - include: What is taken back in, though a line of `exclude` matches it.
    package init(exclude: [String] = [], include: [String] = []) {
        patterns = exclude.compactMap { PathPattern($0) } + include.compactMap { PathPattern("!" + $0) }
    }

    /// What the lines say of a path.
    enum Verdict {
        case nothing, excluded
        /// Taken back in by name.
        case included
    }

    var isEmpty: Bool { patterns.isEmpty }

    /// What the last line that matches says. `path` are the names below the folder's top.
    func verdict(on path: [[UInt8]], isFolder: Bool) -> Verdict {
        guard let last = patterns.last(where: { $0.matches(path, isFolder: isFolder) }) else { return .nothing }
        return last.isNegated ? .included : .excluded
    }

    func excludes(_ path: [RawName], isFolder: Bool) -> Bool {
        !isEmpty && verdict(on: path.map(\.bytes), isFolder: isFolder) == .excluded
    }
}
