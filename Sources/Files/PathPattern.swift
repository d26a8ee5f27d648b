/// One line of a `.gitignore`: what it matches, and whether it takes back what an earlier line excluded.
package struct PathPattern: Hashable, Sendable {
    package let isNegated: Bool
    private let foldersOnly: Bool
    private let isAnchored: Bool
    private let segments: [[UInt8]]

    /// Nil for an empty line or a comment.
    package init?(_ line: String) {
        var bytes = Array(line.utf8)[...]
        while bytes.last == 32 { bytes.removeLast() }
        guard let first = bytes.first, first != UInt8(ascii: "#") else { return nil }
        isNegated = first == UInt8(ascii: "!")
        if isNegated { bytes = bytes.dropFirst() }
        foldersOnly = bytes.last == UInt8(ascii: "/")
        if foldersOnly { bytes = bytes.dropLast() }
        isAnchored = bytes.contains(UInt8(ascii: "/"))
        segments = bytes.split(separator: UInt8(ascii: "/")).map(Array.init)
        if segments.isEmpty { return nil }
    }

    package func matches(_ path: [[UInt8]], isFolder: Bool) -> Bool {
        if foldersOnly, !isFolder { return false }
        guard isAnchored else { return path.last.map { Glob.matches(segments[0], $0) } ?? false }
        return PathPattern.match(segments[...], path[...])
    }

    /// Whether it matches a file or a folder above it.
    package func covers(_ file: [[UInt8]]) -> Bool {
        file.indices.contains { matches(Array(file[...$0]), isFolder: $0 < file.count - 1) }
    }

    /// `**` stands for any number of folders.
    private static func match(_ pattern: ArraySlice<[UInt8]>, _ path: ArraySlice<[UInt8]>) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        if first == Array("**".utf8) {
            if pattern.count == 1 { return !path.isEmpty }
            return (0...path.count).contains { match(pattern.dropFirst(), path.dropFirst($0)) }
        }
        guard let name = path.first, Glob.matches(first, name) else { return false }
        return match(pattern.dropFirst(), path.dropFirst())
    }
}

/// `*`, `?`, `[a-z]` and `\` within one name.
enum Glob {
    static func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool { match(pattern[...], name[...]) }

    private static func match(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        var (pattern, name) = (pattern, name)
        var retry: (pattern: ArraySlice<UInt8>, name: ArraySlice<UInt8>)?
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (pattern, name)
            } else if let rest = step(pattern, name) {
                (pattern, name) = (rest, name.dropFirst())
            } else if pattern.isEmpty, name.isEmpty {
                return true
            } else if let last = retry, !last.name.isEmpty {
                (pattern, name) = (last.pattern, last.name.dropFirst())
                retry = (pattern, name)
            } else {
                return false
            }
        }
    }

    /// The pattern after its first element, where that admits the first byte of the name.
    private static func step(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let byte = name.first, let first = pattern.first else { return nil }
        switch first {
        case UInt8(ascii: "?"): return pattern.dropFirst()
        case UInt8(ascii: "["): return set(pattern, byte)
        case UInt8(ascii: "\\"): return pattern.dropFirst().first == byte ? pattern.dropFirst(2) : nil
        default: return first == byte ? pattern.dropFirst() : nil
        }
    }

    private static func set(_ pattern: ArraySlice<UInt8>, _ byte: UInt8) -> ArraySlice<UInt8>? {
        var rest = pattern.dropFirst()
        let isNegated = rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^")
        if isNegated { rest = rest.dropFirst() }
        guard let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "]")) else {
            return byte == UInt8(ascii: "[") ? pattern.dropFirst() : nil
        }
        var (members, isIn) = (rest[..<end], false)
        while let low = members.first {
            if members.count > 2, members[members.startIndex + 1] == UInt8(ascii: "-") {
                isIn = isIn || (low <= byte && byte <= members[members.startIndex + 2])
                members = members.dropFirst(3)
            } else {
                isIn = isIn || low == byte
                members = members.dropFirst()
            }
        }
        return isIn != isNegated ? rest[(end + 1)...] : nil
    }
}
