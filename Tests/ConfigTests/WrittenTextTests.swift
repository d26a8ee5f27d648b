import Config
import Foundation
import HTTPClient
import JobKit
import Jobs
import Scheduler
import Settings
import TestSupport
import Testing
import TimeZones

@Suite("what people write", .waiting)
struct WrittenTextTests {
    private static let catalog = BuiltInJobs.catalog(
        http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })

    private func read(_ text: String, _ environment: [String: String] = [:]) throws -> Configuration {
        try ConfigurationReader(catalog: WrittenTextTests.catalog, environment: environment).read("version: 1\n" + text, file: "c.yaml")
    }

    private func problems(_ text: String, _ environment: [String: String] = [:]) -> [String] {
        do { return try read(text, environment).warnings.map(\.description) } catch {
            return (error as? ConfigurationError)?.problems.map(\.description) ?? ["\(error)"]
        }
    }

    private func job(_ keys: String) -> String { "jobs:\n  a:\n    type: command\n    with: { shell: \"true\" }\n    \(keys)\n" }

    @Test(
        "a default may hold variables with defaults, to any depth",
        arguments: [
            ("${SITE:-${SPARE}}", "site.example"), ("${UNSET:-${SITE}}", "site.example"), ("${UNSET:-${UNSET_TOO:-deep}}", "deep"),
            ("${A:-${B:-${C:-${SITE}}}}/x", "site.example/x"), ("${A:-a${SITE}b}}", "asite.exampleb}"), ("${A:-$${B}}", "${B}"), ("${A:-}", ""),
            ("${A:-$}", "$"),
        ])
    func nestedDefaults(text: String, value: String) throws {
        let configuration = try read(job("env: { X: \"\(text)\" }"), ["SITE": "site.example"])
        #expect(configuration.jobs[0].environment["X"] == .some(value), "\(text)")
    }

    @Test("what is no default within a default is named", arguments: ["${A:-${B}}", "${A:-${B-c}}", "${A:-${B:-c}", "${A:-${}}"])
    func brokenDefaults(text: String) { #expect(!problems(job("env: { X: \"\(text)\" }")).isEmpty) }

    @Test("one word for secrets is a list of one: without it only the jobs that need it are disabled")
    func oneSecret() throws {
        let configuration = try read("secrets: KEY\n" + job("env: { X: \"${KEY}\" }\n    secrets: KEY"))
        #expect(configuration.secrets == ["KEY"])
        #expect(configuration.jobs[0].definition.disabled == .missingSecrets(["KEY"]))
        #expect(problems("secrets: API_KEY\n" + job("env: { X: \"${API_KEY}\" }"), ["API_KEY": "k"]).isEmpty)
    }

    @Test(
        "what is not the name of a secret is a mistake, and no value is shown",
        arguments: ["\"A, B\"", "A B", "[\"${NAME}\"]", "\"${NAME}\"", "[A, \"B,C\"]", "[\"1A\"]"])
    func secretNames(text: String) {
        let found = problems("secrets: \(text)\n" + job(""), ["NAME": "hunter2hunter2"])
        #expect(found.contains { $0.contains("error") }, "\(found)")
        #expect(!found.contains { $0.contains("hunter2") })
    }

    @Test(
        "tags of other programs are refused",
        arguments: ["state: !secret x", "state: !env HOME", "stop_budget: !include f", "secrets: !secret [A]", "logs: !x { format: json }"])
    func tags(text: String) {
        let found = problems("\(text)\n" + job(""))
        #expect(found.contains { $0.contains("belongs to another program") }, "\(found)")
    }

    @Test("YAML's own tags are fine")
    func ownTags() throws { #expect(try read("stop_budget: !!str 5s\n" + job("")).stopBudget == .seconds(5)) }

    @Test(
        "quotes, blanks and line ends that a variable brought along are taken off, with a warning",
        arguments: ["\"0 3 * * *\"", "'@daily'", "@daily \n", " 0 3 * * *\r\n", "\t'0 3 * * *' "])
    func quotedCron(value: String) throws {
        let text = job("on: { cron: \"${CRON}\" }")
        let triggers = try read(text, ["CRON": value]).jobs[0].definition.triggers
        #expect(triggers.count == 1)
        #expect(problems(text, ["CRON": value]).contains { $0.contains("taken off") })
    }

    @Test("an expression without quotes: the hint is to put it in quotes", arguments: ["* * * * *", "@daily", "*/5 * * * *"])
    func unquotedCron(text: String) {
        for form in ["on: { cron: \(text) }", "on:\n      cron: \(text)", "on: { cron: [\(text)] }", "on:\n      cron:\n        - \(text)"] {
            let found = problems(job(form))
            #expect(found.contains { $0.contains("put it in quotes: \"\(text)\"") }, "\(form): \(found)")
        }
    }

    @Test(
        "a step longer than its field is warned of",
        arguments: ["*/90 * * * *", "0 */25 * * *", "0 0 */180 * *", "0 0 1 */13 *", "0 0 * * */9", "*/9223372036854775807 * * * *"])
    func longSteps(text: String) {
        let found = problems(job("on: { cron: \"\(text)\" }"))
        #expect(found.contains { $0.contains("warning") && $0.contains("longer than the field") }, "\(found)")
    }

    @Test("steps within their field are fine; a step with a sign is none")
    func steps() {
        for text in ["*/59 * * * *", "0 */12 * * *", "0 0 1-31/7 * *", "5/10 * * * *"] {
            #expect(problems(job("on: { cron: \"\(text)\" }")).isEmpty, "\(text)")
        }
        #expect(problems(job("on: { cron: \"*/+5 * * * *\" }")).contains { $0.contains("error") })
        #expect(problems(job("on: { cron: \"*/30 2 * * *\" }")).contains { $0.contains("0,30 2 * * *") })
    }

    @Test(
        "names that can be no environment variable, and values with a NUL, are mistakes",
        arguments: ["\"\": x", "\"A=B\": x", "\"A B\": x", "\"A\\0\": x", "A: \"x\\0y\""])
    func variableNames(entry: String) { #expect(problems(job("env: { \(entry) }")).contains { $0.contains("error") }, "\(problems(job("env: { \(entry) }")))") }

    @Test("a circle of after is a mistake that names the path")
    func circles() {
        let text = """
            jobs:
              a: { type: command, on: { after: c }, with: { shell: "true" } }
              b: { type: command, on: { after: { job: a, outcome: failed } }, with: { shell: "true" } }
              c: { type: command, on: { after: [b] }, with: { shell: "true" } }
              d: { type: command, on: { after: c }, needs: c, with: { shell: "true" } }
            """
        let found = problems(text)
        #expect(found.count == 1 && found[0].contains("\"after\" goes in a circle: a → c → b → a"), "\(found)")
    }

    // MARK: Time zones

    @Test(
        "timezone takes a name, a rule or a path; without it TZ counts",
        arguments: [
            ("timezone: Asia/Shanghai", [:], "Asia/Shanghai"), ("timezone: CST-8", [:], "CST-8"), ("timezone: \"<+08>-8\"", [:], "<+08>-8"),
            ("", ["TZ": "Asia/Tokyo"], "Asia/Tokyo"), ("", ["TZ": ":Asia/Tokyo"], "Asia/Tokyo"), ("", ["TZ": "\"Asia/Tokyo\" "], "Asia/Tokyo"),
            ("", ["TZ": ""], "UTC"), ("", ["TZ": "/usr/share/zoneinfo/Asia/Tokyo"], "/usr/share/zoneinfo/Asia/Tokyo"),
            ("timezone: \"${ZONE}\"", ["ZONE": "'Asia/Tokyo'\n", "TZ": "CST-8"], "Asia/Tokyo"),
        ] as [(String, [String: String], String)])
    func zones(text: String, environment: [String: String], name: String) throws {
        #expect(try read("\(text)\n" + job(""), environment).timeZone.name == name)
    }

    @Test(
        "an unknown zone is named with the nearest one",
        arguments: [
            ("Asia/shanghai", "Asia/Shanghai"), ("Asia/Beijing", "Asia/Shanghai"), ("Shanghai", "Asia/Shanghai"), ("america/new york", "America/New_York"),
            ("Europe/Berln", "Europe/Berlin"), ("Asia/Shangai", "Asia/Shanghai"),
        ])
    func nearest(name: String, meant: String) {
        #expect(problems("timezone: \(name)\n" + job("")).contains { $0.contains("error") && $0.contains("did you mean \(meant)?") })
        let warned = problems(job(""), ["TZ": name])
        #expect(warned.contains { $0.contains("warning") && $0.contains("UTC is used") && $0.contains("did you mean \(meant)?") }, "\(warned)")
    }

    @Test("a system without zone files says so, and the sign of UTC+8 is pointed out")
    func noFiles() {
        #expect(
            problems("timezone: Asia/Shanghai\n" + job(""), ["TZDIR": "/nonexistent"]).contains { $0.contains("no time zone data") && $0.contains("tzdata") })
        #expect(problems("timezone: UTC+8\n" + job("")).contains { $0.contains("8 hours behind UTC") && $0.contains("UTC-8") })
    }

    @Test("a job's own zone is that of its schedules and its processes")
    func jobZone() throws {
        let found = try read("timezone: Asia/Shanghai\n" + job("timezone: Asia/Tokyo\n    on: { cron: \"0 3 * * *\" }")).jobs[0]
        #expect(found.timeZone.variable == "Asia/Tokyo")
        #expect(found.definition.triggers[0].schedule?.zone?.name == "Asia/Tokyo")
    }

    @Test("the zone is found in a file that has mistakes elsewhere")
    func zoneAlone() { #expect(TimeZoneKey.read("timezone: Asia/Tokyo\njobs: 5\n", environment: [:]).name == "Asia/Tokyo") }

    @Test(
        "keys at the top are found before, after and without the jobs, and where they need an anchor from there",
        arguments: [
            "state: /a\njobs:\n  b: { type: command }\n", "jobs:\n  b:\n    type: command\n\n# more\n  c: {}\nstate: /a\n", "state: /a\n",
            "jobs:\n  b: { env: { X: &folder /a } }\nstate: *folder\n", "jobs: { b: {} }\nstate: /a\n", "jobs:\r\n  b: {}\r\nstate: /a\r\n",
            "x-text: |\n  jobs:\n  state: /b\nstate: /a\n", "jobs:\n  b: { broken\nstate: /a\n",
        ])
    func topKeys(text: String) { #expect(StateKey.read(text, environment: [:]) == "/a") }
}
