package import Settings

/// A variable that a configuration refers to, as `${NAME}` or `${NAME:-default}`.
package struct UsedVariable: Hashable, Sendable {
    package var name: String
    /// Where the value that has it begins.
    package var place: SourcePlace
    /// The keys above it, from the top of the file; elements of a list are not counted.
    package var path: [String]

    /// All of them, in reading order; none where the text is not YAML.
    package static func all(in text: String, file: String) -> [UsedVariable] {
        PlainYAML.read(text, file: file).root.map { all(below: $0, []) } ?? []
    }

    private static func all(below node: ConfigNode, _ path: [String]) -> [UsedVariable] {
        switch node.value {
        case .null: []
        case .scalar(let text, _): VariableText(environment: [:]).expand(text).used.map { UsedVariable(name: $0, place: node.place, path: path) }
        case .sequence(let nodes): nodes.flatMap { all(below: $0, path) }
        case .mapping(let entries): entries.flatMap { all(below: $0.value, path + [$0.key]) }
        }
    }
}

extension JobPlaces {
    /// Whether the file has a value below these keys of the job.
    package func isWritten(_ keys: String...) -> Bool {
        var node = Optional(self.node)
        for key in keys { node = node?[key] }
        return node != nil
    }

    /// Every text that the job's keys hold, with variables put in.
    /// - Parameter left: Keys below `with` that are left out.
    package func texts(withoutSettings left: Set<String>) -> [String] {
        (node.entries ?? []).flatMap { entry in
            guard entry.key == "with" else { return JobPlaces.texts(of: entry.value) }
            return (entry.value.entries ?? []).filter { !left.contains($0.key) }.flatMap { JobPlaces.texts(of: $0.value) }
        }
    }

    private static func texts(of node: ConfigNode) -> [String] {
        switch node.value {
        case .null: []
        case .scalar(let text, _): [text]
        case .sequence(let nodes): nodes.flatMap(texts)
        case .mapping(let entries): entries.flatMap { texts(of: $0.value) }
        }
    }
}
