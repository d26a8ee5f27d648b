import Control
import Foundation
import InPlaceRestore
import JobKit
import Logging
import Scheduler
import Settings
import Synchronization
import TestSupport
import Testing

@testable import Web

/// Logs that a test has written.
private struct TestLogs: RunLogReader {
    let lines: [String]

    func read(run: Int64, from start: LogStart) -> LogPage? {
        LogPage(lines: lines.map { LogLine(at: Date(timeIntervalSince1970: 1_790_000_000), source: .output, text: $0) }, next: 1000, isLast: true)
    }
}

/// The page of a scheduler of the test's own, on a real socket.
final class WebBench: Sendable {
    static let token = "correct horse battery staple"

    let bench: SchedulerBench
    let site: Site
    let folder = TemporaryFolder()
    private let shared: SharedSettings
    private let asked = Restored()

    var socket: String { folder["page.sock"] }

    init(
        _ jobs: [ScheduledJob], log: [String] = ["a line"], token: String? = WebBench.token, backups: [RepositoryBackups] = [],
        actions: any ActionRunning = NoActions()
    ) {
        bench = SchedulerBench(jobs)
        shared = SharedSettings(token: token)
        let (settings, restored) = (shared, asked)
        let operations = Operations(
            scheduler: bench.scheduler, history: RunHistory(store: bench.store, logs: TestLogs(lines: log)), clock: bench.clock, version: "1.2.3",
            configuration: "c.yaml", startedAt: bench.clock.now, restarts: 0,
            restoring: InPlaceRestore(scheduler: bench.scheduler, store: bench.store, clock: bench.clock) { selector, _ in
                restored.add(selector)
                return .failure(JobError("no job restores"))
            }, actions: actions, reload: { _ in ReloadAnswer(isReloaded: true, problems: []) })
        site = Site(.init(operations: operations, settings: { settings.value }, backups: { backups }))
    }

    func change(_ change: @Sendable (inout SiteSettings) -> Void) { shared.change(change) }
    var restores: [String] { asked.all }
    /// Returns once so many restores have begun: the answer to a form does not wait for that.
    func waitForRestores(_ count: Int) async { await asked.came.wait(count) }

    /// Serves around the test's steps.
    func run(_ steps: () async throws -> Void) async throws {
        let isReady = Gate()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = WebServer(site: site, socket: socket, owner: nil, logger: logger)
        try await bench.run {
            let serving = Task { try await server.run { isReady.open() } }
            await isReady.wait()
            await bench.clock.waitForSleepers(1)
            try await steps()
            serving.cancel()
        }
    }

    /// Asks with curl; gives the status, then the headers, and the body.
    func ask(_ path: String, _ options: String = "", client: String = "203.0.113.9") throws -> Heard {
        let result = try Shell.run(
            "curl -s --path-as-is -m 1500 --unix-socket '\(socket)' -H 'Expect:' -H 'X-Real-IP: \(client)' -D - \(options) 'http://page.example\(path)'")
        let parts = result.output.replacing("\r\n", with: "\n").split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        let status = parts.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return Heard(status: status, headers: parts.first.map(String.init) ?? "", body: parts.count > 1 ? String(parts[1]) : "")
    }

    struct Heard {
        var status: Int
        var headers: String
        var body: String

        func header(_ name: String) -> String? {
            headers.split(separator: "\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }.map {
                $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
            }
        }

        /// What each form of the page has.
        var mark: String? { body.firstMatch(of: /name="mark" value="([0-9a-f]{64})"/).map { String($0.1) } }
    }

    /// Logs in; gives the cookie as curl sends it, and the mark of its forms.
    func logIn(client: String = "203.0.113.9") throws -> (cookie: String, mark: String) {
        let answer = try ask("/-/login", "--data-urlencode 'token=\(WebBench.token)'", client: client)
        try #require(answer.status == 303, "\(answer)")
        let cookie = try #require(answer.header("set-cookie")?.split(separator: ";").first.map(String.init))
        let mark = try #require(try ask("/-/", "-b '\(cookie)'", client: client).mark)
        return (cookie, mark)
    }
}

private final class SharedSettings: Sendable {
    private let held: Mutex<SiteSettings>

    init(token: String?) { held = Mutex(SiteSettings(app: "app", token: token.map { Secret($0) })) }

    var value: SiteSettings { held.withLock { $0 } }
    func change(_ change: (inout SiteSettings) -> Void) { held.withLock { change(&$0) } }
}

private final class Restored: Sendable {
    private let held = Mutex<[String]>([])
    let came = Gate()

    var all: [String] { held.withLock { $0 } }
    func add(_ selector: String) {
        held.withLock { $0.append(selector) }
        came.open()
    }
}
