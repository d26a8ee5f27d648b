import Config
import Foundation
import HTTPClient
import JobKit
import Jobs
import Scheduler
import Settings
import TestSupport
import Testing

/// What people are told about the mistakes they make most.
@Suite("mistakes in a configuration")
struct MistakeTests {
    private static let catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })

    private func problems(_ text: String, environment: [String: String] = [:], isOffline: Bool = false) -> [String] {
        let reader = ConfigurationReader(catalog: MistakeTests.catalog, environment: environment, isOffline: isOffline)
        do throws(ConfigurationError) {
            return try reader.read(text, file: "c.yaml").warnings.map(\.description)
        } catch {
            return error.problems.map(\.description)
        }
    }

    private func ofJob(_ lines: String, environment: [String: String] = [:]) -> [String] {
        problems("version: 1\njobs:\n  a:\n    type: command\n\(lines)\n", environment: environment)
    }

    @Test(
        "what is not YAML is explained on the line where it goes wrong",
        arguments: [
            ("\twith: { shell: x }", "5:1", "a tab is used for indentation; YAML wants spaces: replace each tab with two"),
            ("    env: { A: ${X} }\n    with: { shell: x }", "5:15", "a variable inside { } or [ ] needs quotes; write \"${X}\""),
            ("    env: { A: x-${X:-y} }", "5:15", "a variable inside { } or [ ] needs quotes; write \"x-${X:-y}\""),
            ("    with:\n      shell: \"echo \"hi\"\"", "6:14", "the quotes end before the value does; put single quotes around it: 'echo \"hi\"'"),
            ("    with:\n      shell: echo: hi", "6:14", "a value with \": \" in it needs quotes; put it in quotes: \"echo: hi\""),
            ("    on: { cron: */5 * * * * }", "5:17", "a value that begins with * needs quotes; put it in quotes: \"*/5 * * * *\""),
        ])
    func syntax(lines: String, place: String, message: String) {
        #expect(ofJob(lines) == ["c.yaml:\(place): error: \(message)"])
    }

    @Test(
        "what Linux takes no word of is one mistake",
        arguments: [
            ("with: { command: [sh, -c, WORD] }", "5:31"), ("with: { shell: WORD }", "5:20"), ("with: { command: [[x], WORD] }", "5:28"),
            ("with: { shell: \"a\\0b\" }", "5:20"), ("with: { command: [\"a\\0b\"] }", "5:23"),
        ])
    func word(line: String, place: String) {
        for (length, isFine) in [(131_071, true), (131_072, false), (200_000, false)] {
            let found = ofJob("    " + line.replacing("WORD", with: String(repeating: "x", count: length))).filter {
                !$0.contains("[x]") && !$0.contains("a list")
            }
            #expect(found.count == (isFine && line.contains("WORD") ? 0 : 1) && found.allSatisfy { $0.hasPrefix("c.yaml:\(place): error: ") }, "\(found)")
        }
    }

    @Test("a misspelled key is one mistake, and what stands below it is read")
    func misspelled() {
        let text = """
            version: 1
            jobs:
              web:
                typ: service
                with:
                  comand: [python3]
                  ready: { htp: "http://127.0.0.1:1/", every: 0s }
              nightly:
                type: command
                on: { evry: 30x }
                with: { shel: x }
            """
        #expect(
            problems(text).map { $0.replacing("c.yaml:", with: "") } == [
                "4:5: error: unknown key \"typ\" in \"web\"; did you mean \"type\"?",
                "6:7: error: unknown key \"comand\" in \"web.with\"; did you mean \"command\"?",
                "7:16: error: unknown key \"htp\" in \"web.with.ready\"; did you mean \"http\"?",
                "7:51: error: \"web.with.ready.every\" is 0s; allowed is 100ms to 10m",
                "10:11: error: unknown key \"evry\" in \"nightly.on\"; did you mean \"every\"?",
                "10:17: error: \"nightly.on.every\" is \"30x\"; write a duration such as 30s, 5m or 1h30m",
                "11:13: error: unknown key \"shel\" in \"nightly.with\"; did you mean \"shell\"?",
            ])
    }

    @Test(
        "keys of other tools get their counterpart",
        arguments: [
            ("depends_on: []", "did you mean \"needs\"?"), ("environment: { A: b }", "did you mean \"env\"?"),
            ("schedule: \"0 3 * * *\"", "write on: { cron: \"0 3 * * *\" }"), ("restart: always", "with: { restart: { backoff: 1s..60s } }"),
            ("run: echo", "with: { shell: \"a line\" }"), ("working_dir: /x", "with: { cwd: /folder }"), ("image: alpine", "programs, not containers"),
            ("on: { every: 1h, timezone: Asia/Shanghai }", "one level up"),
        ])
    func synonyms(line: String, hint: String) {
        let found = ofJob("    \(line)\n    with: { shell: x }")
        #expect(found.count == 1 && found[0].contains("unknown key") && found[0].contains(hint), "\(found)")
    }

    @Test("every mistake of a file is told at once, each where it stands")
    func duplicates() {
        #expect(
            problems("version: 1\njobs:\n  a: { type: command, with: { shell: x } }\n  b: { type: command, with: { shell: x } }\n  a: {}\n") == [
                "c.yaml:5:3: error: \"a\" is set twice in one group, first in line 3; keep one of them; what follows was checked with the first"
            ])
        // The names are words, whatever else YAML would make of them.
        #expect(
            problems("version: 1\njobs:\n  \"1\": { type: command, with: { shell: x } }\n  1: { type: command, with: { shell: x } }\n") == [
                "c.yaml:4:3: error: \"1\" is set twice in one group, first in line 3; keep one of them; what follows was checked with the first"
            ])
        // All others are found too, wherever the doubled keys stand.
        let text = """
            version: 1
            version: 2
            jobs:
              a:
                type: command
                timout: 5m
                with: { shell: x }
                "type": service
              b:
                type: command
                on:
                - boot
                on:
                - stop
                # a comment
                - 7
                with: { shel: x }
              a:
                type: nonsense
                with:
                  more: 1

              c: { type: command, with: { command: [x], comand: [y] } }
            """
        #expect(
            problems(text).map { $0.replacing("; keep one of them; what follows was checked with the first", with: "") } == [
                "c.yaml:2:1: error: \"version\" is set twice in one group, first in line 1",
                "c.yaml:6:5: error: unknown key \"timout\" in \"a\"; did you mean \"timeout\"?",
                "c.yaml:8:5: error: \"type\" is set twice in one group, first in line 5",
                "c.yaml:13:5: error: \"on\" is set twice in one group, first in line 11",
                "c.yaml:17:13: error: unknown key \"shel\" in \"b.with\"; did you mean \"shell\"?",
                "c.yaml:18:3: error: \"a\" is set twice in one group, first in line 4",
                "c.yaml:23:45: error: unknown key \"comand\" in \"c.with\"; did you mean \"command\"?",
            ])
        // In braces there is no telling which lines are whose.
        #expect(
            problems("version: 1\njobs: { a: {}, a: {} }\n") == [
                "c.yaml:2:9: error: \"a\" is set twice in one group; keep one of them; nothing else was checked"
            ])
        let list = problems("version: 1\nplugins:\n  - x: 1\n    x: 2\njobs: {}\n")
        #expect(list.contains { $0.hasPrefix("c.yaml:4:5: error: \"x\" is set twice in one group, first in line 3") }, "\(list)")
        #expect(ofJob("    timeout: \"3０m\"\n    with: { shell: x }").first?.contains("full-width character ０") == true)
        #expect(ofJob("    on: { cron: \"@dayly\" }\n    with: { shell: x }").first?.hasSuffix("did you mean \"@daily\"?") == true)
    }

    @Test("a job that is off needs no variables; away from the container, those that are not set are warnings")
    func variables() {
        let used = "    with: { shell: \"echo ${NOT_SET}\" }"
        #expect(ofJob(used) == ["c.yaml:5:20: error: the environment variable NOT_SET is not set; set it, or write ${NOT_SET:-default}"])
        #expect(ofJob("    enabled: false\n" + used).isEmpty)
        let text = "version: 1\njobs:\n  a:\n    type: keepalive\n    with: { url: \"${NOT_SET}\" }\n"
        #expect(
            problems(text, isOffline: true) == [
                "c.yaml:5:18: warning: the environment variable NOT_SET is not set; set it, or write ${NOT_SET:-default}"
            ])
    }

    @Test("merge keys and x- keys are understood; keys of the group itself win")
    func merged() throws {
        let text = """
            version: 1
            x-one: &one { timeout: 5m, env: { A: one } }
            x-two: &two { timeout: 9m, group: two }
            jobs:
              a: { <<: [*one, *two], type: command, with: { shell: x } }
              b: { <<: *one, timeout: 1m, type: command, with: { shell: x } }
            """
        let jobs = try ConfigurationReader(catalog: MistakeTests.catalog, environment: [:]).read(text, file: "c.yaml").jobs
        #expect(jobs.map(\.definition.timeout) == [.seconds(300), .seconds(60)] && jobs.map(\.definition.group) == ["two", nil])
        #expect(jobs[0].environment == ["A": "one"])
        #expect(ofJob("    <<: 3\n    with: { shell: x }").first?.contains("\"<<\" takes a group of keys or a list of them") == true)
        // Where a key that came with a merge is wrong, the place is that of the anchor.
        #expect(
            problems("version: 1\nx-a: &a\n  timeot: 5m\njobs:\n  a:\n    <<: *a\n    type: command\n    with: { shell: x }\n").first?.hasPrefix("c.yaml:3:3: ")
                == true)
    }

    @Test("aliases of aliases end with a sentence, not with the memory")
    func bomb() {
        var text = "x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...6 { text += "x-\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n" }
        #expect(problems(text).first?.contains("more than 200000 values") == true)
    }

    @Test(
        "former names are read with a warning that says the new one",
        arguments: [
            ("type: command\n    on: { watch: /x, settle: 1s }\n    with: { shell: x }", "\"a.on.settle\" is now \"debounce\""),
            ("type: keepalive\n    with: { url: \"http://x/\", expect: 204 }", "\"a.with.expect\" is now \"statuses\""),
            ("type: service\n    with: { command: [x], restart: { settled_after: 5s } }", "\"a.with.restart.settled_after\" is now \"stable_after\""),
            ("type: json-merge\n    with: { file: /x, unite: { a: [1] } }", "\"a.with.unite\" is now \"union\""),
            ("type: restore\n    with: { repository: r, path: /x, follow: 1m }", "\"a.with.follow\" is now \"handover\""),
            ("type: restore\n    with: { repository: r, path: /x, on_failure: hold }", "\"a.with.on_failure: hold\" is now \"wait\""),
            ("type: command\n    on: { after: { job: b, outcome: troubled } }\n    with: { shell: x }", "outcome: troubled\" is now \"failing\""),
        ])
    func former(job: String, warning: String) {
        let found = problems(
            "version: 1\nrepositories: { r: { type: folder, path: /r } }\njobs:\n  a:\n    \(job)\n  b: { type: command, with: { shell: x } }\n")
        #expect(found.count == 1 && found[0].contains(": warning: ") && found[0].contains(warning), "\(found)")
    }

    @Test("the resolved file reads as the file did, with defaults filled in and no secret's value")
    func resolved() throws {
        let text = """
            version: 1
            secrets: [TOKEN]
            jobs:
              a:
                type: command
                env: { A: "${PLAIN}", T: "Bearer ${TOKEN}", N: "007", E: "" }
                secrets: [TOKEN]
                on: [boot, stop]
                with:
                  shell: "echo \\"${PLAIN}\\" # not a comment: 1"
              任务: { type: service, with: { command: [sleep, "600"] } }
            """
        let environment = ["PLAIN": "x y", "TOKEN": "s"]
        let resolved = try #require(
            ResolvedConfiguration(catalog: MistakeTests.catalog, secrets: ["TOKEN"]).text(of: text, file: "c.yaml", environment: environment))
        #expect(resolved.contains("T: \"Bearer ${TOKEN}\"") && resolved.contains("overlap: skip  # default"), "\(resolved)")
        let reader = ConfigurationReader(catalog: MistakeTests.catalog, environment: environment)
        let (before, after) = (try reader.read(text, file: "c.yaml"), try reader.read(resolved, file: "c.yaml"))
        #expect(before.jobs.map(\.environment) == after.jobs.map(\.environment), "\(resolved)")
        #expect(before.jobs.map(\.definition.triggers) == after.jobs.map(\.definition.triggers), "\(resolved)")
        guard case .job(let one) = before.jobs[0].work, case .job(let other) = after.jobs[0].work else { return }
        #expect("\(one)" == "\(other)", "\(resolved)")
    }
}
