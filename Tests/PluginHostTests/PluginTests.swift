import Config
import Foundation
import JobKit
import PluginHost
import Processes
import Settings
import Synchronization
import TestSupport
import Testing

@Suite("plug-ins", .waiting, .serialized)
struct PluginTests {
    private struct Clock: WallClock {
        var now: Date { Date() }
        var uptime: Duration { .milliseconds(Int64(ProcessInfo.processInfo.systemUptime * 1000)) }
        func sleep(until instant: Date) async throws(CancellationError) {
            do { try await Task.sleep(for: .seconds(max(0.001, instant.timeIntervalSinceNow))) } catch { throw CancellationError() }
        }
    }

    private func load(_ path: String) -> PluginCatalog { PluginCatalog(folders: [PluginFolder(path, .project)], parse: PlainYAML.read) }

    private func tried(_ path: String, patience: Duration = .seconds(300)) async throws -> [JobCheck] {
        let catalog = load(path)
        #expect(catalog.problems.isEmpty, "\(catalog.problems.map(\.description))")
        let manifest = try #require(catalog.plugins.first)
        let folder = TemporaryFolder()
        try folder.write("work/.keep", "")
        let trial = PluginConformance(
            manifest, launcher: SystemProcessLauncher(clock: Clock()), clock: Clock(), folder: folder["work"],
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder.path], patience: patience)
        return await trial.run { _ in }
    }

    @Test(
        "every plug-in in the box keeps to the protocol", .limited,
        arguments: ["feishu-card", "git-push", "hexo-new-post", "openclaw-devices", "rsync-mirror", "sqlite-vacuum", "webhook"])
    func box(name: String) async throws {
        let checks = try await tried("\(SourceTree.root)/Plugins/\(name)")
        #expect(checks.filter { $0.verdict == .failed }.isEmpty, "\(checks.filter { $0.verdict == .failed })")
        #expect(checks.count >= 10)
    }

    @Test(
        "the example of every plug-in in the box is accepted, as it is and with all that it leaves out",
        arguments: ["disk-space", "feishu-card", "git-push", "hexo-new-post", "notify", "openclaw-devices", "rsync-mirror", "sqlite-vacuum", "webhook"])
    func example(name: String) throws {
        let block = try #require(load("\(SourceTree.root)/Plugins/\(name)").plugins.first).exampleBlock
        try accept(block, from: "\(SourceTree.root)/Plugins/\(name)")
    }

    private func accept(_ block: String, from folder: String, environment: [String: String] = [:]) throws {
        var (plugins, jobs) = (load(folder), JobCatalog())
        plugins.add(to: &jobs)
        let whole = block.replacing("      # ", with: "      ").replacing("    # with:", with: "    with:")
        #expect(whole == block || block.contains("# "))
        for text in [block, whole] {
            do throws(ConfigurationError) {
                let read = try ConfigurationReader(catalog: jobs, environment: environment).read("version: 1\n\(text)\n", file: "c.yaml")
                #expect(read.jobs.count == 1 && read.warnings.isEmpty, "\(read.warnings)\n\(text)")
            } catch {
                Issue.record("\(error.problems.map(\.description))\n\(text)")
            }
        }
    }

    @Test("an example is made of any schema")
    func exampleOfAny() throws {
        let folder = TemporaryFolder()
        try folder.write(
            "my-own/plugin.yaml",
            """
            protocol: 1
            name: my-own
            version: 1.0.0
            description: x
            command: [true]
            settings:
              type: object
              required: [who, level, share, on, words, group, "odd key: #", price, token]
              properties:
                who: { type: string, description: "Who: #1, \\"you\\"\\nand more" }
                level: { type: integer, minimum: 7, maximum: 9 }
                share: { type: number, maximum: 0.5 }
                on: { type: boolean }
                words: { type: array, items: { type: string, enum: [yes, "no"] } }
                group: { type: object, required: [a], properties: { a: { type: integer }, b: { type: string } } }
                "odd key: #": { type: string, examples: ["a: b # c"] }
                price: { type: string, pattern: "^[$]", examples: [5, "${PRICE} $5"] }
                token: { type: string, writeOnly: true }
                lines: { type: string, default: "one\\n  two" }
                other: { type: string, writeOnly: true }
            """)
        let manifest = try #require(load(folder["my-own"]).plugins.first)
        let block = manifest.exampleBlock
        try accept(block, from: folder["my-own"])
        #expect(block.hasPrefix("secrets: [MY_OWN_TOKEN, MY_OWN_OTHER]\njobs:\n  my-own:\n"), "\(block)")
        #expect(block.contains("\n      token: \"${MY_OWN_TOKEN}\"") && block.contains("price: \"$${PRICE} $$5\"") && block.contains("level: 7"), "\(block)")
        let settings = manifest.allSettings
        #expect(settings.map(\.key).contains("group.a") && settings.filter(\.isSecret).map(\.key) == ["token", "other"])
        #expect(settings.first { $0.key == "level" }?.form == "integer 7 to 9" && settings.first { $0.key == "words" }?.form == "list of yes, no")
        try folder.write("none/plugin.yaml", "protocol: 1\nname: none\nversion: \"1\"\ndescription: x\ncommand: [true]\n")
        try accept(try #require(load(folder["none"]).plugins.first).exampleBlock, from: folder["none"])
    }

    @Test("the one in Swift does too, once it lies beside its plugin.yaml", .limited)
    func swift() async throws {
        let folder = TemporaryFolder()
        _ = try Shell.run(
            "mkdir disk-space && cp '\(SourceTree.root)/Plugins/disk-space/plugin.yaml' '\(SourceTree.built)/disk-space' disk-space/", folder: folder.path)
        let checks = try await tried(folder["disk-space"])
        #expect(checks.filter { $0.verdict == .failed }.isEmpty, "\(checks)")
        #expect(checks.contains { $0.name == "outcome" && $0.message.contains("free at /") })
    }

    @Test("a new plug-in of any language works as it is", .limited, arguments: PluginTemplate.Language.allCases)
    func template(language: PluginTemplate.Language) async throws {
        let folder = TemporaryFolder()
        try PluginTemplate(name: "my-own", language: language).write(to: folder["my-own"])
        let checks = try await tried(folder["my-own"])
        #expect(checks.filter { $0.verdict == .failed }.isEmpty, "\(checks)")
        #expect(checks.contains { $0.message == "success: said it 3 times" })
        #expect(throws: JobError.self) { try PluginTemplate(name: "my-own", language: language).write(to: folder["my-own"]) }
        #expect(throws: JobError.self) { try PluginTemplate(name: "My Own", language: language).write(to: folder["x"]) }
    }

    /// A plug-in of a line of shell, with a secret setting, and what is wrong with it.
    struct Bad: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var line: String
        var check: String
        var words: String
    }

    private static let bads = [
        Bad(testDescription: "never ends", line: "sleep 600", check: "end", words: "had not ended"),
        Bad(testDescription: "floods its log", line: "head -c 1G /dev/zero", check: "output", words: "was ended"),
        Bad(testDescription: "floods its messages", line: "yes '{\"progress\":{\"done\":1}}' | head -c 1G >&3", check: "messages", words: " than "),
        Bad(testDescription: "an endless line", line: "head -c 200000 /dev/zero | tr '\\0' x >&3; sleep 600", check: "messages", words: "longer than"),
        Bad(testDescription: "invalid JSON", line: "echo hello >&3", check: "messages", words: "is invalid: it is not an object"),
        Bad(testDescription: "two keys", line: "echo '{\"result\":{\"summary\":\"x\"},\"output\":{}}' >&3", check: "messages", words: "is invalid"),
        Bad(
            testDescription: "a result twice", line: "for i in 1 2; do echo '{\"result\":{\"summary\":\"x\"}}' >&3; done", check: "messages",
            words: "result twice"),
        Bad(
            testDescription: "leaves a daemon", line: "setsid sleep 600 & echo '{\"result\":{\"summary\":\"x\"}}' >&3", check: "leftovers",
            words: "it left 1 process behind"),
        Bad(testDescription: "prints a secret", line: "cat; echo '{\"result\":{\"summary\":\"x\"}}' >&3", check: "secrets", words: "prints the value"),
        Bad(testDescription: "dies at start", line: "exit 3", check: "outcome", words: "without saying why"),
        Bad(testDescription: "says nothing", line: "true", check: "outcome", words: "without sending a result message"),
        Bad(
            testDescription: "fails after its result", line: "echo '{\"result\":{\"summary\":\"x\"}}' >&3; exit 1", check: "outcome",
            words: "it sent a result (x), and then exited with code 1"),
        Bad(testDescription: "ends well after an error", line: "echo '{\"error\":{\"summary\":\"no\"}}' >&3", check: "outcome", words: "as if all were well"),
        Bad(
            testDescription: "ignores SIGTERM",
            line: "trap '' TERM; cat >/dev/null; for i in 1 2 3 4 5; do sleep 1; done; echo '{\"result\":{\"summary\":\"x\"}}' >&3",
            check: "cancel", words: "ignores SIGTERM"),
        Bad(testDescription: "takes anything", line: "echo '{\"result\":{\"summary\":\"x\"}}' >&3", check: "garbage", words: "calls that a success"),
    ]

    @Test("what is wrong with a bad one is found", .limited, arguments: bads)
    func bad(bad: Bad) async throws {
        let folder = TemporaryFolder()
        try folder.write(
            "bad/plugin.yaml",
            """
            protocol: 1
            name: bad
            version: 1.0.0
            description: Something bad
            command: [sh, run]
            grace: 1s
            settings: { type: object, properties: { token: { type: string, writeOnly: true } } }
            example: { token: example-secret-value }
            """)
        try folder.write("bad/run", bad.line)
        let patience: Duration = bad.check == "end" ? .seconds(2) : .seconds(300)
        let checks = try await tried(folder["bad"], patience: patience)
        #expect(checks.contains { $0.name == bad.check && $0.verdict == .failed && $0.message.contains(bad.words) }, "\(checks)")
    }

    @Test("what a plug-in was not tried with is no success", .limited)
    func notTried() async throws {
        let folder = TemporaryFolder()
        func checks(_ line: String) async throws -> [String: JobCheck.Verdict] {
            try folder.write(
                "one/plugin.yaml",
                "protocol: 1\nname: one\nversion: \"1\"\ndescription: x\ncommand: [sh, run]\ngrace: 10s\nsettings: { type: object, required: [a], properties: { a: { type: string } } }\nexample: { a: b }\n"
            )
            try folder.write("one/run", line + "\n")
            return try await tried(folder["one"]).reduce(into: [:]) { $0[$1.name] = $1.verdict }
        }
        let all = ["unknown protocol", "garbage", "nothing", "no settings"]
        // It reads nothing, and says nothing or always the same.
        for line in ["exit 0", "exit 3", "echo '{\"error\":{\"summary\":\"no\"}}' >&3; exit 1"] {
            let checks = try await checks(line)
            for name in all + ["cancel"] { #expect(checks[name] == .skipped, "\(line): \(name)") }
        }
        // It fails with a good request, but not in the same way.
        let reads = try await checks(
            "case $(cat) in *'protocol\":1,'*'\"a\":\"b\"'*) echo '{\"error\":{\"summary\":\"no\"}}' >&3 ;; *) echo '{\"error\":{\"summary\":\"bad request\"}}' >&3 ;; esac; exit 1"
        )
        for name in all { #expect(reads[name] == .ok, "\(name)") }
        let slow = try await checks("[ \"$(cat)\" ] || exit 1; sleep 1; echo '{\"result\":{\"summary\":\"x\"}}' >&3")
        #expect(slow["cancel"] == .ok && slow["garbage"] == .failed)
    }

    @Test("settings are variables too, but for secrets and what no variable can hold", .limited)
    func variables() async throws {
        let folder = TemporaryFolder()
        try folder.write(
            "one/plugin.yaml",
            """
            protocol: 1
            name: one
            version: "1"
            description: x
            command: [sh, run]
            settings:
              type: object
              properties:
                greeting: { type: string }
                odd-key: { type: string }
                odd_key: { type: string, default: second }
                times: { type: integer, default: 3 }
                share: { type: number }
                loud: { type: boolean }
                words: { type: array, items: { type: string } }
                token: { type: string, writeOnly: true }
                tokens: { type: array, items: { type: string, writeOnly: true } }
                group: { type: object, properties: { deep: { type: string, writeOnly: true } } }
                long: { type: string }
            """)
        try folder.write("one/run", "env | grep ^SHIPKEEPER_SETTING_ | sort; printf '{\"result\":{\"summary\":\"done\"}}' >&3\n")
        try folder.write("work/.keep", "")
        let manifest = try #require(load(folder["one"]).plugins.first)
        let values: PluginValue = .object([
            "greeting": .text("a \"b\"\\ $c"), "odd-key": .text("first"), "odd_key": .text("second"), "times": .integer(3), "share": .number(0.5),
            "loud": .boolean(true), "words": .list([.text("x y"), .text("z")]), "token": .text("secret-token"), "tokens": .list([.text("secret-two")]),
            "group": .object(["deep": .text("secret-three")]), "long": .text(String(repeating: "x", count: 200_000)),
        ])
        let heard = Mutex<[PluginLine]>([])
        let trial = PluginTrial(
            manifest, settings: values, state: ["seen": "1"], launcher: SystemProcessLauncher(clock: Clock()), clock: Clock(), folder: folder["work"],
            environment: ["PATH": "/usr/bin:/bin"], onLine: { line in heard.withLock { $0.append(line) } })
        let (report, _) = try await trial.run(timeout: .seconds(300))
        let lines = heard.withLock { $0 }
        #expect(report.summary == "done")
        #expect(
            lines.filter { $0.kind == .output }.map(\.text) == [
                "SHIPKEEPER_SETTING_GREETING=a \"b\"\\ $c", "SHIPKEEPER_SETTING_LOUD=true", "SHIPKEEPER_SETTING_ODD_KEY=first",
                "SHIPKEEPER_SETTING_SHARE=0.5", "SHIPKEEPER_SETTING_TIMES=3", "SHIPKEEPER_SETTING_WORDS=[\"x y\",\"z\"]",
            ])
        // A line that was never ended is shown too, and no secret.
        #expect(lines.contains { $0.kind == .message && $0.text == "{\"result\":{\"summary\":\"done\"}}" })
        #expect(lines.first?.kind == .request && lines.first?.text.contains("\"state\":{\"seen\":\"1\"}") == true)
        #expect(lines.allSatisfy { !$0.text.contains("secret-t") } && lines.first?.text.contains("<secret>") == true)
    }

    @Test("what a schema is pasted with is a warning; what is misspelled is a mistake; the example is judged with the rest")
    func schemaWords() throws {
        let folder = TemporaryFolder()
        try folder.write(
            "one/plugin.yaml",
            "protocol: 1\nname: one\nversion: \"1\"\ndescription: x\ncommand: [true]\nexample: { a: 1, c: d }\nsettings:\n  type: object\n  properties:\n    a: { type: string, format: uri, minLength: 3 }\n    b: { type: integer, multipleOf: 2 }\n"
        )
        let one = load(folder["one"])
        #expect(one.plugins.count == 1 && one.problems.count == 4 && one.problems.allSatisfy { $0.severity == .warning }, "\(one.problems)")
        #expect(one.problems.contains { $0.place.line == 10 && $0.message.contains("\"format\" of JSON Schema is passed over") })
        #expect(one.problems.contains { $0.place.line == 6 && $0.message.contains("unknown key \"c\"") }, "\(one.problems)")
        try folder.write(
            "two/plugin.yaml", "settings: { type: object, properties: { a: { type: string, patern: x } } }\nneeds: { a: b }\ngrace: 5 apples\nkind: jb\n")
        let two = load(folder["two"])
        #expect(two.plugins.isEmpty)
        let words = two.problems.map(\.description).joined(separator: "\n")
        for key in ["protocol", "name", "version", "description", "command"] { #expect(words.contains("\"\(key)\" is missing, and is required"), "\(words)") }
        for part in ["patern", "needs", "5 apples", "\"jb\"", "write command: [./run]"] { #expect(words.contains(part), "\(part): \(words)") }
    }

    @Test("mistakes in a plugin.yaml are named with their places")
    func manifests() throws {
        let folder = TemporaryFolder()
        try folder.write(
            "one/plugin.yaml",
            """
            protocol: 2
            name: Bad Name
            version: 1
            description: x
            commnd: [x]
            settings:
              type: object
              required: [nowhere]
              properties:
                a: { type: strin }
                b: { type: string, pattern: "(" }
            """)
        let words = load(folder["one"]).problems.map { $0.description.replacing(folder.path + "/", with: "") }
        for expected in [
            "one/plugin.yaml:1:11: error: \"protocol\" is \"2\"", "one/plugin.yaml:2:7: error: \"name\" is \"Bad Name\"",
            "unknown key \"commnd\"; did you mean \"command\"?", "one/plugin.yaml:10:16: error: \"type\" is \"strin\"",
            "\"(\" is not a regular expression", "\"nowhere\" is required, and not among",
        ] {
            #expect(words.contains { $0.contains(expected) }, "\(expected) is not in \(words)")
        }
        try folder.write(
            "four/plugin.yaml",
            "protocol: 1\nname: four\nversion: 1.0.0\ndescription: x\ncommand: [true]\nsettings: { type: object, properties: { a: { type: number, minimum: nan }, b: { type: integer, minimum: 5, maximum: 3 }, c: { type: integer, maximum: 3, default: 9 } } }\n"
        )
        let four = load(folder["four"]).problems.map(\.message)
        #expect(four.count == 3 && four.contains { $0.contains("less than") } && four.contains { $0.contains("default of \"c\"") }, "\(four)")
        for name in ["two", "three"] {
            try folder.write("\(name)/plugin.yaml", "protocol: 1\nname: same\nversion: 1.0.0\ndescription: x\ncommand: [true]\n")
        }
        let both = PluginCatalog(folders: [PluginFolder(folder["two"], .project), PluginFolder(folder["three"], .project)], parse: PlainYAML.read)
        #expect(both.plugins.count == 1 && both.problems.first?.message.contains("there are two plug-ins named \"same\"") == true)
    }
}
