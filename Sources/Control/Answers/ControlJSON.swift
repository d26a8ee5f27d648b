import Foundation
import TimeZones

/// Answers and requests as JSON.
package enum ControlJSON {
    package enum Form: Sendable {
        /// Indented, over several lines.
        case block
        /// In one line: what is sent over the socket, and items of what is followed.
        case line
    }

    /// Fields sorted by name, in snake case; instants as `UTCStamp` has them.
    package static func encode(_ value: some Encodable, as form: Form = .block) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(String(decoding: UTCStamp.bytes(date), as: UTF8.self))
        }
        encoder.outputFormatting = form == .block ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map(Array.init) ?? []
    }

    package static func decode<Value: Decodable>(_ kind: Value.Type, from bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            guard let date = UTCStamp.date(try container.decode(String.self).utf8) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an instant in UTC to the millisecond")
            }
            return date
        }
        return try decoder.decode(kind, from: Data(bytes))
    }
}
