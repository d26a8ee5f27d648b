package import Files

/// Which files belong into a backup.
package struct PathFilter: Hashable, Sendable {
    private let patterns: [PathPattern]

    /// - Parameters:
    ///   - exclude: Lines with the meaning of a `.gitignore` at the folder's top.
    ///   - include: What is taken back in, though a line of `exclude` matches it.
    package init(exclude: [String] = [], include: [String] = []) {
        patterns = exclude.compactMap { PathPattern($0) } + include.compactMap { PathPattern("!" + $0) }
    }

    /// Whether the last line that matches excludes the path. `path` are the names below the folder's top.
    func excludes(_ path: [RawName], isFolder: Bool) -> Bool {
        guard !patterns.isEmpty else { return false }
        let bytes = path.map(\.bytes)
        return patterns.last { $0.matches(bytes, isFolder: isFolder) }.map { !$0.isNegated } ?? false
    }
}

/// Files that mean something only to the processes that made them.
package enum Volatile {
    /// Files of this kind that are no locks but lists of what a project depends on.
    private static let dependencyLocks: Set<String> = [
        "yarn.lock", "Cargo.lock", "poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "Gemfile.lock", "composer.lock",
        "flake.lock", "mix.lock", "pubspec.lock", "Podfile.lock", "bun.lock", "deno.lock", "packages.lock", "conan.lock",
        "pixi.lock", "gradle.lock", "buildscript-gradle.lock", ".terraform.lock", "Chart.lock", "requirements.lock",
    ]

    /// Whether a file is never stored: locks, process ids, sockets. SQLite's companions are judged with their database.
    package static func isVolatile(_ name: RawName) -> Bool {
        let text = name.description
        if text.hasSuffix(".lock") { return !isDependencyList(name) }
        return text.hasSuffix(".pid") || text.hasSuffix(".sock")
    }

    static func isDependencyList(_ name: RawName) -> Bool { dependencyLocks.contains(name.description) }

    private static let companions = ["-wal", "-shm", "-journal"]

    /// The database a file would be a companion of; nil for other names.
    static func database(ofCompanion name: RawName) -> RawName? {
        for suffix in companions.map({ Array($0.utf8) })
        where name.bytes.count > suffix.count && name.bytes.suffix(suffix.count).elementsEqual(suffix) {
            return RawName(name.bytes.dropLast(suffix.count))
        }
        return nil
    }
}
