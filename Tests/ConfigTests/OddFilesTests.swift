import Config
import Foundation
import HTTPClient
import JobKit
import Jobs
import Settings
import TestSupport
import Testing

@Suite("files that are no configuration", .waiting)
struct OddFilesTests {
    /// The problems of a file; nil where it is valid.
    private func problems(_ text: String) -> [Problem]? {
        let catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })
        do { _ = try ConfigurationReader(catalog: catalog, environment: [:]).read(text, file: "c.yaml") } catch { return error.problems }
        return nil
    }

    private static func repeated(_ text: String, _ times: Int) -> String { String(repeating: text, count: times) }

    @Test(
        "groups and lists within each other are told, and end nothing", .limited,
        arguments: [("[", "]", 10_000), ("{a: ", "}", 10_000), ("[", "", 10_000), ("[", "]", 500), ("{a: ", "}", 101)])
    func deep(open: String, close: String, times: Int) throws {
        let text = Self.repeated(open, times) + (open == "[" ? "" : "1") + Self.repeated(close, times)
        let found = try #require(problems("version: 1\njobs: \(text)\n"))
        #expect(found.contains { $0.message == "more than 100 groups and lists are nested here" }, "\(found)")
    }

    @Test("depth that only aliases make is depth too", .limited)
    func deepAliases() throws {
        var text = "a0: &a0 [x]\n"
        for level in 1...3000 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        let found = try #require(problems("version: 1\n" + text))
        #expect(found.contains { $0.message == "more than 100 groups and lists are nested here" })
    }

    @Test("aliases of aliases that make more than memory holds are told at once", .limited)
    func aliases() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 { text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n" }
        let found = try #require(problems("version: 1\n" + text))
        #expect(found.contains { $0.message == "the file holds more than 200000 values, those that its aliases repeat among them" })
    }

    @Test("defaults within defaults end somewhere", .limited, arguments: [17, 10_000])
    func defaults(depth: Int) throws {
        let text = Self.repeated("${A:-", depth) + "x" + Self.repeated("}", depth)
        let found = try #require(problems("version: 1\njobs: { a: { type: command, with: { shell: \"\(text)\" } } }\n"))
        #expect(found.contains { $0.message.hasSuffix("is not a variable") }, "\(found)")
        let fine = Self.repeated("${A:-", 16) + "x" + Self.repeated("}", 16)
        #expect(problems("version: 1\njobs: { a: { type: command, with: { shell: \"\(fine)\" } } }\n") == nil)
    }

    @Test("what is quoted of ten megabytes is short", .limited)
    func long() throws {
        let line = Self.repeated("the quick brown fox jumps over the lazy dog. ", 2) + "\n"
        let found = try #require(problems(Self.repeated(line, 20_000)))
        #expect(found.contains { $0.message.hasPrefix("this takes a group of keys, not \"the quick") })
        #expect(found.allSatisfy { $0.description.utf8.count < 5000 })
    }
}
