import Foundation
import HTTPClient
import JobKit
import Jobs
import Settings
import TestSupport
import Testing
import TimeZones

@testable import Config

/// What the pages for contributors say of the sources, and the pages for users of the configuration, is so.
@Suite("pages about the sources")
struct ArchitecturePageTests {
    private static func text(_ path: String) throws -> String { try String(contentsOfFile: SourceTree.root + "/" + path, encoding: .utf8) }

    /// What each module may import, by `Package.swift`; without C libraries and packages.
    private static func imports() throws -> [String: [String]] {
        let package = try text("Package.swift")
        var result: [String: [String]] = [:]
        for match in package.matches(of: /module\(\s*"(\w+)"(?:,\s*\[([^\]]*)\])?/) {
            result[String(match.output.1)] = (match.output.2 ?? "").matches(of: /"(\w+)"/).map { String($0.output.1) }
        }
        let program = try #require(package.firstMatch(of: /name: "CLI",\s*dependencies: \[([^\]]*)\]/))
        result["CLI"] = program.output.1.matches(of: /"(\w+)"/).map { String($0.output.1) }
        return result
    }

    @Test("the map has each module once, and a module imports only what is below it")
    func map() throws {
        let imports = try ArchitecturePageTests.imports()
        let map = try #require(try ArchitecturePageTests.text("docs/architecture.md").firstMatch(of: /(?s)```\n(.*?)```/)).output.1
        var row: [String: Int] = [:]
        for (number, line) in map.split(separator: "\n").enumerated() {
            for match in line.matches(of: /(?:^ |\s\s)([A-Z]\w+)\s\s/) {
                let module = String(match.output.1)
                #expect(row.updateValue(number, forKey: module) == nil, "\(module) is there twice")
            }
        }
        #expect(imports.count > 20 && Set(row.keys) == Set(imports.keys))
        for (module, others) in imports {
            for other in others where imports[other] != nil { #expect(row[other] ?? 0 > row[module] ?? 0, "\(module) imports \(other)") }
        }
        let folders = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root + "/Sources")
        let page = try ArchitecturePageTests.text("docs/architecture.md")
        for folder in folders where imports[folder] == nil { #expect(page.contains("`\(folder)`"), "\(folder)") }
    }

    @Test("the files and the functions that the pages name are there", arguments: ["docs/architecture.md", "CONTRIBUTING.md"])
    func names(page: String) throws {
        let text = try ArchitecturePageTests.text(page)
        for match in text.matches(of: /`((?:[A-Za-z+-]+\/)+[A-Za-z+]*(?:\.[a-z]+)?)`/) {
            let path = String(match.output.1)
            guard let first = path.first, first.isUppercase || path.hasPrefix("docs/"), !path.contains("NAME") else { continue }
            let isThere = ["", "/Sources"].contains { FileManager.default.fileExists(atPath: SourceTree.root + $0 + "/" + path) }
            #expect(isThere, "\(page): \(path)")
        }
        let sources = try Shell.run("cat $(git ls-files 'Sources/*.swift' 2>/dev/null || find Sources -name '*.swift')", folder: SourceTree.root).output
        // As in a flow: `Type.member`.
        for match in text.matches(of: /\b([A-Z][A-Za-z]+)\.([a-z][A-Za-z]+)\b/) {
            let (type, member) = (match.output.1, match.output.2)
            guard member != "swift", member != "md" else { continue }
            #expect(sources.contains("\(member)(") || sources.contains(" \(member):") || sources.contains("case \(member)"), "\(page): \(type).\(member)")
            #expect(try sources.contains(Regex("(struct|enum|class|actor|protocol) \(type)\\b")), "\(page): \(type)")
        }
    }

    @Test(
        "each key of the top and of a job, each trigger and each job type is on the page of the configuration",
        arguments: ["docs/configuration.md", "docs/configuration.zh-CN.md"])
    func keys(page: String) throws {
        let text = try ArchitecturePageTests.text(page)
        let top = SettingsReader.shapes { _ = TopLevel.read(&$0, file: "", environment: [:]) }
        let triggers = SettingsReader.shapes { _ = TriggerKeys.read(&$0, zone: .utc) }
        let types = BuiltInJobs.catalog(http: CurlClient(), now: { .now }).entries.keys
        func check(_ shapes: [SettingShape]) {
            for shape in shapes { #expect(text.contains("`\(shape.key)`"), "\(page): \(shape.key)") }
        }
        check(top)
        check(CommonJobSettings.shapes)
        if case .either(let kinds) = triggers.first?.kind, case .section(let keys) = kinds.last { check(keys) } else { Issue.record("\"on\" takes no group") }
        for type in types { #expect(text.contains("`\(type)`"), "\(page): \(type)") }
    }

    @Test("each job type is in the list of pages, in both languages")
    func jobPages() throws {
        let index = try ArchitecturePageTests.text("docs/README.md")
        for type in BuiltInJobs.catalog(http: CurlClient(), now: { .now }).entries.keys {
            for page in ["jobs/\(type).md", "jobs/\(type).zh-CN.md"] { #expect(index.contains("](\(page))"), "\(page)") }
        }
    }
}
