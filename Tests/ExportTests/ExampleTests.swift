import Config
import Export
import Foundation
import Import
import Scheduler
import Settings
import TestSupport
import Testing

/// Each example of the repository, for each engine.
@Suite("examples as files of engines")
struct ExampleTests {
    private static let all = ExportKind.allCases.flatMap { kind in ExportedFile.examples.map { (kind, $0) } }

    @Test("each example is exported, the same way each time, and ends in one line break")
    func whole() throws {
        #expect(ExportedFile.examples.count >= 11)
        for (kind, path) in ExampleTests.all {
            let exported = try ExportedFile.example(kind, path)
            #expect(try ExportedFile.example(kind, path).text(for: kind) == exported.text(for: kind), "\(path)")
            #expect(!exported.files.isEmpty && Set(exported.files.map(\.name)).count == exported.files.count, "\(path)")
            for file in exported.files where !file.isConfiguration {
                #expect(file.text.hasPrefix("# Written by: shipkeeper export \(kind.rawValue)\n"))
                #expect(file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n"), "\(path) \(file.name)")
                #expect(!file.text.split(separator: "\n").contains { $0.hasSuffix(" ") && !$0.contains("#") }, "\(path) \(file.name)")
            }
        }
    }

    @Test("no value of a secret is in any output, and each difference has its place")
    func secrets() throws {
        for (kind, path) in ExampleTests.all {
            let exported = try ExportedFile.example(kind, path)
            let all = exported.files.map(\.text).joined() + exported.words.joined()
            for (name, value) in ExportedFile.secrets {
                #expect(!all.contains(value) && !all.contains(Data(value.utf8).base64EncodedString()), "\(name) of \(path) for \(kind)")
            }
            #expect(!all.contains("shipkeeper-secret--"), "a mark is left in \(path) for \(kind)")
            for difference in exported.differences { #expect(difference.place.file == path && difference.place.line > 0, "\(difference.problem)") }
        }
    }

    @Test("objects of Kubernetes are valid by its schemas of two versions, and pods by the level restricted", .limited)
    func schemas() throws {
        let folder = TemporaryFolder()
        for path in ExportedFile.examples {
            for namespace in [nil, "apps"] {
                let text = try path.text
                let exported = try ExportedFile.of(
                    .kubernetes, text, file: path, given: ExportedFile.variables.merging(ExportedFile.secrets) { $1 }, namespace: namespace)
                try ObjectChecks.check(exported.text(for: .kubernetes), in: folder, "\(path)")
            }
        }
    }

    @Test("systemd finds nothing wrong with the units")
    func units() throws {
        guard try Shell.run("command -v systemd-analyze").status == 0 else { return }
        let folder = TemporaryFolder()
        for path in ExportedFile.examples { try UnitChecks.check(try ExportedFile.example(.systemd, path), in: folder, path) }
    }

    @Test("our own reader of compose files reads them, and finds each service")
    func compose() throws {
        for path in ExportedFile.examples {
            let exported = try ExportedFile.example(.compose, path)
            let text = exported.file("compose.yaml")
            let source = ImportSource(path: "compose.yaml", files: [.init(path: "compose.yaml", text: text)])
            let found = ImportKind.compose.read(source, parse: PlainYAML.read)
            #expect(found.differences.filter { $0.severity == .error }.isEmpty, "\(path): \(found.differences.map(\.description))\n\(text)")
            let configuration = try ConfigurationReader(catalog: ExportedFile.catalog, environment: [:], isOffline: true).read(
                found.yaml, file: "shipkeeper.yaml")
            let services = PlainYAML.read(text, file: "").root?["services"]?.entries?.map(\.key) ?? []
            #expect(configuration.jobs.map(\.definition.name) == services && !services.isEmpty, "\(found.yaml)")
            ComposeChecks.check(text, path)
        }
    }
}

extension String {
    /// The file of this path.
    var text: String { get throws { try String(contentsOfFile: self, encoding: .utf8) } }
}
