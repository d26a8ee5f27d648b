import Foundation

/// Answers and requests as JSON.
package enum ControlJSON {
    /// UTC to the millisecond.
    private static var dateStyle: Date.ISO8601FormatStyle { Date.ISO8601FormatStyle(includingFractionalSeconds: true) }

    package enum Form: Sendable {
        /// Indented, over several lines.
        case block
        /// In one line.
        case line
    }

    package static func encode(_ value: some Encodable, as form: Form = .block) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            // The format cuts; half a millisecond more makes it round.
            try container.encode(date.addingTimeInterval(0.0005).formatted(ControlJSON.dateStyle))
        }
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if form == .block { encoder.outputFormatting.insert(.prettyPrinted) }
        return (try? encoder.encode(value)).map(Array.init) ?? []
    }

    package static func decode<Value: Decodable>(_ kind: Value.Type, from bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .custom { decoder in
            try Date(decoder.singleValueContainer().decode(String.self), strategy: ControlJSON.dateStyle)
        }
        return try decoder.decode(kind, from: Data(bytes))
    }
}
