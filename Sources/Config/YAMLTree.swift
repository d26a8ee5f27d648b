import JobKit
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
            return (nil, [problem(of: error, start)])
        }
    }

    private func problem(of error: any Error, _ start: SourcePlace) -> Problem {
        switch error as? YamlError {
        case .scanner(_, let message, let mark, _), .parser(_, let message, let mark, _), .composer(_, let message, let mark, _):
            return Problem(at: place(mark), "not valid YAML: \(message)", hint: "look at the indentation and quotes just before")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
            return Problem(at: place(context.mark), "\(keys) stands twice in one group", hint: "keep one of them")
        default:
            return Problem(at: start, "not valid YAML: \(error)")
        }
    }

    private func place(_ mark: Mark?) -> SourcePlace {
        SourcePlace(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    /// Secrets must be known before variables are put in: one that is not set disables jobs instead of being an error.
    private func declaredSecrets(_ root: Node) -> Set<String> {
        Set(root.mapping?["secrets"]?.sequence?.compactMap { $0.scalar?.string } ?? [])
    }

    private func convert(_ node: Node, secrets: Set<String>, _ problems: inout [Problem]) -> ConfigNode {
        let place = place(node.mark)
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

    private func convert(
        _ scalar: Node.Scalar, at place: SourcePlace, _ secrets: Set<String>, _ problems: inout [Problem]
    ) -> ConfigNode {
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
