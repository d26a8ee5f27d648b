/// A figure of a run for other programs: in JSON a text, a number or a boolean.
package enum OutputValue: Hashable, Sendable {
    case text(String)
    case integer(Int64)
    case number(Double)
    case flag(Bool)

    package init(_ value: Int) { self = .integer(Int64(value)) }

    /// The same with a text, or digits that hold something secret, passed through `clean`.
    func redacted(by clean: (String) -> String) -> OutputValue {
        switch self {
        case .text(let text): return .text(clean(text))
        case .integer(let value):
            let digits = "\(value)"
            let shown = clean(digits)
            return shown == digits ? self : .text(shown)
        case .number(let value):
            let digits = "\(value)"
            let shown = clean(digits)
            return shown == digits ? self : .text(shown)
        case .flag: return self
        }
    }
}

extension OutputValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .flag(value) }
}

extension OutputValue: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .flag(let value): try container.encode(value)
        }
    }
}
