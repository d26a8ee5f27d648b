import Foundation
import TimeZones

/// Writes a value as JSON in one line, its fields in their order: what is sent over the socket.
///
/// It says the same as `ControlJSON.encode`, in a fraction of the time: an answer about thousands of jobs has tens of thousands of fields.
enum JSONLine {
    /// Whether an answer is being sent, to a program that can tell what is left out.
    static func isWritten(by encoder: any Encoder) -> Bool { encoder is ValueEncoder }

    static func bytes(_ value: some Encodable) -> [UInt8]? {
        let text = JSONText()
        do { try text.write(value) } catch { return nil }
        text.close(to: 0)
        return text.bytes
    }
}

/// JSON that is being written.
private final class JSONText {
    private(set) var bytes: [UInt8] = []
    /// What ends the objects and arrays that are open, the innermost last.
    private var ends: [UInt8] = []
    /// Names as they are written, with quotes and colon.
    private var names: [String: [UInt8]] = [:]

    /// How many objects and arrays are open.
    var depth: Int { ends.count }

    func open(_ begin: UInt8, _ end: UInt8) {
        bytes.append(begin)
        ends.append(end)
    }

    /// Ends what is open in a container.
    func close(to depth: Int) {
        while ends.count > depth, let end = ends.popLast() { bytes.append(end) }
    }

    /// What comes next is an element of the innermost container.
    func separate() {
        // A string ends with its quote.
        if let last = bytes.last, last != UInt8(ascii: "{"), last != UInt8(ascii: "[") { bytes.append(UInt8(ascii: ",")) }
    }

    func write(name: String, isVerbatim: Bool) {
        separate()
        if !isVerbatim, let known = names[name] {
            bytes += known
            return
        }
        let start = bytes.count
        write(isVerbatim ? name : FieldName.written(name))
        bytes.append(UInt8(ascii: ":"))
        if !isVerbatim { names[name] = Array(bytes[start...]) }
    }

    func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<32: bytes += JSONText.escaped[Int(byte)]
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Characters that control a terminal.
    private static let escaped: [[UInt8]] = (0..<32).map { code in
        let short = [8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"][code]
        return Array((short ?? "\\u00" + (code < 16 ? "0" : "") + String(code, radix: 16)).utf8)
    }

    func writeNull() { bytes += "null".utf8 }

    func write<Value: Encodable>(_ value: Value) throws {
        // The usual ones first: asking for a protocol takes longer.
        if Value.self == String.self, let text = value as? String { return write(text) }
        if Value.self == Date.self, let date = value as? Date {
            bytes.append(UInt8(ascii: "\""))
            bytes += UTCStamp.bytes(date)
            bytes.append(UInt8(ascii: "\""))
            return
        }
        if let scalar = value as? any JSONScalar {
            guard let written = scalar.written else {
                throw EncodingError.invalidValue(value, .init(codingPath: [], debugDescription: "JSON has no such number"))
            }
            bytes += written.utf8
            return
        }
        let (depth, start) = (depth, bytes.count)
        try value.encode(to: ValueEncoder(text: self, isVerbatim: value is any NamesOfData))
        close(to: depth)
        if bytes.count == start { writeNull() }
    }
}

/// The names of fields.
private enum FieldName {
    /// A name of Swift as JSON has it: `runID` is `run_id`.
    static func written(_ name: String) -> String {
        let bytes = Array(name.utf8)
        let (capitals, small) = (UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"))
        var written: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            guard capitals.contains(byte) else {
                written.append(byte)
                continue
            }
            // A row of capitals is one word, but for the last of them before a small letter.
            let beginsWord = index > 0 && (!capitals.contains(bytes[index - 1]) || (index + 1 < bytes.count && small.contains(bytes[index + 1])))
            if beginsWord { written.append(UInt8(ascii: "_")) }
            written.append(byte | 0x20)
        }
        return String(decoding: written, as: UTF8.self)
    }
}

// MARK: What is written

/// A number or a truth value.
private protocol JSONScalar {
    /// Nil for what JSON can't say.
    var written: String? { get }
}

extension JSONScalar where Self: FixedWidthInteger { fileprivate var written: String? { description } }

extension Bool: JSONScalar { fileprivate var written: String? { self ? "true" : "false" } }
extension Int: JSONScalar {}
extension Int8: JSONScalar {}
extension Int16: JSONScalar {}
extension Int32: JSONScalar {}
extension Int64: JSONScalar {}
extension UInt: JSONScalar {}
extension UInt8: JSONScalar {}
extension UInt16: JSONScalar {}
extension UInt32: JSONScalar {}
extension UInt64: JSONScalar {}
extension Float: JSONScalar { fileprivate var written: String? { isFinite ? JSONLine.trimmed(description) : nil } }
extension Double: JSONScalar { fileprivate var written: String? { isFinite ? JSONLine.trimmed(description) : nil } }

extension JSONLine {
    /// Whole numbers have no fraction.
    fileprivate static func trimmed(_ number: String) -> String { number.hasSuffix(".0") ? String(number.dropLast(2)) : number }
}

/// A dictionary, whose keys are data and stay as they are.
private protocol NamesOfData {}

extension Dictionary: NamesOfData where Key == String {}

// MARK: Codable's side

private struct ValueEncoder: Encoder {
    let text: JSONText
    let isVerbatim: Bool
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        text.open(UInt8(ascii: "{"), UInt8(ascii: "}"))
        return KeyedEncodingContainer(Fields(text: text, depth: text.depth, isVerbatim: isVerbatim))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        text.open(UInt8(ascii: "["), UInt8(ascii: "]"))
        return Elements(text: text, depth: text.depth)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(text: text) }
}

private struct Fields<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let text: JSONText
    /// That of this object: what is open inside is closed when the next field begins.
    let depth: Int
    let isVerbatim: Bool
    var codingPath: [any CodingKey] { [] }

    private func begin(_ key: Key) -> ValueEncoder {
        text.close(to: depth)
        text.write(name: key.stringValue, isVerbatim: isVerbatim)
        return ValueEncoder(text: text, isVerbatim: false)
    }

    func encodeNil(forKey key: Key) {
        _ = begin(key)
        text.writeNull()
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        _ = begin(key)
        try text.write(value)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
        begin(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { begin(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { ValueEncoder(text: text, isVerbatim: false) }
    func superEncoder(forKey key: Key) -> any Encoder { begin(key) }
}

private struct Elements: UnkeyedEncodingContainer {
    let text: JSONText
    let depth: Int
    private(set) var count = 0
    var codingPath: [any CodingKey] { [] }

    init(text: JSONText, depth: Int) { (self.text, self.depth) = (text, depth) }

    private mutating func begin() -> ValueEncoder {
        text.close(to: depth)
        text.separate()
        count += 1
        return ValueEncoder(text: text, isVerbatim: false)
    }

    mutating func encodeNil() {
        _ = begin()
        text.writeNull()
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        _ = begin()
        try text.write(value)
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> { begin().container(keyedBy: type) }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { begin().unkeyedContainer() }
    mutating func superEncoder() -> any Encoder { begin() }
}

private struct Single: SingleValueEncodingContainer {
    let text: JSONText
    var codingPath: [any CodingKey] { [] }

    func encodeNil() { text.writeNull() }
    func encode<Value: Encodable>(_ value: Value) throws { try text.write(value) }
}
