import Foundation
import JSON5
import TestSupport
import Testing

@Suite("JSON that keeps its comments")
struct JSONDocumentTests {
    private static func merged(_ text: String, _ patch: String) throws -> (text: String, changes: [String]) {
        var document = try JSONDocument(Array(text.utf8))
        let changes = document.merge(try JSONDocument(Array(patch.utf8)).value)
        return (String(decoding: document.bytes, as: UTF8.self), changes.map(\.description))
    }

    @Test(
        "changes what is asked for and nothing else",
        arguments: [
            // A value in its place.
            ("{\n  // port\n  port: 1, // old\n  other: 'x',\n}\n", "{\"port\": 2}", "{\n  // port\n  port: 2, // old\n  other: 'x',\n}\n", ["changed port"]),
            // A new one after the last, where there is a comma at the end, and where there is none.
            ("{\n  a: 1, // one\n}\n", "{\"b\": {\"c\": true}}", "{\n  a: 1, // one\n  \"b\": {\n    \"c\": true\n  },\n}\n", ["added b"]),
            ("{\n    \"a\": 1 // one\n    // end\n}", "{\"b\": [1, \"x\"]}", "{\n    \"a\": 1, // one\n    \"b\": [1, \"x\"]\n    // end\n}", ["added b"]),
            ("{\"a\":1}", "{\"b\": {\"c\": 2}}", "{\"a\":1, \"b\": {\"c\": 2}}", ["added b"]),
            ("{}", "{\"a\": {\"b\": 1}}", "{\n  \"a\": {\n    \"b\": 1\n  }\n}", ["added a"]),
            ("{\n  // nothing yet\n}\n", "{\"a\": 1}", "{\n  // nothing yet\n  \"a\": 1\n}\n", ["added a"]),
            ("{\n\t\"a\": {}\n}", "{\"a\": {\"b\": 1}}", "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}", ["added a.b"]),
            // Away with it, with its comma and its line.
            ("{\n  a: 1,\n  b: 2, // two\n  c: 3\n}", "{\"b\": null}", "{\n  a: 1,\n  c: 3\n}", ["removed b"]),
            ("{\n  a: 1, // one\n  b: 2 // two\n}", "{\"b\": null}", "{\n  a: 1 // one\n}", ["removed b"]),
            ("{\r\n  a: 1,\r\n  b: 2\r\n}\r\n", "{\"b\": null}", "{\r\n  a: 1\r\n}\r\n", ["removed b"]),
            ("{a: 1, b: 2}", "{\"a\": null}", "{ b: 2}", ["removed a"]), ("{ a: 1, b: 2, c: 3 }", "{\"b\": null}", "{ a: 1, c: 3 }", ["removed b"]),
            ("{\n  a: { b: 1 },\n}", "{\"a\": {\"c\": {\"d\": 1}}}", "{\n  a: { b: 1, \"c\": {\"d\": 1} },\n}", ["added a.c"]),
            ("{a: 1}", "{\"a\": null, \"z\": null}", "{}", ["removed a"]),
            // What is as it should be stays as it is written.
            (
                "{n: 0x10, s: 'it\\'s', f: .5, l: [1, 2,], o: {b: 1, a: 2}}",
                "{\"n\": 16, \"s\": \"it's\", \"f\": 0.5, \"l\": [1, 2], \"o\": {\"a\": 2, \"b\": 1}}",
                "{n: 0x10, s: 'it\\'s', f: .5, l: [1, 2,], o: {b: 1, a: 2}}", []
            ),
            // Of two members with one name the last one counts.
            ("{a: 1, a: 2}", "{\"a\": 3}", "{a: 1, a: 3}", ["changed a"]),
            ("{a: 1, b: 0, a: 2}", "{\"a\": null}", "{ b: 0}", ["removed a"]),
            ("{a: 1, // x\u{2028}b: 2}", "{\"b\": 3}", "{a: 1, // x\u{2028}b: 3}", ["changed b"]),
            // A group where something else was.
            ("{a: 'x'}", "{\"a\": {\"b\": {\"c\": 1, \"d\": null}}}", "{a: {\"b\": {\"c\": 1}}}", ["changed a"]),
            ("\u{feff}{ /* { */ a: \"}\" }", "{\"a\": \"//\"}", "\u{feff}{ /* { */ a: \"//\" }", ["changed a"]),
        ])
    func edits(before: String, patch: String, after: String, changes: [String]) throws {
        let result = try JSONDocumentTests.merged(before, patch)
        #expect(result.text == after)
        #expect(result.changes == changes)
        // The second time there is nothing left to do.
        #expect(try JSONDocumentTests.merged(result.text, patch).changes == [])
    }

