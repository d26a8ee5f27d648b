import Foundation
import JobKit

/// A value of JSON.
package enum PluginValue: Hashable, Sendable, Codable {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([PluginValue])
    case object([String: PluginValue])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([PluginValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: PluginValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// As an output of a run: lists, objects and null are the text of their JSON.
    var output: OutputValue {
        switch self {
        case .boolean(let value): .flag(value)
        case .integer(let value): .init(value)
        case .number(let value): .number(value)
        case .text, .null, .list, .object: .text(displayText)
        }
    }

    /// A text without quotes; null as an empty text; everything else as JSON.
    package var displayText: String {
        switch self {
        case .text(let text): text
        case .null: ""
        default: String(decoding: bytes, as: UTF8.self)
        }
    }

    /// The members of an object; nil for any other value.
    package var object: [String: PluginValue]? { if case .object(let value) = self { value } else { nil } }
    /// The elements of a list; empty for any other value.
    package var list: [PluginValue] { if case .list(let value) = self { value } else { [] } }
    /// The text; nil for any other value, numbers included.
    package var text: String? { if case .text(let value) = self { value } else { nil } }

    /// A whole number, or a fraction rounded; nil for any other value, and for what `Int` can't hold.
    package var integer: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value.rounded())
        default: nil
        }
    }

    /// JSON (RFC 8259) on one line, without a line break at its end, keys sorted. Empty where a number is infinite or not a number.
    package var bytes: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map(Array.init) ?? []
    }

    /// Decodes JSON in UTF-8; nil for anything invalid.
    package init?(_ bytes: some Sequence<UInt8>) {
        guard let value = try? JSONDecoder().decode(PluginValue.self, from: Data(bytes)) else { return nil }
        self = value
    }
}
