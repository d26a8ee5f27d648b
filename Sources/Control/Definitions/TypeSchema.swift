import Foundation
import JobKit

/// The JSON Schemas of types, read off how they are decoded: a decoder that hands out values of each kind that it is asked for, and notes the
/// names and kinds. Optional members are those that are asked for by `decodeIfPresent`.
struct TypeSchemas {
    /// The schemas of structs by their names, which others refer to.
    private(set) var named: [String: JSONValue] = [:]
    private let prefix: String

    /// - Parameter prefix: Of references to named schemas: `#/components/schemas/`.
    init(prefix: String) { self.prefix = prefix }

    /// The schema of a type: a reference where it is a struct.
    mutating func schema(_ type: any Decodable.Type) -> JSONValue {
        let walk = SchemaWalk(named: named, prefix: prefix)
        let schema = walk.value(type).schema
        named = walk.named
        return schema
    }

    /// The members of a struct in the order of their names.
    static func members(_ type: any Decodable.Type) -> [(name: String, schema: JSONValue, isRequired: Bool)] {
        let walk = SchemaWalk(named: [:], prefix: "")
        let reading = StructReading(walk)
        _ = try? type.init(from: reading)
        return reading.members.sorted { $0.key < $1.key }.map { ($0.key, $0.value.schema, $0.value.isRequired) }
    }

    /// A name in snake case, as `JSONEncoder` writes it.
    static func name(_ key: some CodingKey) -> String {
        key.stringValue.reduce(into: "") { name, letter in name += letter.isUppercase ? "_" + letter.lowercased() : String(letter) }
    }
}

/// A type whose members do not tell what it is.
protocol SchemaDescribed {
    static var schema: JSONValue { get }
    static var sample: Self { get }
}

extension OutputValue: SchemaDescribed {
    static let schema: JSONValue = ["type": ["string", "number", "boolean"]]
    static let sample = OutputValue.flag(true)
}

extension JSONValue: SchemaDescribed {
    static let schema: JSONValue = [:]
    static let sample = JSONValue.null
}

extension Date: SchemaDescribed {
    static let schema: JSONValue = ["type": "string", "format": "date-time"]
    static let sample = Date(timeIntervalSince1970: 0)
}

private protocol ValuesOfOneType {
    static var element: any Decodable.Type { get }
    init()
}

private protocol NamedValues: ValuesOfOneType {}
extension Dictionary: ValuesOfOneType, NamedValues where Key == String, Value: Decodable { static var element: any Decodable.Type { Value.self } }

private protocol ListOfValues: ValuesOfOneType {}
extension Array: ValuesOfOneType, ListOfValues where Element: Decodable { static var element: any Decodable.Type { Element.self } }

/// What is found below one type.
private final class SchemaWalk {
    private(set) var named: [String: JSONValue]
    private let prefix: String

    init(named: [String: JSONValue], prefix: String) { (self.named, self.prefix) = (named, prefix) }

    /// The schema of a type, and a value of it for whoever decodes it.
    func value<Value: Decodable>(_ type: Value.Type) -> (schema: JSONValue, sample: Value?) {
        if let known = type as? any SchemaDescribed.Type { return (known.schema, known.sample as? Value) }
        if let words = type as? any CaseIterable.Type, let (schema, first) = SchemaWalk.words(words) { return (schema, first as? Value) }
        if let group = type as? any NamedValues.Type {
            return (["type": "object", "additionalProperties": value(group.element).schema], group.init() as? Value)
        }
        if let list = type as? any ListOfValues.Type { return (["type": "array", "items": value(list.element).schema], list.init() as? Value) }
        if let basic = SchemaWalk.basic(type) { return (basic.schema, basic.sample as? Value) }
        let reading = StructReading(self)
        let sample = try? Value(from: reading)
        let name = SchemaWalk.name(type)
        var schema: [String: JSONValue] = ["type": "object", "properties": .object(reading.members.mapValues(\.schema))]
        let required = reading.members.filter(\.value.isRequired).keys.sorted()
        if !required.isEmpty { schema["required"] = .list(required.map { .text($0) }) }
        named[name] = .object(schema)
        return (["$ref": .text(prefix + name)], sample)
    }

    /// `StatusAnswer.Attention` as `StatusAttention`.
    private static func name(_ type: any Decodable.Type) -> String {
        String(reflecting: type).split(separator: ".").dropFirst().joined().replacing("Answer", with: "")
    }

    private static func words(_ type: any CaseIterable.Type) -> (JSONValue, Any)? {
        func cases<Value: CaseIterable>(_ type: Value.Type) -> [Any] { Array(type.allCases) }
        let all = cases(type)
        let texts = all.compactMap { ($0 as? any RawRepresentable).flatMap { $0.rawValue as? String } }
        guard let first = all.first, texts.count == all.count else { return nil }
        return (["type": "string", "enum": .list(texts.map { .text($0) })], first)
    }

    private static func basic(_ type: any Decodable.Type) -> (schema: JSONValue, sample: Any)? {
        switch type {
        case is String.Type: (["type": "string"], "")
        case is Bool.Type: (["type": "boolean"], false)
        case is Int.Type: (whole(Int64.min, .max), 0)
        case is Int64.Type: (whole(Int64.min, .max), Int64(0))
        case is Int32.Type: (whole(Int64(Int32.min), Int64(Int32.max)), Int32(0))
        case is Double.Type: (["type": "number"], 0.0)
        default: nil
        }
    }

    private static func whole(_ least: Int64, _ most: Int64) -> JSONValue {
        most == .max ? ["type": "integer", "format": "int64"] : ["type": "integer", "format": "int32", "minimum": .integer(least), "maximum": .integer(most)]
    }
}

private struct NotAStruct: Error {}

/// Reads a struct, and notes what it asks for.
private final class StructReading: Decoder {
    let walk: SchemaWalk
    var members: [String: (schema: JSONValue, isRequired: Bool)] = [:]
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    init(_ walk: SchemaWalk) { self.walk = walk }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> { KeyedDecodingContainer(StructMembers(reading: self)) }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw NotAStruct() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw NotAStruct() }
}

private struct StructMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let reading: StructReading
    let codingPath: [any CodingKey] = []
    let allKeys: [Key] = []

    private func note<Value: Decodable>(_ type: Value.Type, _ key: Key, isRequired: Bool) -> Value? {
        let (schema, sample) = reading.walk.value(type)
        reading.members[Self.written(key)] = (schema, isRequired)
        return sample
    }

    private static func written(_ key: Key) -> String { TypeSchemas.name(key) }

    private func needed<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value {
        guard let sample = note(type, key, isRequired: true) else { throw NotAStruct() }
        return sample
    }

    private func optional<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
        _ = note(type, key, isRequired: false)
        return nil
    }

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) -> Bool { false }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try needed(type, key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try needed(type, key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try needed(type, key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try needed(type, key) }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try needed(type, key) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try needed(type, key) }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try needed(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { optional(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { optional(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { optional(type, key) }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { optional(type, key) }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { optional(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { optional(type, key) }
    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? { optional(type, key) }

    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { throw NotAStruct() }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { throw NotAStruct() }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { throw NotAStruct() }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { throw NotAStruct() }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { throw NotAStruct() }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { throw NotAStruct() }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { throw NotAStruct() }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { throw NotAStruct() }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> { throw NotAStruct() }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw NotAStruct() }
    func superDecoder() throws -> any Decoder { throw NotAStruct() }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw NotAStruct() }
}
