/// What a change did at one path of a document.
package struct JSONChange: Hashable, Sendable, CustomStringConvertible {
    /// The raw values are part of messages.
    package enum Kind: String, Hashable, Sendable {
        case added, changed, removed
    }

    package var kind: Kind
    /// Names of members from the root; empty for the whole document.
    package var path: [String]

    /// The path and never the value, which may be a secret: `changed gateway.bind`.
    package var description: String { "\(kind.rawValue) \(JSONPath.text(path))" }
}

/// Paths as text: `gateway.controlUi.allowedOrigins`. A dot or a backslash within a name is escaped by a backslash.
package enum JSONPath {
    /// The text of a path, which `parse` reads back.
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
    /// Applies a merge patch to the document: objects are merged, null removes, everything else replaces what was there.
    /// See RFC 7396.
    /// - Returns: What has changed, in the patch's order; values that were equal already are not in it.
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

    /// Removes a member, each time it occurs. A missing one is not a change.
    package mutating func take(_ path: [String]) -> [JSONChange] {
        guard value(at: path) != nil else { return [] }
        // It may be there more than once.
        while value(at: path) != nil { remove(path) }
        return [JSONChange(kind: .removed, path: path)]
    }

    private mutating func put(_ new: JSONValue, at path: [String], over present: JSONValue?) -> [JSONChange] {
        guard present != new else { return [] }
        set(path, to: new)
        return [JSONChange(kind: present == nil ? .added : .changed, path: path)]
    }

    /// Adds what is missing: members of objects are added at any depth, and everything that exists stays, null included.
    package mutating func fill(_ value: JSONValue, at path: [String] = []) -> [JSONChange] {
        let present = self.value(at: path)
        guard let present else { return put(value.withoutNulls, at: path, over: nil) }
        guard case .object(let members) = value, present.members != nil else { return [] }
        return members.flatMap { fill($0.value, at: path + [$0.key]) }
    }

    /// Adds missing elements to the end of a list, which is taken for a set; a missing list or a null becomes one.
    /// - Throws: Where there is something other than a list, which stays as it is.
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

    /// There is something other than a list at this path.
    package struct NoList: Error, Hashable, Sendable {
        package var path: [String]

        package init(path: [String]) { self.path = path }
    }
}
