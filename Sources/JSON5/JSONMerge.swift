/// What a change did to one place of a document.
package struct JSONChange: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Hashable, Sendable {
        case added, changed, removed
    }

    package var kind: Kind
    package var path: [String]

    /// The place and never the value: `gateway.bind`.
    package var description: String { "\(kind.rawValue) \(JSONPath.text(path))" }
}

/// Paths as people write them: `gateway.controlUi.allowedOrigins`. A dot within a name is behind a backslash.
package enum JSONPath {
    package static func text(_ path: [String]) -> String {
        path.map { $0.replacing("\\", with: "\\\\").replacing(".", with: "\\.") }.joined(separator: ".")
    }

    /// Nil for an empty path or an empty name in it.
    package static func parse(_ text: String) -> [String]? {
        var path = [""]
        var isEscaped = false
        for character in text {
            if isEscaped || (character != "." && character != "\\") {
                path[path.count - 1].append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                path.append("")
            }
        }
        return path.contains("") ? nil : path
    }
}

extension JSONDocument {
    /// Lays a merge patch over the document: objects are merged, null removes, all else takes the place of what was there.
    /// See RFC 7396.
    package mutating func merge(_ patch: JSONValue, at path: [String] = []) -> [JSONChange] {
        let present = value(at: path)
        guard case .object(let members) = patch else { return put(patch, at: path, over: present) }
        guard present?.members != nil else { return put(patch.withoutNulls, at: path, over: present) }
        var changes: [JSONChange] = []
        for member in members {
            let place = path + [member.key]
            if case .null = member.value {
                changes += take(place)
            } else {
                changes += merge(member.value, at: place)
            }
        }
        return changes
    }

    /// Takes a member away.
    package mutating func take(_ path: [String]) -> [JSONChange] {
        guard value(at: path) != nil else { return [] }
        // It may stand there more than once.
        while value(at: path) != nil { remove(path) }
        return [JSONChange(kind: .removed, path: path)]
    }

    private mutating func put(_ new: JSONValue, at path: [String], over present: JSONValue?) -> [JSONChange] {
        guard present != new else { return [] }
        set(path, to: new)
        return [JSONChange(kind: present == nil ? .added : .changed, path: path)]
    }

    /// Puts in what is not there yet: objects are filled up, all else that is there stays.
    package mutating func fill(_ value: JSONValue, at path: [String] = []) -> [JSONChange] {
        let present = self.value(at: path)
        guard let present else { return put(value.withoutNulls, at: path, over: nil) }
        guard case .object(let members) = value, present.members != nil else { return [] }
        return members.flatMap { fill($0.value, at: path + [$0.key]) }
    }

    /// Adds what is missing to a list that is a set. Where something else than a list is, nothing is changed.
    package mutating func union(_ elements: [JSONValue], at path: [String]) throws(NoList) -> [JSONChange] {
        let present = value(at: path)
        switch present {
        case nil, .null: break
        case .list: break
        default: throw NoList(path: path)
        }
        var known: [JSONValue] = if case .list(let elements) = present { elements } else { [] }
        var missing: [JSONValue] = []
        for element in elements where !known.contains(element) {
            known.append(element)
            missing.append(element)
        }
        guard !missing.isEmpty else { return [] }
        append(missing, to: path)
        return [JSONChange(kind: present == nil ? .added : .changed, path: path)]
    }

    /// Something else than a list is where one was to grow.
    package struct NoList: Error, Hashable, Sendable {
        package var path: [String]

        package init(path: [String]) { self.path = path }
    }
}
