import Foundation
import TimeZones

/// Answers and requests as JSON.
package enum ControlJSON {
    package enum Form: Sendable {
        /// Indented, over several lines.
        case block
        /// In one line.
        case line
    }

    /// For people and their scripts: fields sorted by name.
    package static func encode(_ value: some Encodable, as form: Form = .block) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(String(decoding: UTCStamp.bytes(date), as: UTF8.self))
        }
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if form == .block { encoder.outputFormatting.insert(.prettyPrinted) }
        return (try? encoder.encode(value)).map(Array.init) ?? []
    }

    /// The same in one line, with the fields in their order: what is sent over the socket. An answer about thousands of jobs takes a third of the time.
    package static func send(_ value: some Encodable) -> [UInt8] { JSONLine.bytes(value) ?? [] }

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
