import Settings
import Testing

/// What a group of keys reads as, right or wrong, without any YAML.
@Suite("settings reader")
struct SettingsReaderTests {
    /// Nodes by hand, each value on the line of its key.
    private struct File {
        static func place(_ line: Int, _ column: Int = 1) -> SourcePlace { SourcePlace(file: "f", line: line, column: column) }

        static func text(_ text: String, _ line: Int = 1, written: String? = nil, missing: [String] = []) -> ConfigNode {
            ConfigNode(.scalar(text, isPlain: true), at: place(line, 9), missingSecrets: missing, written: written)
        }

        static func group(_ entries: [(String, ConfigNode)]) -> ConfigNode {
            ConfigNode(.mapping(entries.map { ConfigNode.Entry(key: $0, place: place($1.place.line), value: $1) }), at: place(entries.first?.1.place.line ?? 1))
        }
    }

    private enum Mode: String, CaseIterable { case quick, thorough }

    private struct Read: Equatable {
        var name: String
        var count: Int
        var wait: Duration
        var mode: Mode
        var size: Int64
        var isOn: Bool
        var url: String?
        var path: String?
        var inner: Int?
    }

    private static func read(_ reader: inout SettingsReader) -> Read {
        let name = reader.string("name", "What it is called")
        let count = reader.integer("count", "How many", default: 3, in: 1...9)
        let wait = reader.duration("wait", "How long", default: .seconds(5), in: .seconds(1) ... .seconds(60))
        let mode = reader.choice("mode", "In which way", default: Mode.quick)
        let size = reader.size("size", "How large", default: 7)
        let isOn = reader.boolean("on", "Whether at all", default: true)
        let url = reader.url("url", "Where", isRequired: false)
        let path = reader.path("path", "In which folder", isRequired: false)
        reader.formerly("folder", "path")
        let inner = reader.section("limits", "How far") { $0.integer("depth", "Levels", default: 1, in: 0...5) }
        return Read(name: name, count: count, wait: wait, mode: mode, size: size, isOn: isOn, url: url, path: path, inner: inner)
    }

    private func reading(_ entries: [(String, ConfigNode)]) -> (Read, [Problem]) {
        var reader = SettingsReader(File.group([]))
        let known = SettingsReader.shapes { _ = SettingsReaderTests.read(&$0) }
        let result = reader.nested(File.group(entries), path: "job", known: known) { SettingsReaderTests.read(&$0) }
        return (result, reader.problems.inReadingOrder)
    }

    @Test("all mistakes are found at once, each with its own place, and what is wrong reads as its default")
    func everything() {
        let list = ConfigNode(.sequence([]), at: File.place(1, 9))
        let (result, problems) = reading([
            ("name", list), ("count", File.text("10", 2)), ("wait", File.text("2m", 3)), ("mode", File.text("qick", 4)), ("size", File.text("big", 5)),
            ("on", File.text("maybe", 6)), ("url", File.text("ftp://x", 7)), ("path", File.text("a/b", 8)), ("limits", File.text("x", 9)),
            ("zzz", File.text("", 10)),
        ])
        #expect(problems.map(\.place.line) == Array(1...10), "\(problems)")
        #expect(problems.allSatisfy { $0.severity == .error && ($0.hint != nil || $0.place.line < 3 || $0.place.line == 9) }, "\(problems)")
        #expect(problems[3].hint == "did you mean \"quick\"?")
        #expect(problems[8].message == "\"job.limits\" takes a group of keys, not \"x\"")
        let fallback = Read(name: "", count: 3, wait: .seconds(5), mode: .quick, size: 7, isOn: true, url: nil, path: nil, inner: 1)
        #expect(result == fallback)
    }

