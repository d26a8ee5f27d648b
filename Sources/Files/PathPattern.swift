/// One line of a `.gitignore`, as in gitignore(5): what it matches, and whether it includes again what an earlier line excluded. Compares
/// bytes, so upper and lower case differ. Pure.
package struct PathPattern: Hashable, Sendable {
    /// Whether the line begins with `!`. `matches` ignores this; the last line that matches a path decides.
    package let isNegated: Bool
    private let foldersOnly: Bool
    private let isAnchored: Bool
    private let segments: [[UInt8]]

    /// Nil for an empty line, a comment, and a lone `/` or `!`. A malformed set in brackets is accepted and matches nothing, as in git.
    package init?(_ line: String) {
        var bytes = PathPattern.withoutTrailingBlanks(Array(line.utf8)[...])
        guard let first = bytes.first, first != UInt8(ascii: "#") else { return nil }
        isNegated = first == UInt8(ascii: "!")
        if isNegated { bytes = bytes.dropFirst() }
        foldersOnly = bytes.last == UInt8(ascii: "/")
        if foldersOnly { bytes = bytes.dropLast() }
        isAnchored = bytes.contains(UInt8(ascii: "/"))
        if bytes.first == UInt8(ascii: "/") { bytes = bytes.dropFirst() }
        // An empty name between two slashes is kept: no path has one, so such a line matches nothing.
        segments = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
        if bytes.isEmpty { return nil }
    }

    /// Blanks at the end don't count, unless a backslash is before them.
    private static func withoutTrailingBlanks(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = line
        while bytes.last == 32 {
            let escapes = bytes.dropLast().reversed().prefix { $0 == UInt8(ascii: "\\") }.count
            if escapes % 2 == 1 { break }
            bytes.removeLast()
        }
        return bytes
    }

    /// Whether the line matches this path itself, not a folder above it.
    /// - Parameter path: The names from the root of the tree, not empty.
    package func matches(_ path: [[UInt8]], isFolder: Bool) -> Bool {
        if foldersOnly, !isFolder { return false }
        guard isAnchored else { return path.last.map { Glob.matches(segments[0], $0) } ?? false }
        return PathPattern.match(segments[...], path[...])
    }

    /// Whether the line matches a file or any folder above it.
    /// - Parameter file: The names from the root of the tree; all but the last are folders.
    package func covers(_ file: [[UInt8]]) -> Bool {
        file.indices.contains { matches(Array(file[...$0]), isFolder: $0 < file.count - 1) }
    }

    /// `**` stands for any number of folders, at the end for at least one name.
    private static func match(_ pattern: ArraySlice<[UInt8]>, _ path: ArraySlice<[UInt8]>) -> Bool {
        var (pattern, path) = (pattern, path)
        var retry: (pattern: ArraySlice<[UInt8]>, path: ArraySlice<[UInt8]>)?
        while true {
            if let first = pattern.first, first == anyFolders {
                pattern = pattern.dropFirst()
                if pattern.isEmpty { return !path.isEmpty }
                retry = (pattern, path)
            } else if let first = pattern.first, let name = path.first, Glob.matches(first, name) {
                (pattern, path) = (pattern.dropFirst(), path.dropFirst())
            } else if pattern.isEmpty, path.isEmpty {
                return true
            } else if let last = retry, !last.path.isEmpty {
                (pattern, path) = (last.pattern, last.path.dropFirst())
                retry = (pattern, path)
            } else {
                return false
            }
        }
    }

    private static let anyFolders = Array("**".utf8)
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

    /// A set in brackets: single bytes, ranges and classes; a backslash takes the next byte for itself.
    private static func set(_ pattern: ArraySlice<UInt8>, _ byte: UInt8) -> ArraySlice<UInt8>? {
        var rest = pattern.dropFirst()
        let isNegated = rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^")
        if isNegated { rest = rest.dropFirst() }
        var (isIn, isFirst) = (false, true)
        while let low = rest.first, isFirst || low != UInt8(ascii: "]") {
            isFirst = false
            if let found = characterClass(rest) {
                guard let contains = found.contains else { return nil }
                isIn = isIn || contains(byte)
                rest = found.rest
                continue
            }
            guard let from = member(&rest) else { return nil }
            if rest.first == UInt8(ascii: "-"), let next = rest.dropFirst().first, next != UInt8(ascii: "]") {
                rest = rest.dropFirst()
                guard let to = member(&rest) else { return nil }
                isIn = isIn || (from <= byte && byte <= to)
            } else {
                isIn = isIn || from == byte
            }
        }
        // Without an end it matches nothing, as in git.
        guard rest.first == UInt8(ascii: "]") else { return nil }
        return isIn != isNegated ? rest.dropFirst() : nil
    }

    private static func member(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
        if rest.first == UInt8(ascii: "\\") { rest = rest.dropFirst() }
        return rest.popFirst()
    }

    /// `[:upper:]` and its like, and what follows; without a test for an unknown name. Nil where there is no class.
    private static func characterClass(_ set: ArraySlice<UInt8>) -> (contains: ((UInt8) -> Bool)?, rest: ArraySlice<UInt8>)? {
        guard set.starts(with: Array("[:".utf8)) else { return nil }
        let body = set.dropFirst(2)
        guard let end = body.firstIndex(of: UInt8(ascii: "]")), end > body.startIndex, body[end - 1] == UInt8(ascii: ":") else { return nil }
        return (classes[String(decoding: body[..<(end - 1)], as: UTF8.self)], body[(end + 1)...])
    }

    private static let classes: [String: @Sendable (UInt8) -> Bool] = [
        "alpha": { isLower($0) || isUpper($0) }, "upper": isUpper, "lower": isLower, "digit": isDigit,
        "alnum": { isLower($0) || isUpper($0) || isDigit($0) }, "space": { $0 == 32 || (9...13).contains($0) }, "blank": { $0 == 32 || $0 == 9 },
        "cntrl": { $0 < 32 || $0 == 127 }, "print": { (32...126).contains($0) }, "graph": { (33...126).contains($0) },
        "punct": { (33...126).contains($0) && !isLower($0) && !isUpper($0) && !isDigit($0) },
        "xdigit": { isDigit($0) || (65...70).contains($0) || (97...102).contains($0) },
    ]

    private static func isUpper(_ byte: UInt8) -> Bool { (65...90).contains(byte) }
    private static func isLower(_ byte: UInt8) -> Bool { (97...122).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
