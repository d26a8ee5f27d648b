import Config
import Foundation
import HTTPClient
import JobKit
import Jobs
import Scheduler
import Settings
import Testing

/// What a reload would do, told without doing it.
@Suite("reload plan")
struct ReloadPlanTests {
    private static let catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })

    private let environment = ["TOKEN": "tok-1234567890", "PIN": "4711", "OTHER": "9999"]

    private func read(_ text: String) throws -> Configuration {
        try ConfigurationReader(catalog: ReloadPlanTests.catalog, environment: environment).read(text, file: "c.yaml")
    }

    private let before = """
        version: 1
        secrets: [TOKEN]
        stop_budget: 8s
        repositories:
          main: { type: folder, path: /repo }
        jobs:
          app:
            type: service
            env: { COLOUR: red, PORT: "7860", PIN: "${PIN}" }
            with:
              command: [app, --port, "1"]
              live: { http: "http://127.0.0.1:1/healthz", failures: 3 }
          backup: { type: backup, on: { every: 15m }, with: { repository: main, path: /data } }
          nightly: { type: command, timeout: 10m, with: { shell: "echo geheim" } }

        """

    private func plan(_ replacements: [(String, String)], running: Set<String> = ["app"], stopped: Set<String> = []) throws -> [String] {
        let after = replacements.reduce(before) { text, change in text.replacing(change.0, with: change.1) }
        #expect(after != before || replacements.isEmpty)
        return ReloadPlan(from: try read(before), to: try read(after), running: running, stopped: stopped).changes.map(\.description)
    }

    @Test("a file that says the same changes nothing")
    func nothing() throws {
        #expect(try plan([]).isEmpty)
        #expect(try plan([("  nightly: {", "  # a comment\n  nightly:   {")]).isEmpty)
    }

    @Test("a service is restarted, a schedule moved, keys are named with their values")
    func changes() throws {
        #expect(try plan([("failures: 3", "failures: 4"), ("every: 15m", "every: 16m")]) == ["app restarted (live.failures 3 → 4)", "backup now every 16m"])
        #expect(try plan([("timeout: 10m", "timeout: 20m")]) == ["nightly changed (timeout 10m → 20m)"])
        #expect(try plan([("timeout: 10m, ", "")]) == ["nightly changed (timeout removed)"])
        #expect(try plan([("stop_budget: 8s", "stop_budget: 20s")]) == ["stop_budget 8s → 20s"])
        #expect(try plan([("path: /repo", "path: /other")]) == ["repositories.main.path changed"])
        #expect(try plan([("on: { every: 15m }, ", "")]) == ["backup now started manually only"])
        #expect(try plan([("with: { shell", "enabled: false, with: { shell")]) == ["nightly disabled: \"enabled\" is false (enabled false added)"])
    }

    @Test("jobs that come and go are told, with what starts them")
    func jobs() throws {
        let more = before + "  extra: { type: command, on: { cron: \"0 3 * * *\", boot: true }, with: { shell: x } }\n"
        let plan = { try ReloadPlan(from: self.read($0), to: self.read($1), running: [], stopped: []).changes.map(\.description) }
        #expect(try plan(before, more).count == 1 && plan(before, more)[0].hasPrefix("extra added: "))
        #expect(try plan(more, before) == ["extra removed"])
    }

    @Test("what happens to a service depends on whether it runs")
    func services() throws {
        let change = [("failures: 3", "failures: 4")]
        #expect(try plan(change, running: []) == ["app started (live.failures 3 → 4)"])
        // One that was stopped manually stays so.
        #expect(try plan(change, running: [], stopped: ["app"]) == ["app changed (live.failures 3 → 4)"])
        #expect(
            try plan([("failures: 3", "failures: 3"), ("    type: service\n", "    type: service\n    on: { after: nightly }\n")]) == [
                "app stopped (on.after added)"
            ])
    }

    @Test(
        "what could be a secret is not shown, whatever it looks like",
        arguments: [
            ("COLOUR: red", "COLOUR: hf_abcdefgh", "env.COLOUR changed"), ("${PIN}", "${OTHER}", "env.PIN changed"),
            ("${PIN}", "1234", "env.PIN changed"), ("--port, \"1\"", "--port, \"2\"", "command changed"),
            ("env: {", "env: { SECRET: Sesame,", "env.SECRET added"),
        ])
    func secrets(old: String, new: String, words: String) throws { #expect(try plan([(old, new)]) == ["app restarted (\(words))"]) }
}
