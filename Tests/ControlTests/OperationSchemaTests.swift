import Foundation
import JobKit
import TestSupport
import Testing

@testable import Control

/// What is said of operations in JSON Schema is read off the types that carry them.
@Suite("descriptions of operations")
struct OperationSchemaTests {
    @Test("each parameter is described, and nothing else is")
    func notes() {
        func names<O: ControlOperation>(_ operation: O.Type) -> (described: Set<String>, there: Set<String>, texts: [String]) {
            (Set(O.Request.notes.keys), Set(OperationSchema.parameters(operation).map(\.name)), O.Request.notes.values.map(\.about))
        }
        for operation in OperationCatalog.all {
            let (described, there, texts) = names(operation)
            #expect(described == there, "\(operation)")
            #expect(texts.allSatisfy { !$0.isEmpty && !$0.hasSuffix(".") }, "\(operation)")
        }
    }

    private struct Sample: ValueAnswer {
        enum Word: String, Codable, CaseIterable { case one, otherOne = "other one" }
        struct Part: Codable { var isThere: Bool }

        var word: Word
        var maybeWord: Word?
        var parts: [Part]
        var part: Part?
        var byName: [String: Part]
        var at: Date
        var code: Int32?
        var value: OutputValue
    }

    @Test("names, kinds, words of enums and what may be missing are those of the type")
    func types() throws {
        var schemas = TypeSchemas(prefix: "#/")
        #expect(schemas.schema(Sample.self)["$ref"]?.text?.hasSuffix("Sample") == true)
        let sample = try #require(schemas.named.first { $0.key.hasSuffix("Sample") }).value
        #expect(sample["required"] == ["at", "by_name", "parts", "value", "word"])
        #expect(sample["properties"]?["maybe_word"] == ["type": "string", "enum": ["one", "other one"]])
        #expect(sample["properties"]?["at"] == ["type": "string", "format": "date-time"])
        #expect(sample["properties"]?["code"]?["maximum"] == 2_147_483_647)
        let part = try #require(sample["properties"]?["part"]?["$ref"]?.text)
        #expect(sample["properties"]?["parts"] == ["type": "array", "items": ["$ref": .text(part)]])
        #expect(sample["properties"]?["by_name"]?["additionalProperties"] == ["$ref": .text(part)])
        #expect(schemas.named[String(part.dropFirst(2))]?["required"] == ["is_there"])
    }

    @Test("what is written has the names that the schema tells")
    func written() throws {
        let value = Sample(
            word: .otherOne, maybeWord: .one, parts: [.init(isThere: true)], part: .init(isThere: false), byName: ["aB": .init(isThere: true)],
            at: Date(timeIntervalSince1970: 0), code: 1, value: .flag(true))
        var schemas = TypeSchemas(prefix: "")
        let name = try #require(schemas.schema(Sample.self)["$ref"]?.text)
        let written = try JSONValue(parsing: ControlJSON.encode(value))
        #expect(Set(written.members?.keys ?? [:].keys) == Set(schemas.named[name]?["properties"]?.members?.keys ?? [:].keys))
    }

    @Test("the document has every operation once, and every reference in it leads somewhere")
    func document() throws {
        let document = OpenAPIDocument.document(version: "1.2.3")
        let paths = try #require(document["paths"]?.members)
        let names = paths.values.flatMap { $0.members?.values.compactMap { $0["operationId"]?.text } ?? [] }
        #expect(names.sorted() == OperationCatalog.all.map { $0.name }.sorted())
        let text = String(decoding: document.bytes, as: UTF8.self)
        let known = Set(document["components"]?["schemas"]?.members?.keys ?? [:].keys)
        let meant = Set(text.matches(of: /"#\/components\/schemas\/([^"]+)"/).map { String($0.output.1) })
        #expect(meant.isSubset(of: known) && known.count > 20)
        let lines = try #require(paths["/-/jobs/{job}"]?["get"]?["parameters"])
        guard case .list(let parameters) = lines else {
            Issue.record("no list")
            return
        }
        #expect(parameters.first { $0["name"] == "lines" }?["schema"]?["maximum"] == 1000)
        #expect(parameters.first { $0["name"] == "job" }?["in"] == "path" && parameters.first { $0["name"] == "job" }?["required"] == true)
    }
}
