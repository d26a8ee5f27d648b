import JobKit
import Settings
import Yams

/// Reads YAML into nodes with places, with variables put in.
struct YAMLTree {
    let file: String
    /// The values of variables; nil leaves the text as it is.
    let environment: [String: String]?

    struct Result {
        /// Nil where the text is not YAML.
        var root: ConfigNode?
        var problems: [Problem] = []
        /// Variables that have no value and are not secrets, where they are.
        var holes: [Hole] = []
        fileprivate var values = 0
        fileprivate var depth = 0
        /// The first limit that was passed: what was read is then not the file.
        fileprivate var beyond: Problem?
    }

    /// A value that lacks a variable.
    struct Hole {
        var place: SourcePlace
        var variable: String
        /// What the problem says to do.
        var hint: String
    }

    /// Groups and lists within each other, and values in all, that are read: aliases can make ever more of a small file.
    private static let (deepest, most) = (100, 200_000)

    func read(_ text: String) -> Result { read(text, doubled: []) }

    /// - Parameter doubled: What was found set twice so far; the text lacks all but the first of each.
    private func read(_ text: String, doubled: [Problem]) -> Result {
        let start = SourcePlace(file: file, line: 1, column: 1)
        do {
            // Without rules for what a plain word stands for: nothing here asks, and they would be tried on each key.
            guard let root = try Yams.compose(yaml: text, .basic) else {
                return Result(problems: [Problem(at: start, "the file is empty", hint: "write one with: shipkeeper init")])
            }
            var result = Result(problems: doubled)
            result.root = convert(root, secrets: declaredSecrets(root), &result)
            if let beyond = result.beyond { return Result(problems: [beyond]) }
            return result
        } catch {
            if case .duplicatedKeysInMapping(let keys, let context) = error as? YamlError, doubled.count < YAMLTree.mostDoubled,
                let key = keys.min(), let found = DoubledKey(key, line: context.mark.line, column: context.mark.column, in: text)
            {
                return read(found.remaining, doubled: doubled + [found.problem(file: file)])
            }
            return Result(problems: doubled + [problem(of: error, start, text)])
        }
    }

    /// Keys set twice that are skipped: each costs another parse.
    private static let mostDoubled = 100

    private func problem(of error: any Error, _ start: SourcePlace, _ text: String) -> Problem {
        switch error as? YamlError {
        case .scanner(let context, let message, let mark, _), .parser(let context, let message, let mark, _),
            .composer(let context, let message, let mark, _):
            // The parser's own limit is beyond ours.
            if message.contains("Maximum nesting level") { return YAMLTree.tooDeep(at: place(mark)) }
            let begun = context.map { SyntaxAdvice.Begun(what: $0.text, place: place($0.mark)) }
            return SyntaxAdvice(file: file, text: text).problem(line: mark.line, message: message, begun)
                ?? Problem(at: place(mark), "not valid YAML: \(message)", hint: "look at the indentation and quotes just before")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
            return Problem(at: place(context.mark), "\(keys) is set twice in one group", hint: "keep one of them; nothing else was checked")
        default:
            return Problem(at: start, "not valid YAML: \(error)")
        }
    }

