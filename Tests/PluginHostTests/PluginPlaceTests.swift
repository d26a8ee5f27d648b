import Config
import Files
import Foundation
import PluginHost
import Settings
import TestSupport
import Testing

@Suite("where plug-ins are found")
struct PluginPlaceTests {
    @Test("next to the program's folder, or in the repository it was built in")
    func shipped() {
        func found(_ program: String, _ there: String...) -> String? { ShippedPlugins.folder(of: program) { there.contains($0) } }
        let installed = "/usr/local/share/shipkeeper/plugins"
        let repository = ["/src/Package.swift", "/src/Sources/PluginHost", "/src/Plugins"]
        #expect(found("/usr/local/bin/shipkeeper", installed) == installed)
        #expect(found("/usr/local/bin/shipkeeper") == nil)
        #expect(found("/bin/shipkeeper", "/share/shipkeeper/plugins") == "/share/shipkeeper/plugins")
        for program in ["/src/.build/shipkeeper", "/src/.build/debug/shipkeeper", "/src/.build/x86_64-unknown-linux-gnu/release/shipkeeper"] {
            #expect(ShippedPlugins.folder(of: program) { repository.contains($0) } == "/src/Plugins")
            #expect(ShippedPlugins.folder(of: program) { repository.dropFirst().contains($0) } == nil, "any project has a .build and may have Plugins")
        }
        for program in ["shipkeeper", "/shipkeeper", "", "/proc/self/exe (deleted)"] { #expect(found(program, "/Plugins") == nil) }
    }

    @Test("what others may write to is not trusted")
    func trust() throws {
        let folder = TemporaryFolder()
        try folder.write("a", "")
        var status = try Folder.open(folder.path).status("a")
        func flaw(_ owner: UInt32, _ group: UInt32, _ mode: UInt32) -> PlaceTrust.Flaw? {
            (status.owner, status.group, status.mode) = (owner, group, mode)
            return PlaceTrust.flaw(status, user: 1000)
        }
        #expect(flaw(0, 0, 0o755) == nil && flaw(1000, 1000, 0o700) == nil && flaw(0, 5, 0o644) == nil)
        #expect(flaw(1001, 1001, 0o755) == .owner(1001))
        #expect(flaw(0, 5, 0o775) == .groupWrites(5) && flaw(1000, 100, 0o664) == .groupWrites(100))
        #expect(flaw(1000, 1000, 0o775) == nil, "a group of one's own")
        #expect(flaw(0, 0, 0o777) == .everybodyWrites && flaw(1000, 1000, 0o1777) == .everybodyWrites)
    }

    private func write(_ name: String, version: String = "1", to folder: TemporaryFolder, _ place: String) throws {
        try folder.write("\(place)/\(name)/plugin.yaml", "protocol: 1\nname: \(name)\nversion: \"\(version)\"\ndescription: x\ncommand: [./run]\n")
        try folder.write("\(place)/\(name)/run", "#!/bin/sh\n")
        try folder.run("chmod 755 '\(folder.path)/\(place)' '\(folder.path)/\(place)/\(name)'; chmod 644 '\(folder.path)/\(place)/\(name)'/*")
    }

    @Test("one's own wins over a shipped one, also when it is broken")
    func order() throws {
        let folder = TemporaryFolder()
        for name in ["one", "two", "three"] { try write(name, version: "shipped", to: folder, "share/plugins") }
        try write("one", version: "own", to: folder, "Plugins")
        try folder.write("Plugins/two/plugin.yaml", "protocol: 1\nname: two\n")
        try folder.run("chmod 755 '\(folder["share"])'")
        let places = [PluginFolder(folder["Plugins"], .project), PluginFolder(folder["share/plugins"], .shipped)]
        let catalog = PluginCatalog(folders: places, parse: PlainYAML.read)
        #expect(catalog.plugins.map { "\($0.name) \($0.version) \($0.origin.code)" } == ["one own project", "three shipped shipped"])
        #expect(!catalog.problems.isEmpty && catalog.problems.allSatisfy { $0.place.file.hasSuffix("Plugins/two/plugin.yaml") }, "\(catalog.problems)")
        // The same folder named a second time, by another path.
        try folder.run("ln -s share '\(folder["link"])'")
        let named = PluginFolder(folder["link/plugins"], .named(SourcePlace(file: "c.yaml", line: 7, column: 3)))
        let both = PluginCatalog(folders: [named, places[1]], parse: PlainYAML.read)
        #expect(both.problems.isEmpty && both.plugins.map(\.origin.words) == Array(repeating: "plugins: (line 7)", count: 3))
    }

    @Test("a shipped one that others may write to is reported and not used; one that was named is used")
    func refused() throws {
        let folder = TemporaryFolder()
        for name in ["one", "two"] { try write(name, to: folder, "share/plugins") }
        try folder.run("chmod 755 '\(folder["share"])'")
        func look(_ origin: PluginFolder.Origin = .shipped) -> PluginCatalog {
            PluginCatalog(folders: [PluginFolder(folder["share/plugins"], origin)], parse: PlainYAML.read)
        }
        for (path, refused) in [("share/plugins/one", "one"), ("share/plugins/one/run", "one"), ("share/plugins", "one two"), ("share", "one two")] {
            try folder.run("chmod o+w '\(folder[path])'")
            let catalog = look()
            let left = ["one", "two"].filter { !refused.contains($0) }
            #expect(catalog.plugins.map(\.name) == left, "\(path)")
            #expect(catalog.problems.count == 1 && catalog.problems[0].severity == .warning, "\(catalog.problems)")
            #expect(catalog.problems.first?.message.contains("not used: \(folder[path]) can be written by everybody") == true, "\(catalog.problems)")
            #expect(look(.variable).plugins.count == 2)
            try folder.run("chmod o-w '\(folder[path])'")
        }
        #expect(look().plugins.count == 2)
    }

    @Test("one with anything further down that others may write to is not used either", arguments: ["lib", "lib/deep", "lib/deep/code.py", "lib/other.py"])
    func refusedBelow(place: String) throws {
        let folder = TemporaryFolder()
        for name in ["one", "two"] { try write(name, to: folder, "share/plugins") }
        for name in ["lib/deep/code.py", "lib/other.py"] { try folder.write("share/plugins/one/\(name)", "") }
        // A link says nothing about what it leads to, and is not followed: a circle has no end.
        try folder.run("chmod -R go-w share; ln -s .. share/plugins/one/lib/deep/circle; ln -s nowhere share/plugins/one/lib/dangling")
        func look() -> PluginCatalog { PluginCatalog(folders: [PluginFolder(folder["share/plugins"], .shipped)], parse: PlainYAML.read) }
        #expect(look().plugins.count == 2 && look().problems.isEmpty, "\(look().problems)")
        try folder.run("chmod o+w 'share/plugins/one/\(place)'")
        #expect(look().plugins.map(\.name) == ["two"])
        let message = look().problems.first?.message ?? ""
        #expect(message.contains("not used: \(folder["share/plugins/one"])/\(place) can be written by everybody"), "\(message)")
    }

    @Test("of those that come with the program the ones that are asked for are read; all others always")
    func needed() throws {
        let folder = TemporaryFolder()
        for name in ["one", "two"] { try folder.write("plugins/\(name)/plugin.yaml", "name: [\n") }
        func broken(_ origin: PluginFolder.Origin) -> [String] {
            PluginCatalog(folders: [PluginFolder(folder["plugins"], origin)], isNeeded: { $0 == "two" }, parse: PlainYAML.read).problems.map(\.place.file)
        }
        let (one, two) = (folder["plugins/one/plugin.yaml"], folder["plugins/two/plugin.yaml"])
        #expect(Set(broken(.shipped)) == [two])
        for origin in [PluginFolder.Origin.project, .variable] { #expect(Set(broken(origin)) == [one, two]) }
    }
}
