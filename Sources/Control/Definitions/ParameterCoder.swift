import Foundation

/// Requests as texts by name, and back: texts, whole numbers and truth values, absent where nil. Names are in snake case.
enum ParameterCoder {
    static func encode(_ request: some Encodable) -> [String: String] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        guard let data = try? encoder.encode(request), let values = try? JSONDecoder().decode([String: Scalar].self, from: data) else { return [:] }
        return values.mapValues(\.text)
    }

    /// - Throws: `invalidParameter`.
    static func decode<Request: OperationRequest>(_ kind: Request.Type, from parameters: [String: String]) throws(OperationError) -> Request {
        for (name, note) in Request.notes.sorted(by: { $0.key < $1.key }) {
            guard let text = parameters[name], let wanted = note.complaint(text) else { continue }
            throw .invalidParameter("the parameter \"\(name)\" must be \(wanted), not \"\(text)\"")
        }
        let reading = Reading(parameters)
        let request: Request
        do { request = try Request(from: reading) } catch let error as Problem { throw .invalidParameter(error.message) } catch {
            throw .invalidParameter("\(error)")
        }
        if let unknown = parameters.keys.sorted().first(where: { !reading.asked.contains($0) }) {
            let known = reading.asked.sorted().joined(separator: ", ")
            throw .invalidParameter("there is no parameter \"\(unknown)\"" + (known.isEmpty ? "" : "; there are \(known)"))
        }
        return request
    }

    /// As one part of a path or a query.
    static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .init(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")) ?? ""
    }

    fileprivate struct Problem: Error { var message: String }

    /// A value of a parameter in JSON, as text.
    private struct Scalar: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                text = flag ? "true" : "false"
            } else if let number = try? container.decode(Int64.self) {
                text = "\(number)"
            } else {
                text = try container.decode(String.self)
            }
        }
    }

    /// Reads a struct of scalars, and remembers which it asked for.
    private final class Reading: Decoder {
        let parameters: [String: String]
        var asked: Set<String> = []
        let codingPath: [any CodingKey] = []
        let userInfo: [CodingUserInfoKey: Any] = [:]

        init(_ parameters: [String: String]) { self.parameters = parameters }

        func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> { KeyedDecodingContainer(Fields(reading: self)) }
        func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Problem(message: "lists are not supported") }
        func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Problem(message: "a request is a struct") }
    }

    private struct Fields<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let reading: Reading
        let codingPath: [any CodingKey] = []
        let allKeys: [Key] = []

        private static func name(_ key: Key) -> String {
            key.stringValue.reduce(into: "") { name, letter in name += letter.isUppercase ? "_" + letter.lowercased() : String(letter) }
        }

        private func text(_ key: Key) -> String? {
            reading.asked.insert(Self.name(key))
            return reading.parameters[Self.name(key)]
        }

        private func value<Value>(_ key: Key, _ form: String, _ read: (String) -> Value?) throws -> Value {
            guard let text = text(key) else { throw Problem(message: "the parameter \"\(Self.name(key))\" is missing") }
            guard let value = read(text) else { throw Problem(message: "the parameter \"\(Self.name(key))\" must be \(form), not \"\(text)\"") }
            return value
        }

        func contains(_ key: Key) -> Bool { text(key) != nil }
        func decodeNil(forKey key: Key) -> Bool { text(key) == nil }
        func decode(_ type: String.Type, forKey key: Key) throws -> String { try value(key, "a text") { $0 } }
        func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try value(key, "a whole number") { Int($0) } }
        func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try value(key, "a whole number") { Int64($0) } }
        func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
            try value(key, "true or false") { text in text == "true" ? true : text == "false" ? false : nil }
        }
        func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try value(key, "a number") { Double($0) } }
        func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try value(key, "a number") { Float($0) } }
        func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try value(key, "a whole number") { Int8($0) } }
        func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try value(key, "a whole number") { Int16($0) } }
        func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try value(key, "a whole number") { Int32($0) } }
        func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try value(key, "a whole number") { UInt($0) } }
        func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try value(key, "a whole number") { UInt8($0) } }
        func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try value(key, "a whole number") { UInt16($0) } }
        func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try value(key, "a whole number") { UInt32($0) } }
        func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try value(key, "a whole number") { UInt64($0) } }
        func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
            throw Problem(message: "the parameter \"\(Self.name(key))\" has a form that is not supported")
        }
        func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
            throw Problem(message: "a request is flat")
        }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw Problem(message: "a request is flat") }
        func superDecoder() throws -> any Decoder { throw Problem(message: "a request is flat") }
        func superDecoder(forKey key: Key) throws -> any Decoder { throw Problem(message: "a request is flat") }
    }
}
