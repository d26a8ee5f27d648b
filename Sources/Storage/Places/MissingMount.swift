import Files

/// Whether a folder should be a mounted disk and is not.
enum MissingMount {
    /// The place at or above a path where a file system should be mounted by the system's table and is not; nil where all is as it should be.
    ///
    /// - Parameters:
    ///   - table: What `/etc/fstab` says.
    ///   - mounts: What `/proc/self/mountinfo` says.
    static func expected(at path: String, table: String, mounts: String) -> String? {
        let mounted = Set(fields(mounts, 4).map { ByteKey($0) })
        return fields(table, 1).filter { place in
            place.hasPrefix("/") && place != "/" && (path == place || path.hasPrefix(place + "/")) && !mounted.contains(ByteKey(place))
        }.max { $0.utf8.count < $1.utf8.count }
    }

    /// The same with what this system says. Blocks.
    static func expected(at path: String) -> String? {
        expected(at: path, table: text(in: "/etc", "fstab"), mounts: text(in: "/proc/self", "mountinfo"))
    }

    private static func text(in folder: String, _ name: RawName) -> String {
        (try? Folder.open(folder).contents(of: name)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// One field of each line, with the octal digits that stand for blanks decoded.
    private static func fields(_ text: String, _ index: Int) -> [String] {
        text.split(separator: "\n").compactMap { line -> String? in
            let fields = line.split { $0 == " " || $0 == "\t" }
            guard fields.count > index, fields[0].first != "#" else { return nil }
            return String(fields[index]).replacing("\\040", with: " ").replacing("\\011", with: "\t").replacing("\\134", with: "\\")
        }
    }
}
