/// Substitutes environment variables in text: `${NAME}`, `${NAME:-default}`, where the default may hold variables itself, and `$$` for a dollar.
struct VariableText {
    /// The variables that were found in the text.
    struct Result {
        var text = ""
        /// Variables that are used, set or not.
        var used: [String] = []
        var unset: [String] = []
        /// A `${` that is not a variable, as it is.
        var malformed: [String] = []
    }

    /// Defaults within defaults that are followed. Real files have fewer, and each level scans its text again.
    private static let deepest = 16

    let environment: [String: String]

    func expand(_ source: String) -> Result { expand(source, depth: 0) }

    private func expand(_ source: String, depth: Int) -> Result {
        var result = Result()
        var rest = source[...]
        while let dollar = rest.firstIndex(of: "$") {
            result.text += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result.text += "$"
                rest = rest.dropFirst()
            } else if rest.first == "{" {
                take(&rest, into: &result, depth)
            } else {
                result.text += "$"
            }
        }
        result.text += rest
        return result
    }

    private func take(_ rest: inout Substring, into result: inout Result, _ depth: Int) {
        guard let end = VariableText.end(of: rest) else {
            result.malformed.append("$" + rest.prefix(20))
            rest = ""
            return
        }
        let inner = rest[rest.index(after: rest.startIndex)..<end]
        let name = String(inner.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
        let tail = inner.dropFirst(name.count)
        rest = rest[rest.index(after: end)...]
        guard !name.isEmpty, tail.isEmpty || tail.hasPrefix(":-"), depth < VariableText.deepest else {
            result.malformed.append("${\(inner)}")
            return
        }
        result.used.append(name)
        let value = environment[name] ?? ""
        if !value.isEmpty {
            result.text += value
        } else if tail.isEmpty {
            result.unset.append(name)
        } else {
            let fallback = expand(String(tail.dropFirst(2)), depth: depth + 1)
            result.text += fallback.text
            result.used += fallback.used
            result.unset += fallback.unset
            result.malformed += fallback.malformed
        }
    }

    /// The brace that closes the one at the start; those of variables inside it are skipped.
    private static func end(of text: Substring) -> Substring.Index? {
        var depth = 0
        var isAfterDollar = true
        for index in text.indices {
            switch text[index] {
            case "{" where isAfterDollar: depth += 1
            case "}":
                depth -= 1
                if depth == 0 { return index }
            default: break
            }
            isAfterDollar = text[index] == "$" && !isAfterDollar
        }
        return nil
    }
}
