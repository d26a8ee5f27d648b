import JSON5

/// One requested change of a file, as small as it is meaningful on its own.
enum MergeOperation: Sendable {
    case patch([String], JSONValue)
    case fill([String], JSONValue)
    case union([String], [JSONValue])

    var path: [String] {
        switch self {
        case .patch(let path, _), .fill(let path, _), .union(let path, _): path
        }
    }

    /// What it is made of; empty where it can't be taken apart.
    var parts: [MergeOperation] {
        switch self {
        case .patch(let path, let value): (value.members ?? []).map { .patch(path + [$0.key], $0.value) }
        case .fill(let path, let value): (value.members ?? []).map { .fill(path + [$0.key], $0.value) }
        case .union: []
        }
    }

    /// Applies it. A value that should be a list and is not stays as it is.
    func apply(to document: inout JSONDocument) -> [JSONChange] {
        switch self {
        case .patch(let path, .null): document.take(path)
        case .patch(let path, let value): document.merge(value, at: path)
        case .fill(let path, let value): document.fill(value, at: path)
        case .union(let path, let elements): (try? document.union(elements, at: path)) ?? []
        }
    }
}

extension [MergeOperation] {
    func applied(to document: JSONDocument) -> (document: JSONDocument, changes: [JSONChange]) {
        var document = document
        let changes = flatMap { $0.apply(to: &document) }
        return (document, changes)
    }
}
