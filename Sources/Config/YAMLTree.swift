import JobKit
import Settings
import Yams

/// Reads YAML into nodes with places, with variables put in.
struct YAMLTree {
    let file: String
    /// What variables are put in from; nil leaves the text as it stands.
    let environment: [String: String]?

    /// The root node, and everything wrong so far. Without a root there was no reading on.
    func read(_ text: String) -> (root: ConfigNode?, problems: [Problem]) {
        let start = SourcePlace(file: file, line: 1, column: 1)
        do {
            guard let root = try Yams.compose(yaml: text) else {
                return (nil, [Problem(at: start, "the file is empty", hint: "\"shipkeeper init\" or the examples show what goes in")])
            }
            var problems: [Problem] = []
            let secrets = declaredSecrets(root)
            let node = convert(root, secrets: secrets, &problems)
            return (node, problems)
        } catch {
            return (nil, [problem(of: error, start, text)])
        }
    }

    private func problem(of error: any Error, _ start: SourcePlace, _ text: String) -> Problem {
        switch error as? YamlError {
        case .scanner(_, let message, let mark, _), .parser(_, let message, let mark, _), .composer(_, let message, let mark, _):
            if let unquoted = unquoted(mark, text) { return unquoted }
            return Problem(at: place(mark), "not valid YAML: \(message)", hint: "look at the indentation and quotes just before")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
            return Problem(at: place(context.mark), "\(keys) stands twice in one group", hint: "keep one of them")
        default:
            return Problem(at: start, "not valid YAML: \(error)")
        }
    }

    /// A cron expression or its like without quotes: `*`, `@` and `%` begin something else in YAML.
    private func unquoted(_ mark: Mark, _ text: String) -> Problem? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for number in [mark.line, mark.line - 1] where lines.indices.contains(number - 1) {
            let line = lines[number - 1]
            let found = line.firstMatch(of: /(?:^|[:\[,\-{])\s+([*@%][^"',}\]#]*)/) ?? line.firstMatch(of: /\[([*@%][^"',}\]#]*)/)
            guard let value = found?.output.1, let first = value.first else { continue }
            let bare = String(value.reversed().drop(while: \.isWhitespace).reversed())
            return Problem(
                at: SourcePlace(file: file, line: number, column: line.distance(from: line.startIndex, to: value.startIndex) + 1),
                "a value that begins with \(first) needs quotes", hint: "put it in quotes: \"\(bare)\"")
        }
        return nil
    }

    private func place(_ mark: Mark?) -> SourcePlace {
        SourcePlace(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    /// Secrets must be known before variables are put in: one that is not set disables jobs instead of being an error.
    private func declaredSecrets(_ root: Node) -> Set<String> {
        guard let node = root.mapping?["secrets"] else { return [] }
        return Set((node.sequence.map(Array.init) ?? [node]).compactMap { $0.scalar?.string })
    }

    private func convert(_ node: Node, secrets: Set<String>, _ problems: inout [Problem]) -> ConfigNode {
        let place = place(node.mark)
        if let tag = foreignTag(of: node) {
            problems.append(
                Problem(at: place, "the tag \(tag) belongs to another program", hint: "write the value itself, or ${NAME} for an environment variable"))
            return ConfigNode(.null, at: place)
        }
        switch node {
        case .scalar(let scalar): return convert(scalar, at: place, secrets, &problems)
        case .sequence(let sequence):
            return ConfigNode(.sequence(sequence.map { convert($0, secrets: secrets, &problems) }), at: place)
        case .mapping(let mapping):
            var entries: [ConfigNode.Entry] = []
            for (key, value) in mapping {
                let keyPlace = self.place(key.mark)
                guard let name = key.scalar?.string else {
                    problems.append(Problem(at: keyPlace, "a key must be a word"))
                    continue
                }
                entries.append(.init(key: name, place: keyPlace, value: convert(value, secrets: secrets, &problems)))
            }
            return ConfigNode(.mapping(entries), at: place)
        case .alias:
            problems.append(Problem(at: place, "an alias to nothing"))
            return ConfigNode(.null, at: place)
        }
    }

    /// A tag that YAML itself does not know, such as `!secret`; nil for none.
    private func foreignTag(of node: Node) -> String? {
        let tag =
            switch node {
            case .scalar(let scalar): scalar.tag.rawValue
            case .mapping(let mapping): mapping.tag.rawValue
            case .sequence(let sequence): sequence.tag.rawValue
            case .alias: ""
            }
        return tag.hasPrefix("!") && tag != "!" ? tag : nil
    }

    private func convert(
        _ scalar: Node.Scalar, at place: SourcePlace, _ secrets: Set<String>, _ problems: inout [Problem]
    ) -> ConfigNode {
        if scalar.string.utf8.contains(0) {
            problems.append(Problem(at: place, "the text holds a NUL, which ends it for every other program", hint: "remove it"))
            return ConfigNode(.null, at: place)
        }
        let isPlain = scalar.style == .plain || scalar.style == .any
        if isPlain, ["", "~", "null"].contains(scalar.string) { return ConfigNode(.null, at: place) }
        guard let environment else { return ConfigNode(.scalar(scalar.string, isPlain: isPlain), at: place) }
        let result = VariableText(environment: environment).expand(scalar.string)
        for text in result.malformed {
            problems.append(
                Problem(at: place, "\"\(text)\" is no variable", hint: "write ${NAME} or ${NAME:-default}, and $$ for a dollar"))
        }
        for name in result.unset where !secrets.contains(name) {
            let nearest = NearestWord.find(name, in: environment.keys).map { "did you mean \($0)? Else " } ?? ""
            problems.append(
                Problem(
                    at: place, "the environment variable \(name) is not set",
                    hint: "\(nearest)set it, or write ${\(name):-default}"))
        }
        for name in result.used where !secrets.contains(name) && VariableText.looksSecret(name) {
            problems.append(
                Problem(
                    .warning, at: place, "\(name) looks like a secret but is not declared as one",
                    hint: "add it to \"secrets\", so that it is kept out of logs and other jobs"))
        }
        // What stands for nothing is nothing: an optional variable that is not set leaves its key out.
        if isPlain, result.text.isEmpty, !result.used.contains(where: secrets.contains) { return ConfigNode(.null, at: place, written: scalar.string) }
        return ConfigNode(
            .scalar(result.text, isPlain: isPlain), at: place, missingSecrets: result.unset.filter(secrets.contains),
            written: result.used.isEmpty ? nil : scalar.string)
    }
}

extension VariableText {
    static func looksSecret(_ name: String) -> Bool {
        ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "ACCESS_KEY"].contains { name.uppercased().contains($0) }
    }
}