    @Test("a misspelled key is one mistake: it is read as the one that is meant, and so is what is below it")
    func misspelled() {
        let (result, problems) = reading([
            ("nmae", File.text("n", 1)), ("coutn", File.text("4", 2)), ("limit", File.group([("dpeth", File.text("9", 4))])),
        ])
        #expect(result.name == "n" && result.count == 4)
        #expect(
            problems.map(\.description) == [
                "f:1:1: error: unknown key \"nmae\" in \"job\"; did you mean \"name\"?",
                "f:2:1: error: unknown key \"coutn\" in \"job\"; did you mean \"count\"?",
                "f:4:1: error: unknown key \"limit\" in \"job\"; did you mean \"limits\"?",
                "f:4:1: error: unknown key \"dpeth\" in \"job.limits\"; did you mean \"depth\"?",
                "f:4:9: error: \"job.limits.depth\" is \"9\"; write a whole number from 0 to 5",
            ])
    }

    @Test("no value is taken from a key whose right name is there too, nor twice from two that are alike")
    func taken() {
        let (result, problems) = reading([
            ("name", File.text("right", 1)), ("nmae", File.text("wrong", 2)), ("coutn", File.text("4", 3)), ("cuont", File.text("5", 4)),
        ])
        #expect(result.name == "right" && result.count == 4)
        #expect(problems.map(\.place.line) == [2, 3, 4] && problems.allSatisfy { $0.message.hasPrefix("unknown key") }, "\(problems)")
    }

    @Test("a former name is read with a warning, and refused next to the new one")
    func former() {
        let (old, warnings) = reading([("name", File.text("n", 1)), ("folder", File.text("/data/", 2))])
        #expect(old.path == "/data" && warnings.map(\.severity) == [.warning] && warnings[0].place.line == 2, "\(warnings)")
        let (both, problems) = reading([("name", File.text("n", 1)), ("path", File.text("/new", 2)), ("folder", File.text("/old", 3))])
        #expect(both.path == "/new" && problems.map(\.severity) == [.error] && problems[0].place.line == 3, "\(problems)")
    }

    @Test("no problem shows the value of a variable", arguments: ["name", "count", "wait", "mode", "size", "on", "url", "path", "limits"])
    func secrecy(key: String) {
        for value in ["hunter2", "9h", "99999999", ""] {
            let (_, problems) = reading([("name", File.text("n")), (key, File.text(value, 2, written: "${TOKEN}"))].suffix(key == "name" ? 1 : 2))
            for problem in problems where !value.isEmpty { #expect(!problem.description.contains(value), "\(problem)") }
        }
        var reader = SettingsReader(File.group([("repository", File.text("hunter2", 2, written: "${TOKEN}"))]), resources: ["main": NamedResource(())])
        #expect(reader.resource("repository", "Which", as: String.self) == nil)
        #expect(reader.problems.count == 1 && !reader.problems[0].description.contains("hunter2"), "\(reader.problems)")
    }

    @Test("a word that no process can get is one mistake, whichever key has it")
    func longWord() {
        let long = String(repeating: "x", count: UnusableCommand.mostInOne + 1)
        let list = ConfigNode(.sequence([File.text("echo"), File.text(long)]), at: File.place(1, 5))
        for node in [("command", list), ("shell", File.text(long)), ("shell", File.text("a\0b"))] {
            var reader = SettingsReader(File.group([node]))
            _ = reader.program()
            #expect(reader.problems.count == 1, "\(reader.problems.map { $0.description.suffix(90) })")
        }
        let fits = String(repeating: "x", count: UnusableCommand.mostInOne)
        var reader = SettingsReader(File.group([("shell", File.text(fits))]))
        #expect(reader.program() == .shell(fits) && reader.problems.isEmpty)
    }

    @Test("what is asked without a file is what is asked with one: schema and decoder know the same keys")
    func shapes() {
        let described = SettingsReader.shapes { _ = SettingsReaderTests.read(&$0) }
        var reader = SettingsReader(File.group([("name", File.text("n"))]))
        _ = SettingsReaderTests.read(&reader)
        #expect(reader.shapes.map(\.key) == described.map(\.key))
        #expect(described.first { $0.key == "path" }?.formerly == "folder" && described.first { $0.key == "wait" }?.defaultText == "5s")
    }

    @Test("a secret that is not set is no mistake: the reader says which one is missing")
    func missingSecret() {
        let token = File.text("", 1, written: "${TOKEN}", missing: ["TOKEN"])
        var reader = SettingsReader(File.group([("token", token)]))
        #expect(reader.secret("token", "The token") == nil && reader.problems.isEmpty && reader.missingSecrets == ["TOKEN"])
        var plain = SettingsReader(File.group([("token", File.text("in the file"))]))
        #expect(plain.secret("token", "The token")?.revealed == "in the file")
        #expect(plain.problems.map(\.severity) == [.warning] && plain.secretValues == ["in the file"])
    }

    @Test("a variable's name is whole, and one without a value is taken away")
    func environment() {
        let null = ConfigNode(.null, at: File.place(1))
        let group = File.group([
            ("A", File.text("1")), ("B", null), ("", File.text("x")), ("C=D", File.text("x")), ("E F", File.text("x")), ("备", File.text("x")),
        ])
        var reader = SettingsReader(File.group([("env", group)]))
        #expect(reader.environment("env", "Variables") == ["A": "1", "B": nil, "备": "x"])
        #expect(reader.problems.count == 3)
    }
}
