import Files

/// Where file systems are mounted, as this process sees it.
struct MountTable {
    private let points: [String]

    init() {
        let text = (try? Folder.open("/proc/self").contents(of: "mountinfo", most: 4 << 20)) ?? []
        points = String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            return fields.count > 4 ? MountTable.unescaped(fields[4]) : nil
        }
    }

    func isMount(_ path: String) -> Bool { points.contains(path) }

    /// A mount strictly below a path.
    func mount(below path: String) -> String? { points.first { $0.hasPrefix(path == "/" ? "/" : path + "/") && $0 != path } }

    /// Blanks and the like stand as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        String(field).replacing("\\040", with: " ").replacing("\\011", with: "\t").replacing("\\134", with: "\\")
    }
}
