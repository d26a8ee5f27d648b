/// What is before the first line of three dashes that closes it: a post's settings.
struct FrontMatter {
    private(set) var keys: Set<String> = []
    /// What comes after it; the whole where there is none.
    let body: String

    init(_ text: String) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        // The dashes before it may be left out.
        let start = lines.first.map { $0.trimmed == "---" } == true ? 1 : 0
        let isJSON = lines.first.map { $0.trimmed.hasPrefix(";;;") } == true
        guard let end = lines[min(start, lines.count)...].firstIndex(where: { $0.trimmed == (isJSON ? ";;;" : "---") }) else {
            body = text
            return
        }
        for line in lines[start..<end] {
            guard let colon = line.firstIndex(of: ":"), line.first?.isWhitespace == false else { continue }
            keys.insert(line[..<colon].filter { !$0.isWhitespace && $0 != "\"" })
        }
        body = lines[(end + 1)...].joined(separator: "\n")
    }

    func has(_ key: String) -> Bool { keys.contains(key) }
}

/// Whether a source has nothing in it of which anything could be made.
enum EmptySource {
    /// Languages in which variables alone make nothing.
    private static let preprocessed: Set<String> = ["styl", "stylus", "scss", "sass", "less"]

    /// - Parameter ending: Of the source's name, in lower case.
    static func makesNothing(_ text: String, ending: String) -> Bool {
        switch ending {
        case "css", "js", "coffee": return withoutComments(text).allSatisfy(\.isWhitespace)
        case _ where preprocessed.contains(ending): return holdsVariablesAlone(withoutComments(text))
        case _ where ["html", "htm"].contains(ending) || HexoSources.markdown.contains(ending):
            let matter = FrontMatter(text)
            return matter.has("layout") && text.contains(/(?m)^layout:\s*false\s*$/) && matter.body.allSatisfy(\.isWhitespace)
        default: return false
        }
    }

    /// Without `/* … */` and without what follows `//`, save in an address.
    private static func withoutComments(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var kept: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let pair = (bytes[index], index + 1 < bytes.count ? bytes[index + 1] : 0)
            if pair == (UInt8(ascii: "/"), UInt8(ascii: "*")) {
                index += 2
                while index < bytes.count, !(bytes[index] == UInt8(ascii: "*") && index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "/")) {
                    index += 1
                }
                index += 2
            } else if pair == (UInt8(ascii: "/"), UInt8(ascii: "/")), kept.last != UInt8(ascii: ":") {
                while index < bytes.count, bytes[index] != 10 { index += 1 }
            } else {
                kept.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: kept, as: UTF8.self)
    }

    private static func holdsVariablesAlone(_ text: String) -> Bool {
        var depth = 0
        for line in text.split(whereSeparator: \.isNewline) where !line.trimmed.isEmpty {
            let isAssignment = line.contains(/^[$@]?[\w-]+\s*(\?=|:=|=)/) || line.contains(/^[$@][\w-]+\s*:/)
            if depth == 0, !isAssignment { return false }
            depth += line.count { "([{".contains($0) } - line.count { ")]}".contains($0) }
        }
        return true
    }
}
