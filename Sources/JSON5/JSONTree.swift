/// Where the parts of a text of JSON are in it: offsets into its bytes.
struct JSONTree: Sendable {
    indirect enum Kind: Sendable {
        case scalar(JSONValue)
        case list([JSONTree])
        case object([Member])
    }

    struct Member: Sendable {
        var key: String
        var keyStart: Int
        var value: JSONTree
    }

    var kind: Kind
    /// From its first byte to the one after its last.
    var range: Range<Int>

    var value: JSONValue {
        switch kind {
        case .scalar(let value): value
        case .list(let elements): .list(elements.map(\.value))
        case .object(let members): .object(members.map { ($0.key, $0.value.value) })
        }
    }

    var members: [Member]? { if case .object(let members) = kind { members } else { nil } }
    var elements: [JSONTree]? { if case .list(let elements) = kind { elements } else { nil } }

    /// Of members with one name the last one counts.
    func member(_ key: String) -> Member? { members?.last { $0.key == key } }
}

/// What is wrong with a text that should be JSON or JSON5, and where. Lines and columns count from 1.
package struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    package var line: Int
    /// In characters, not bytes.
    package var column: Int
    package var message: String

    package var description: String { "\(line):\(column): \(message)" }
}
