import Config
import Foundation
import HTTPClient
import Jobs
import Settings
import Testing

/// What people are told to write instead, where the form of a value or of the file is wrong.
@Suite("hints for mistakes in a configuration")
struct MistakeHintTests {
    private static let catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })

    private func problems(_ text: String) -> [String] {
        do throws(ConfigurationError) {
            return try ConfigurationReader(catalog: MistakeHintTests.catalog, environment: [:]).read(text, file: "c").warnings.map(\.description)
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test(
        "a value in the place of a group is one mistake, with what to write",
        arguments: [
            ("type: command\n    retry: 3", "\"a.retry\" takes a group of keys, not \"3\"; write { attempts: 3 }"),
            (
                "type: service\n    with: { command: [x], ready: \"http://127.0.0.1:80/\" }",
                "\"a.with.ready\" takes a group of keys, not \"http://127.0.0.1:80/\"; write { http: \"http://127.0.0.1:80/\" }"
            ),
            (
                "type: service\n    with: { command: [x], restart: unless-stopped }",
                "\"a.with.restart\" takes a group of keys, not \"unless-stopped\"; remove it: a service is always restarted"
            ),
            ("type: service\n    with: { command: [x], stop: SIGINT }", "\"a.with.stop\" takes a group of keys, not \"SIGINT\"; write { signal: SIGINT }"),
            (
                "type: service\n    with: { command: [x], live: yes }",
                "\"a.with.live\" takes a group of keys, not \"yes\"; its keys are http, fallback, tcp, exec, every, timeout, failures"
            ),
            (
                "type: command\n    with: { shell: x }\n    env:\n      - A=b",
                "takes a group of keys, not a list; write a line NAME: value for each, without a hyphen"
            ),
            ("type: command\n    with: { shell: x }\n    on: 30m", "\"on\" is \"30m\"; write { every: 30m }"),
            ("type: command\n    with: { shell: x }\n    on: 0 3 * * *", "\"on\" is \"0 3 * * *\"; write { cron: \"0 3 * * *\" }"),
            ("type: command\n    with: { shell: x }\n    on: Daily", "\"on\" is \"Daily\"; write { cron: \"@daily\" }"),
            (
                "type: command\n    with: { shell: x }\n    needs: { b: ready }",
                "\"a.needs\" takes one value or a list, not a group of keys; write [one, other]"
            ),
            ("type: service\n    with: { command: [x], memory_limit: 512 }", "\"a.with.memory_limit\" is \"512\"; write a size such as"),
        ])
    func groups(job: String, message: String) {
        let found = problems("version: 1\njobs:\n  a:\n    \(job)\n")
        #expect(found.filter { $0.contains(message) }.count == 1, "\(found)")
        // A command without a program is another mistake of the first case alone.
        #expect(found.count == (job.contains("retry") ? 2 : 1), "\(found)")
    }

    @Test(
        "what is missing is named with what to write, and once",
        arguments: [
            ("version: 1\n", ["c:1:1: error: \"jobs\" is missing; write jobs: with at least one name below it"]),
            ("jobs: { a: { type: command, with: { shell: x } } }\n", ["c:1:1: error: \"version\" is missing; write version: 1"]),
            (
                "version: 1\njobs: { a: { with: { shell: x } } }\n",
                [
                    "c:2:12: error: \"a.type\" is missing; write one of backup, command, hexo, json-merge, keepalive, publish, restore, service"
                ]
            ),
            ("version: 1\njobs: { a: { type: keepalive } }\n", ["c:2:12: error: \"a.with.url\" is missing; add it: "]),
            ("version: 1\njobs: { a: echo }\n", ["c:2:12: error: \"a\" takes a group of keys, not \"echo\"; its keys are type, "]),
            (
                "version: 1\njobs:\n  a: type:command\n",
                ["c:3:6: error: \"a\" takes a group of keys, not \"type:command\"; write a blank after the colon: type: command"]
            ),
            ("version: 1\njobs:\n  - type: command\n", ["c:3:3: error: \"jobs\" takes a group of names, not a list; write each job as NAME: { type: … }"]),
        ])
    func missing(text: String, messages: [String]) {
        let found = problems(text)
        #expect(found.count == messages.count && zip(found, messages).allSatisfy { $0.hasPrefix($1) }, "\(found)")
    }

    @Test(
        "keys that belong under with are one mistake each, and are not missing there",
        arguments: [
            ("type: command, run: echo hi", "unknown key \"run\" in \"a\"; write it under \"with\": with: { command: [program, argument] }"),
            ("type: keepalive, url: \"http://127.0.0.1/\"", "unknown key \"url\" in \"a\"; write it under \"with\": with: { url: … }"),
            ("type: service, ready: { tcp: \"h:1\" }, with: { command: [x] }", "unknown key \"ready\" in \"a\"; write it under \"with\": with: { ready: … }"),
        ])
    func misplaced(job: String, message: String) {
        let found = problems("version: 1\njobs: { a: { \(job) } }\n")
        #expect(found.count == 1 && found[0].contains(message), "\(found)")
    }

    @Test("a compose file gets one line for each of its keys, in place")
    func compose() {
        let found = problems("version: 1\nservices:\n  web:\n    image: nginx\n    restart: always\n    depends_on: []\n").map { $0.prefix { $0 != ";" } }
        #expect(
            found == [
                "c:2:1: error: unknown key \"services\"", "c:4:5: error: \"web.type\" is missing", "c:4:5: error: unknown key \"image\" in \"web\"",
                "c:5:5: error: unknown key \"restart\" in \"web\"", "c:6:5: error: unknown key \"depends_on\" in \"web\"",
            ])
    }

    @Test(
        "what is not YAML is explained where it begins",
        arguments: [
            (
                "  a:\n    type: command\n   with: { shell: x }",
                "5:4: error: this line has 3 blanks in front of it, and the groups that it may be in have 0, 2, 4"
            ),
            (
                "  a:\n    type: command\n      with: { shell: x }",
                "5:7: error: this line has 6 blanks in front of it, and the line above, which has a value, has 4"
            ),
            ("  a:\n    type:command\n    with: { shell: x }", "4:10: error: a blank is missing after the colon; write type: command"),
            ("  a:\n    type: command\n    with: { shell: \"echo hi }\n  b:\n", "5:20: error: the quotes that begin here are not closed"),
            ("  a:\n    type: command\n    with: { command: [a, b }\n", "5:22: error: the [ that is here is not closed, or a comma is missing after it"),
            ("  a: { type: command, with: { shell: x } }\n---\nversion: 1", "4:1: error: another document begins here"),
            ("  a:\n　　type: command\n", "4:1: error: full-width blank U+3000"),
        ])
    func syntax(lines: String, message: String) {
        let found = problems("version: 1\njobs:\n\(lines)\n")
        #expect(found.count == 1 && found[0].hasPrefix("c:\(message)"), "\(found)")
    }

    @Test(
        "a value with a character or a variable of another kind says which",
        arguments: [
            ("https：//x.example/", "it holds the full-width character ：: type : with the English keyboard; write an address"),
            ("$URL/x", "a variable is written ${URL}"), ("{{ URL }}/x", "a variable is written ${URL}"), ("%URL%", "a variable is written ${URL}"),
        ])
    func values(url: String, hint: String) {
        let found = problems("version: 1\njobs: { a: { type: keepalive, with: { url: \"\(url)\" } } }\n")
        #expect(found.count == 1 && found[0].contains(hint), "\(found)")
        let cron = problems("version: 1\njobs: { a: { type: command, on: { cron: \"0 3 * * （1-5）\" }, with: { shell: x } } }\n")
        #expect(cron.count == 1 && cron[0].contains("it holds the full-width character （: type ( with the English keyboard"), "\(cron)")
    }

    @Test("a missing number of any size is named too")
    func anyNumber() {
        var reader = SettingsReader(ConfigNode(.mapping([]), at: SourcePlace(file: "c", line: 1, column: 1)))
        _ = reader.node(SettingShape("port", "The port", .integer(.min ... .max), isRequired: true))
        #expect(reader.problems.map(\.description) == ["c:1:1: error: \"port\" is missing; add it: the port"])
    }

    @Test("a hyphen needs a blank; a type that is not known may be a plug-in that is not found")
    func others() {
        #expect(
            problems("version: 1\nsecrets:\n  -A\njobs: { a: { type: command, with: { shell: x } } }\n").first?.hasSuffix("write a blank after the hyphen: - A")
                == true)
        #expect(
            problems("version: 1\njobs: { a: { type: telegramming } }\n").first?.contains("a plug-in must be in the folder Plugins next to the file") == true)
    }
}
