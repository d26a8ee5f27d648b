import Files

/// Whether a place in which no version of a store is found counts as empty, by the names that are there. Pure.
///
/// An empty repository unlocks backups and lets the app start without its data, so in doubt a place is not empty.
package enum PlaceRule {
    package enum Place: Hashable, Sendable {
        /// For backups alone: a folder, a dataset.
        case own
        /// May serve other things too, as a bucket with a website does.
        case shared
    }

    /// What a single name indicates.
    package enum Meaning: Hashable, Sendable {
        /// A fresh place may hold it without anything having been stored: the Hub's read-me, `lost+found`.
        case housekeeping
        /// Looks like a backup: of ours, of a script or of another program.
        case backup
        case unrelated
    }

    /// The names that keep a place from being empty, in the order of their bytes: in a place of its own all but housekeeping, in a shared
    /// one those that look like a backup.
    ///
    /// - Parameter paths: Of files and objects, at any depth below where the store begins; those that end with a slash are folders.
    package static func telling(_ paths: [String], in place: Place) -> [String] {
        let layouts = foreignRepositories(paths)
        return Set(paths.map { ByteKey($0) }).sorted().map(\.text).filter { path in
            switch meaning(path) {
            case .housekeeping: false
            case .backup: true
            case .unrelated: place == .own || layouts.contains { path.utf8.starts(with: $0.utf8) }
            }
        }
    }

    /// - Parameter path: Below where the store begins; upper and lower case do not matter. A path that ends in a slash is a folder.
    package static func meaning(_ path: String) -> Meaning {
        let parts = path.lowercased().split(separator: "/", omittingEmptySubsequences: true)
        guard let first = parts.first, let last = parts.last, !path.hasSuffix("/") else { return .housekeeping }
        if first.hasPrefix(".shipkeeper-doctor-") || isHousekeeping(first) { return .housekeeping }
        if first.hasPrefix(".shipkeeper") { return .backup }
        let endings = last.split(separator: ".", omittingEmptySubsequences: false).dropFirst().map(String.init)
        if let ending = endings.last, pageEndings.contains(ending) { return .unrelated }
        if endings.contains(where: archiveEndings.contains) { return .backup }
        if let ending = endings.last, packedEndings.contains(ending) {
            // A page or a feed that is stored compressed.
            let inner = endings.dropLast().last
            return inner.map { pageEndings.contains($0) || textEndings.contains($0) } ?? false ? .unrelated : .backup
        }
        if last.hasPrefix("latest"), !(endings.last.map(textEndings.contains) ?? false) { return .backup }
        return last.hasPrefix("conflict_") || parts.contains { $0.contains("backup") } ? .backup : .unrelated
    }

    /// Where a repository of restic, rustic, borg or kopia begins: "" or a folder with a slash at its end.
    private static func foreignRepositories(_ paths: [String]) -> [String] {
        let roots = paths.compactMap { path -> String? in
            for mark in ["config", "kopia.repository", "kopia.repository.f"] where path == mark || path.hasSuffix("/" + mark) {
                return String(decoding: path.utf8.dropLast(mark.utf8.count), as: UTF8.self)
            }
            return nil
        }
        return Set(roots.map { ByteKey($0) }).map(\.text).filter { root in
            paths.contains { path in
                path.utf8.starts(with: (root + "kopia.repository").utf8)
                    || ["data/", "keys/", "snapshots/"].contains { path.utf8.starts(with: (root + $0).utf8) }
            }
        }
    }

    private static func isHousekeeping(_ first: Substring) -> Bool {
        housekeeping.contains(String(first)) || first.hasPrefix(".trash") || ["readme", "license"].contains(first.prefix { $0 != "." })
    }

    private static let housekeeping: Set<String> = [
        "lost+found", ".gitattributes", ".gitignore", ".gitkeep", ".keep", ".ds_store", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin",
        "system volume information", ".spotlight-v100", ".fseventsd", ".stfolder", ".stignore", ".stversions",
    ]
    private static let archiveEndings: Set<String> = [
        "tar", "tgz", "tbz", "tbz2", "txz", "tzst", "tlz", "cpio", "zip", "7z", "rar", "sha256", "sha256sum", "sha512", "sha512sum", "sha1", "md5", "md5sum",
        "sql", "dump", "bak", "gpg", "age", "enc", "rclonelink",
    ]
    private static let packedEndings: Set<String> = ["gz", "bz2", "xz", "zst", "lz4", "lzma"]
    private static let pageEndings: Set<String> = [
        "html", "htm", "xhtml", "css", "js", "mjs", "map", "wasm", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "bmp", "woff", "woff2", "ttf",
        "otf", "eot", "mp3", "mp4", "webm", "ogg", "pdf",
    ]
    private static let textEndings: Set<String> = ["xml", "json", "txt", "md", "yml", "yaml", "csv", "atom", "rss"]
}
