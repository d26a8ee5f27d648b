/// A resource that a job needs exclusively: a kind and a name, as `repository/main`; the name of a `tree` is a folder's path.
///
/// Two keys conflict when they are equal, or when one names a folder below the other's.
enum ExclusiveKey {
    /// A key that both sets need; nil when the two jobs may run at once.
    static func meeting(_ left: Set<String>, _ right: Set<String>) -> String? {
        guard !left.isEmpty, !right.isEmpty else { return nil }
        return left.sorted().first { key in right.contains { meet(key, $0) } }
    }

    /// The key for messages: `the repository main`, `the folder /data`.
    static func readable(_ key: String) -> String {
        guard let slash = key.firstIndex(of: "/") else { return key }
        let (kind, name) = (key[..<slash], key[key.index(after: slash)...])
        return "the \(kind == "tree" ? "folder" : String(kind)) \(name)"
    }

    private static func meet(_ left: String, _ right: String) -> Bool {
        left == right || left.hasPrefix(folder(right)) || right.hasPrefix(folder(left))
    }

    private static func folder(_ key: String) -> String { key.hasSuffix("/") ? key : key + "/" }
}