    @Test(
        "the examples of RFC 7396",
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#), (#"{"a":"b"}"#, #"{"a":null}"#, "{}"),
            (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#), (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
            (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#), (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
            (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#), (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#),
            (#"{"a":"foo"}"#, "null", "null"), (#"{"a":"foo"}"#, #""bar""#, #""bar""#), (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
            ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#), ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
        ])
    func standard(target: String, patch: String, result: String) throws {
        let merged = try JSONDocumentTests.merged(target, patch).text
        #expect(try JSONDocument(Array(merged.utf8)).value == JSONDocument(Array(result.utf8)).value, "\(merged)")
    }

    @Test("adds to a list what it lacks, in the way it is written")
    func union() throws {
        func united(_ text: String, _ path: [String]) throws -> String {
            var document = try JSONDocument(Array(text.utf8))
            _ = try document.union([.text("b"), .text("a"), .text("b")], at: path)
            return String(decoding: document.bytes, as: UTF8.self)
        }
        #expect(try united("{l: ['a']}", ["l"]) == "{l: ['a', \"b\"]}")
        #expect(try united("{l: [\n  'a', // first\n]}", ["l"]) == "{l: [\n  'a', // first\n  \"b\",\n]}")
        #expect(try united("{l: ['a', 'b']}", ["l"]) == "{l: ['a', 'b']}")
        #expect(try united("{\n  x: {},\n}", ["x", "y"]) == "{\n  x: {\n    \"y\": [\"b\", \"a\"]\n  },\n}")
        #expect(try united("{l: null}", ["l"]) == "{l: [\"b\", \"a\"]}")
        #expect(throws: JSONDocument.NoList(path: ["l"])) { try united("{l: 'a'}", ["l"]) }
    }

    @Test("puts in what is not there, and leaves what is")
    func fill() throws {
        var document = try JSONDocument(Array("{a: {b: 1, n: null}}".utf8))
        let changes = document.fill(try JSONDocument(Array("{a: {b: 2, n: 3, c: {d: null, e: 4}}, f: [1]}".utf8)).value)
        #expect(String(decoding: document.bytes, as: UTF8.self) == "{a: {b: 1, n: null, \"c\": {\"e\": 4}}, \"f\": [1]}")
        #expect(changes.map(\.description) == ["added a.c", "added f"])
    }

    @Test("paths with dots in their names")
    func paths() {
        #expect(JSONPath.parse("a.b\\.c.d") == ["a", "b.c", "d"])
        #expect(JSONPath.text(["a", "b.c", "d\\"]) == "a.b\\.c.d\\\\")
        #expect(JSONPath.parse("a..b") == nil && JSONPath.parse("") == nil)
    }

    @Test(
        "says what is wrong, and where",
        arguments: [
            ("{a: 1", "1:1: this { is never closed"), ("{\n  a: 1\n  b: 2\n}", "3:3: a comma or } is missing"),
            ("{a: b}", "1:5: this is not a value; text needs quotes"),
            ("{a: 'x\n'}", "1:5: this text has no end on its line"), ("{} x", "1:4: something follows the end of the value"),
            ("", "1:1: the text ends where a value should be"),
            ("{/* a", "1:2: this comment has no end"), ("[1 2]", "1:4: a comma or ] is missing"), ("{a 1}", "1:4: a : is missing after \"a\""),
            ("{1a: 1}", "1:2: a name should be here"),
            ("[01]", "1:2: this is not a value; text needs quotes"), (String(repeating: "[", count: 100_000), "1:257: more than 256 levels deep"),
            ("{a: '\\u12'}", "1:8: an escape needs 4 hexadecimal digits"), ("{a: '\\u+041'}", "1:8: an escape needs 4 hexadecimal digits"),
            ("{a: '\\x+1'}", "1:8: an escape needs 2 hexadecimal digits"), ("{a: 'é', é: }", "1:13: a value should be here"),
        ])
    func mistakes(text: String, message: String) throws {
        let error = try #require(throws: JSONSyntaxError.self) { try JSONDocument(Array(text.utf8)) }
        #expect(error.description == message)
    }

    // MARK: Against other readers

    @Test("random texts and patches: the result is what the standard says, and what another reader reads")
    func random() throws {
        for seed in 0..<400 {
            var maker = Maker(seed: UInt64(seed))
            let (value, patch) = (maker.object(depth: 3), maker.object(depth: 3, nulls: true))
            let text = maker.text(value, indent: "")
            var document = try JSONDocument(Array(text.utf8))
            try #require(document.value == value, "seed \(seed): \(text)")
            _ = document.merge(patch)
            let after = String(decoding: document.bytes, as: UTF8.self)
            try #require(document.value == Maker.merged(value, patch), "seed \(seed): \(text)\n\(after)")
            let decoder = JSONDecoder()
            decoder.allowsJSON5 = true
            let theirs = try decoder.decode(Theirs.self, from: Data(document.bytes))
            try #require(theirs.isSame(as: document.value), "seed \(seed): \(after)")
            // What stands before the first member stays, whatever becomes of that.
            let head = text.hasPrefix("{ // tail") ? "{ // tail" : "{ /* head */"
            #expect(after.hasPrefix(head), "seed \(seed): \(after)")
        }
    }
}

/// Makes values, and texts of them with whatever JSON5 allows.
private struct Maker {
    var random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func object(depth: Int, nulls: Bool = false) -> JSONValue {
        let keys = ["a", "b", "c", "key with blank", "d.e", "中"].filter { _ in random.chance(50) }
        return .object(keys.map { ($0, value(depth: depth - 1, nulls: nulls)) })
    }

    private mutating func value(depth: Int, nulls: Bool) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
        case 0: nulls ? .null : .boolean(true)
        case 1: .number(["0", "-1", "12.5", "1e3", "123456789012"].randomElement(using: &random) ?? "0")
        case 2: .text(["", "it's \"so\"", "a\\b\n\t", "中文 // no comment", "{"].randomElement(using: &random) ?? "")
        case 3: .boolean(false)
        case 4: .list((0..<Int.random(in: 0..<3, using: &random)).map { .number("\($0)") })
        default: object(depth: depth, nulls: nulls)
        }
    }

    mutating func text(_ value: JSONValue, indent: String) -> String {
        switch value {
        case .null: return "null"
        case .boolean(let value): return "\(value)"
        case .number(let text): return random.chance(30) && !text.hasPrefix("-") ? "+\(text)" : text
        case .text(let text): return quoted(text)
        case .list(let elements):
            return "[" + elements.map { text($0, indent: indent) }.joined(separator: ", ") + (random.chance(30) && !elements.isEmpty ? ",]" : "]")
        case .object(let members):
            let inner = indent + "    "
            let isOneLine = random.chance(30)
            let separator = isOneLine ? ", " : ",\n"
            let parts = members.map {
                (isOneLine ? "" : inner) + (random.chance(50) && $0.key.allSatisfy(\.isLetter) ? $0.key : quoted($0.key)) + ": " + text($0.value, indent: inner)
            }
            let trailing = random.chance(30) && !parts.isEmpty ? "," : ""
            if isOneLine { return "{ /* head */ " + parts.joined(separator: separator) + trailing + "}" }
            return "{ // tail\n" + parts.joined(separator: separator) + trailing + "\n\(indent)}"
        }
    }

    private mutating func quoted(_ text: String) -> String {
        let quote = random.chance(50) ? "'" : "\""
        let escaped = text.replacing("\\", with: "\\\\").replacing(quote, with: "\\\(quote)").replacing("\n", with: "\\n").replacing("\t", with: "\\t")
        return quote + escaped + quote
    }

    /// The pseudo-code of RFC 7396 §2.
    static func merged(_ target: JSONValue, _ patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members: [(key: String, value: JSONValue)] = target.members ?? []
        for (key, value) in changes {
            let index = members.lastIndex { $0.key == key }
            if case .null = value {
                if let index { members.remove(at: index) }
            } else if let index {
                members[index].value = merged(members[index].value, value)
            } else {
                members.append((key, merged(.null, value)))
            }
        }
        return .object(members)
    }
}

/// A value as another reader understands it.
private enum Theirs: Decodable {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case list([Theirs])
    case object([String: Theirs])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([Theirs].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: Theirs].self))
        }
    }

    func isSame(as ours: JSONValue) -> Bool {
        switch (self, ours) {
        case (.null, .null): true
        case (.boolean(let a), .boolean(let b)): a == b
        case (.number(let a), .number(let b)): a == Double(b)
        case (.text(let a), .text(let b)): a == b
        case (.list(let a), .list(let b)): a.count == b.count && zip(a, b).allSatisfy { $0.isSame(as: $1) }
        case (.object(let a), .object(let b)): a.count == b.count && b.allSatisfy { key, value in a[key]?.isSame(as: value) ?? false }
        default: false
        }
    }
}
