/// Puts environment variables into text: `${NAME}`, `${NAME:-default}`, and `$$` for a dollar.
struct VariableText {
    /// What was found besides plain text.
    struct Result {
        var text = ""
        /// Variables that are used, set or not.
        var used: [String] = []
        var unset: [String] = []
        /// A `${` that is no variable, as it stands.
        var malformed: [String] = []
    }

    let environment: [String: String]

    func expand(_ source: String) -> Result {
        var result = Result()
        var rest = source[...]
        while let dollar = rest.firstIndex(of: "$") {
            result.text += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result.text += "$"
                rest = rest.dropFirst()
            } else if rest.first == "{" {
                take(&rest, into: &result)
            } else {
                result.text += "$"
            }
        }
        result.text += rest
        return result
    }

    private func take(_ rest: inout Substring, into result: inout Result) {
        guard let end = rest.firstIndex(of: "}") else {
            result.malformed.append("$" + rest.prefix(20))
            rest = ""
            return
        }
        let inner = rest[rest.index(after: rest.startIndex)..<end]
        let name = String(inner.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
        let tail = inner.dropFirst(name.count)
        rest = rest[rest.index(after: end)...]
        guard !name.isEmpty, tail.isEmpty || tail.hasPrefix(":-") else {
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
            result.text += tail.dropFirst(2)
        }
    }
}
