import Files

/// A checksum file as one of the many programs writes it that make such files.
enum ChecksumFile {
    enum Finding: Hashable, Sendable {
        /// The file is empty.
        case nothing
        /// 64 hexadecimal digits, in lower case.
        case digits(String)
        /// There is text, and no SHA-256 of the file is found in it.
        case notUnderstood
    }

    /// - Parameter name: The file that the checksum is wanted for, where several are listed.
    static func find(in bytes: [UInt8], for name: String) -> Finding {
        let lines = text(bytes).split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
        if lines.isEmpty { return .nothing }
        let found = lines.compactMap(Line.init)
        let all = Set(found.map(\.digits))
        if all.count == 1, let only = all.first { return .digits(only) }
        let named = found.filter { $0.names(name) }
        // Other sums of the same length, such as SHA3-256, may be next to it.
        for lines in [named, named.filter(\.isMarked)] {
            let digits = Set(lines.map(\.digits))
            if digits.count == 1, let only = digits.first { return .digits(only) }
        }
        return .notUnderstood
    }

    // MARK: Encodings

    /// UTF-8 with or without a mark, or UTF-16 as Windows writes it, with or without one.
    private static func text(_ bytes: [UInt8]) -> String {
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { return String(decoding: bytes.dropFirst(3), as: UTF8.self) }
        if bytes.starts(with: [0xff, 0xfe]) { return wide(bytes.dropFirst(2), low: 0) }
        if bytes.starts(with: [0xfe, 0xff]) { return wide(bytes.dropFirst(2), low: 1) }
        if bytes.count >= 4, bytes[1] == 0, bytes[3] == 0 { return wide(bytes[...], low: 0) }
        if bytes.count >= 4, bytes[0] == 0, bytes[2] == 0 { return wide(bytes[...], low: 1) }
        return String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
    }

    /// - Parameter low: Which byte of a pair is the lower one.
    private static func wide(_ bytes: ArraySlice<UInt8>, low: Int) -> String {
        let pairs = stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2)
        return String(decoding: pairs.map { UInt16(bytes[$0 + low]) | UInt16(bytes[$0 + 1 - low]) << 8 }, as: UTF16.self)
    }

    // MARK: Lines

    /// A line that holds 64 hexadecimal digits.
    private struct Line {
        let digits: String
        private let before: Substring
        private let after: Substring
        private let isEscaped: Bool

        init?(_ line: Substring) {
            if let pairs = Line.pairs(line) {
                (digits, before, after, isEscaped) = (pairs, "", "", false)
                return
            }
            var (found, rest) = (Substring?.none, line)
            while let start = rest.firstIndex(where: Line.isWord) {
                let word = rest[start...].prefix(while: Line.isWord)
                if word.utf8.count == 64, word.allSatisfy(\.isHexDigit), word.utf8.count == word.count {
                    // Two in one line: ambiguous.
                    if found != nil { return nil }
                    found = word
                }
                rest = rest[word.endIndex...]
            }
            guard let found else { return nil }
            (digits, before, after) = (found.lowercased(), line[..<found.startIndex], line[found.endIndex...])
            isEscaped = before.hasPrefix("\\")
        }

        private static func isWord(_ character: Character) -> Bool { character.isASCII && (character.isLetter || character.isNumber) }

        /// Digits in pairs with blanks between them, as certutil once wrote them.
        private static func pairs(_ line: Substring) -> String? {
            let pairs = line.split(whereSeparator: \.isWhitespace)
            guard pairs.count == 32, pairs.allSatisfy({ $0.utf8.count == 2 && $0.allSatisfy(\.isHexDigit) }) else { return nil }
            return pairs.joined().lowercased()
        }

        /// Whether the line speaks of a file of that name, in whatever folder.
        func names(_ wanted: String) -> Bool {
            [afterDigits, inBrackets, lastWord].contains { name in
                name?.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map { Array($0.utf8) == Array(wanted.utf8) } ?? false
            }
        }

        /// Whether it says which sum it is.
        var isMarked: Bool { ["SHA256", "SHA2-256", "SHA-256"].contains { before.uppercased().hasPrefix($0) } }

        /// `digits  name`, `digits *name`.
        private var afterDigits: String? {
            var name = after.drop(while: \.isWhitespace)
            if let mark = name.first, "*?^".contains(mark) { name = name.dropFirst() }
            while let last = name.last, last.isWhitespace { name = name.dropLast() }
            return name.isEmpty ? nil : isEscaped ? String(name).replacing("\\\\", with: "\\") : String(name)
        }

        /// `SHA256 (name) = digits`.
        private var inBrackets: String? {
            guard let start = before.firstIndex(of: "("), let end = before.lastIndex(of: ")"), start < end else { return nil }
            return String(before[before.index(after: start)..<end])
        }

        /// `name: digits`.
        private var lastWord: String? {
            before.split(whereSeparator: { $0.isWhitespace || $0 == ":" || $0 == "=" || $0 == "\"" }).last.map(String.init)
        }
    }
}