    private func place(_ mark: Mark?) -> SourcePlace {
        SourcePlace(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    /// Secrets must be known before variables are put in: one that is not set disables jobs instead of being an error.
    private func declaredSecrets(_ root: Node) -> Set<String> {
        guard let node = root.mapping?["secrets"] else { return [] }
        return Set((node.sequence.map(Array.init) ?? [node]).compactMap { $0.scalar?.string })
    }

    private static func tooDeep(at place: SourcePlace) -> Problem {
        Problem(at: place, "more than \(deepest) groups and lists are nested here", hint: "look at the indentation and brackets")
    }

    private static func tooMany(at place: SourcePlace) -> Problem {
        Problem(at: place, "the file holds more than \(most) values, those that its aliases repeat among them", hint: "make it smaller")
    }

    private func convert(_ node: Node, secrets: Set<String>, _ result: inout Result) -> ConfigNode {
        let place = place(node.mark)
        result.values += 1
        guard result.depth < YAMLTree.deepest, result.values <= YAMLTree.most else {
            let limit = result.depth < YAMLTree.deepest ? YAMLTree.tooMany : YAMLTree.tooDeep
            result.beyond = result.beyond ?? limit(place)
            return ConfigNode(.null, at: place)
        }
        result.depth += 1
        defer { result.depth -= 1 }
        if let tag = foreignTag(of: node) {
            result.problems.append(
                Problem(at: place, "the tag \(tag) belongs to another program", hint: "write the value itself, or ${NAME} for an environment variable"))
            return ConfigNode(.null, at: place)
        }
        switch node {
        case .scalar(let scalar): return convert(scalar, at: place, secrets, &result)
        case .sequence(let sequence):
            var elements: [ConfigNode] = []
            for element in sequence where result.beyond == nil { elements.append(convert(element, secrets: secrets, &result)) }
            return ConfigNode(.sequence(elements), at: place)
        case .mapping(let mapping):
            var entries: [ConfigNode.Entry] = []
            var merged: [ConfigNode.Entry] = []
            for (key, value) in mapping where result.beyond == nil {
                let keyPlace = self.place(key.mark)
                guard let name = key.scalar?.string else {
                    result.problems.append(Problem(at: keyPlace, "a key must be a word"))
                    continue
                }
                let value = convert(value, secrets: secrets, &result)
                if name == "<<" { merged += entriesToMerge(value, &result) } else { entries.append(.init(key: name, place: keyPlace, value: value)) }
            }
            // Keys of the group itself win, then those that come first.
            for entry in merged where !entries.contains(where: { $0.key == entry.key }) { entries.append(entry) }
            return ConfigNode(.mapping(entries), at: place)
        case .alias:
            result.problems.append(Problem(at: place, "an alias to nothing"))
            return ConfigNode(.null, at: place)
        }
    }

    /// What a merge key `<<` brings: the keys of a group, or of several. See https://yaml.org/type/merge.html.
    private func entriesToMerge(_ value: ConfigNode, _ result: inout Result) -> [ConfigNode.Entry] {
        (value.elements ?? [value]).flatMap { node -> [ConfigNode.Entry] in
            if let entries = node.entries { return entries }
            result.problems.append(
                Problem(at: node.place, "\"<<\" takes a group of keys or a list of them, not \(node.kind)", hint: "write <<: *name of an anchor"))
            return []
        }
    }

    /// A tag that is not one of YAML's own, such as `!secret`; nil for none.
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
        _ scalar: Node.Scalar, at place: SourcePlace, _ secrets: Set<String>, _ result: inout Result
    ) -> ConfigNode {
        if scalar.string.utf8.contains(0) {
            result.problems.append(Problem(at: place, "the text holds a NUL, which ends it for every other program", hint: "remove it"))
            // A text all the same: as nothing it would be missing too.
            return ConfigNode(.scalar(String(String.UnicodeScalarView(scalar.string.unicodeScalars.filter { $0 != "\0" })), isPlain: false), at: place)
        }
        let isPlain = scalar.style == .plain || scalar.style == .any
        if isPlain, ["", "~", "null"].contains(scalar.string) { return ConfigNode(.null, at: place) }
        guard let environment else { return ConfigNode(.scalar(scalar.string, isPlain: isPlain), at: place) }
        let expanded = VariableText(environment: environment).expand(scalar.string)
        for text in expanded.malformed {
            result.problems.append(
                Problem(at: place, "\"\(text)\" is not a variable", hint: "write ${NAME} or ${NAME:-default}, and $$ for a dollar"))
        }
        for name in expanded.unset where !secrets.contains(name) {
            let nearest = NearestWord.find(name, in: environment.keys).map { "did you mean \($0)? Else " } ?? ""
            result.holes.append(Hole(place: place, variable: name, hint: "\(nearest)set it, or write ${\(name):-default}"))
        }
        for name in expanded.used where !secrets.contains(name) && VariableText.looksSecret(name) {
            result.problems.append(
                Problem(
                    .warning, at: place, "\(name) looks like a secret but is not declared as one",
                    hint: "add it to \"secrets\", so that it is kept out of logs and other jobs"))
        }
        // An empty variable is null: an optional variable that is not set leaves its key out.
        if isPlain, expanded.text.isEmpty, !expanded.used.contains(where: secrets.contains) { return ConfigNode(.null, at: place, written: scalar.string) }
        return ConfigNode(
            .scalar(expanded.text, isPlain: isPlain), at: place, missingSecrets: expanded.unset.filter(secrets.contains),
            written: expanded.used.isEmpty ? nil : scalar.string)
    }
}

extension VariableText {
    static func looksSecret(_ name: String) -> Bool {
        ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "ACCESS_KEY"].contains { name.uppercased().contains($0) }
    }
}
