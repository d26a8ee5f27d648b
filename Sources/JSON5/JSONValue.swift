/// A value of JSON. Members keep their order.
package indirect enum JSONValue: Sendable {
    case null
    case boolean(Bool)
    /// As it is written, in JSON or JSON5: turning it into a number might lose digits.
    case number(String)
    case text(String)
    case list([JSONValue])
    case object([(key: String, value: JSONValue)])

    /// The members of an object, also those of the same name; nil for any other value.
    package var members: [(key: String, value: JSONValue)]? { if case .object(let members) = self { members } else { nil } }

    /// The value of a member, of several with one name the last; nil where there is none, or this is not an object.
    package subscript(key: String) -> JSONValue? { members?.last { $0.key == key }?.value }

    /// Without the members of objects that are null, at any depth: what a merge patch makes of itself where there was nothing.
    /// See RFC 7396 §2.
    var withoutNulls: JSONValue {
        guard case .object(let members) = self else { return self }
        return .object(
            members.compactMap { member in
                if case .null = member.value { nil } else { (member.key, member.value.withoutNulls) }
            })
    }
}

extension JSONValue: Equatable {
    /// Equal in meaning: the order of members and the way numbers are written don't count.
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let a), .boolean(let b)): a == b
        case (.number(let a), .number(let b)): a == b || (JSONNumber.value(a) == JSONNumber.value(b) && !JSONNumber.isLong(a) && !JSONNumber.isLong(b))
        case (.text(let a), .text(let b)): a == b
        case (.list(let a), .list(let b)): a == b
        case (.object(let a), .object(let b)): lastOfEach(a) == lastOfEach(b)
        case (.null, _), (.boolean, _), (.number, _), (.text, _), (.list, _), (.object, _): false
        }
    }

    /// Of members with one name the last one counts. See RFC 8259 §4.
    private static func lastOfEach(_ members: [(key: String, value: JSONValue)]) -> [String: JSONValue] {
        Dictionary(members.map { ($0.key, $0.value) }) { _, last in last }
    }
}

/// Numbers as JSON and JSON5 write them.
enum JSONNumber {
    static func value(_ text: String) -> Double? {
        let isNegative = text.hasPrefix("-")
        let digits = text.drop { $0 == "-" || $0 == "+" }
        guard digits.lowercased().hasPrefix("0x") else { return Double((isNegative ? "-" : "") + digits) }
        return UInt64(digits.dropFirst(2), radix: 16).map { isNegative ? -Double($0) : Double($0) }
    }

    /// Whether it has more digits than a floating number distinguishes.
    static func isLong(_ text: String) -> Bool { text.count > 15 }

    /// The number as every reader of JSON understands it; nil for what JSON has no number for.
    static func plain(_ text: String) -> String? {
        if text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil { return text }
        guard let value = value(text), value.isFinite else { return nil }
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return "\(value)"
    }
}
