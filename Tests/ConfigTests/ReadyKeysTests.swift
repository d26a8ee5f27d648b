import Config
import Foundation
import HTTPClient
import JobKit
import Jobs
import Settings
import TestSupport
import Testing

/// How a service says that it is ready, and what can't be meant.
@Suite("keys of readiness")
struct ReadyKeysTests {
    private static let catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })

    private func read(_ keys: String) -> (service: ServiceDefinition?, problems: [String]) {
        let text = "version: 1\njobs:\n  app:\n    type: service\n    with:\n      command: [sh]\n      \(keys)\n"
        do throws(ConfigurationError) {
            let configuration = try ConfigurationReader(catalog: ReadyKeysTests.catalog, environment: [:]).read(text, file: "c.yaml")
            guard case .service(let definition)? = configuration.jobs.first?.work else { return (nil, []) }
            return (definition, configuration.warnings.map { $0.description.replacing("c.yaml:", with: "") })
        } catch {
            return (nil, error.problems.map { $0.description.replacing("c.yaml:", with: "") })
        }
    }

    @Test("each target is read")
    func targets() throws {
        #expect(read("ready: { notify: true, within: 30s }").service?.ready == .init(target: .notify, within: .seconds(30)))
        #expect(read("ready: { log: \"up * now\" }").service?.ready?.target == .log(try #require(LinePattern("up * now"))))
        #expect(read("ready: { file: /run/up, every: 2s }").service?.ready == .init(target: .file("/run/up"), every: .seconds(2)))
        #expect(read("ready: { tcp: \"127.0.0.1:1\", notify: false }").service?.ready?.target == .probe(.tcp(host: "127.0.0.1", port: 1)))
        #expect(read("live: { tcp: \"127.0.0.1:1\", start_period: 40s }").service?.live?.startPeriod == .seconds(40))
        #expect(read("live: { tcp: \"127.0.0.1:1\" }").service?.live?.startPeriod == .zero)
        #expect(read("watchdog: 1500ms").service?.watchdog == .milliseconds(1500))
        #expect(read("reload: { signal: usr2 }").service?.reload == .signal(12))
        #expect(read("reload: { command: [nginx, -s, reload] }").service?.reload == .command(["nginx", "-s", "reload"]))
        #expect(read("watchdog: 3s").service?.notifies == true && read("ready: { log: x }").service?.notifies == false)
    }

    @Test(
        "what can't be meant is named with its place",
        arguments: [
            ("ready: { notify: true, log: x }", "7:35: error: notify and log are both set; keep one of them"),
            ("ready: { http: \"http://127.0.0.1:1/\", file: /x }", "7:51: error: http and file are both set; keep one of them"),
            ("ready: { within: 3s }", "7:14: error: the check has no target; set one of http, tcp, exec, notify, log, file"),
            ("ready: { notify: false }", "7:14: error: the check has no target; set one of http, tcp, exec, notify, log, file"),
            ("live: { every: 3s }", "7:13: error: the check has no target; set one of http, tcp, exec"),
            ("ready: { log: \"*\" }", "7:21: error: \"app.with.ready.log\" is \"*\"; write words of the line, such as \"Ready to accept connections\""),
            ("ready: { notify: true, every: 3s }", "7:37: warning: \"every\" has no meaning with notify; remove it; \"within\" limits the wait"),
            ("ready: { log: x, timeout: 3s }", "7:33: warning: \"timeout\" has no meaning with log; remove it; \"within\" limits the wait"),
            ("ready: { file: /x, fallback: [/y] }", "7:36: warning: \"fallback\" has no meaning with file; remove it"),
            ("live: { tcp: \"127.0.0.1:1\", notify: true }", "7:35: error: unknown key \"notify\" in \"app.with.live\""),
            ("reload: { }", "7:15: error: it does not say how; set one of signal, command, such as signal: SIGHUP"),
            ("reload: { signal: SIGKILL }", "7:25: error: \"app.with.reload.signal\" is \"SIGKILL\"; write a signal such as SIGHUP or SIGUSR1"),
            ("reload: { signal: SIGHUP, command: [x] }", "7:42: error: signal and command are both set; keep one of them"),
            ("watchdog: 1ms", "7:17: error: \"app.with.watchdog\" is 1ms; allowed is 100ms to 1d"),
        ])
    func mistakes(keys: String, problem: String) {
        let found = read(keys).problems
        #expect(found.count == 1 && found[0].hasPrefix(problem), "\(found)")
    }
}
