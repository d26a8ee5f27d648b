import Config
import Export
import Foundation
import Import
import JobKit
import Scheduler
import Settings
import TestSupport
import Testing
import TimeZones

@Suite("files for one machine")
struct OneMachineTests {
    private static let start = Date(timeIntervalSince1970: 1_790_000_000)

    private func exported(_ kind: ExportKind, _ jobs: String, top: String = "") throws -> Exported {
        try ExportedFile.of(kind, "version: 1\n\(top)jobs:\n\(jobs)\n")
    }

    /// What our own reader makes of the units.
    private func imported(_ exported: Exported) throws -> Configuration {
        let units = exported.files.filter { !$0.isConfiguration }.map { ImportSource.File(path: "units/\($0.name)", text: $0.text) }
        let found = ImportKind.systemd.read(ImportSource(path: "units", files: units), parse: PlainYAML.read)
        return try ConfigurationReader(catalog: ExportedFile.catalog, environment: [:], isOffline: true).read(found.yaml, file: "shipkeeper.yaml")
    }

    private func times(_ schedule: Schedule?) -> [Date] {
        var (times, cursor) = ([Date](), OneMachineTests.start)
        while times.count < 20, let next = schedule?.next(after: cursor) {
            times.append(next)
            cursor = next
        }
        return times
    }

    @Test(
        "a timer is due when the schedule is, as our own reader of units understands it, and systemd finds nothing wrong with it",
        arguments: [
            "*/5 * * * *", "30 2 * * 1-5", "0 0 1,15 * *", "15 */6 * * 6-7", "0 12 * JAN,JUL *", "@weekly", "10-50/20 9-17 * * MON-FRI", "59 23 28-31 2 *",
        ])
    func timers(cron: String) throws {
        let found = try exported(.systemd, "  a: { type: command, timezone: Asia/Tokyo, on: { cron: \"\(cron)\" }, with: { command: [a] } }")
        let back = try #require(try imported(found).jobs.first)
        let wanted = Schedule.cron(try CronExpression(cron), back.timeZone)
        #expect(back.timeZone.name == "Asia/Tokyo" && back.definition.triggers.count == 1)
        #expect(times(back.definition.triggers.first?.schedule) == times(wanted), "\(found.file("a.timer"))")
        try UnitChecks.check(found, in: TemporaryFolder(), cron)
    }

    @Test("a day of the month or of the week is two events")
    func eitherDay() throws {
        let found = try exported(.systemd, "  a: { type: command, on: { cron: \"0 3 13 * 5\" }, with: { command: [a] } }")
        #expect(found.file("a.timer").contains("OnCalendar=*-*-13 03:00:00 UTC\nOnCalendar=Fri *-*-* 03:00:00 UTC\n"), "\(found.file("a.timer"))")
    }

    @Test("a run by a timer has a state folder of its own, and its policies are the timer's")
    func policies() throws {
        let found = try exported(
            .systemd,
            """
              a: { type: command, on: { cron: "0 3 * * *" }, catch_up: skip, jitter: 5m, secrets: [KEY], with: { command: [a] } }
              b: { type: command, on: { every: 90s, at_start: true }, overlap: replace, with: { command: [b] } }
            """, top: "secrets: [KEY]\n")
        #expect(found.file("a.timer").contains("Persistent=false\n") && found.file("a.timer").contains("RandomizedDelaySec=5m\nFixedRandomDelay=true\n"))
        #expect(found.file("a-b.timer").contains("OnActiveSec=0\nOnUnitActiveSec=1m30s\n"))
        let unit = found.file("a.service")
        #expect(
            unit.contains("ExecStart=shipkeeper exec a --config /etc/a/shipkeeper.yaml --state /var/lib/a\n")
                && unit.contains("EnvironmentFile=/etc/a/a.secrets\n"), "\(unit)")
        #expect(found.words.contains { $0.contains("overlap: replace has no counterpart") }, "\(found.words)")
    }

    @Test("a service that systemd can run itself is a unit with its readiness, watchdog, sockets and signals; our own reader gets it back")
    func units() throws {
        let found = try exported(
            .systemd,
            """
              web:
                type: service
                env: { TEXT: "two words", PERCENT: "100%", GONE: }
                secrets: [KEY]
                with:
                  command: [/usr/bin/web, --name, "a b", "$HOME", "50%"]
                  cwd: /srv
                  ready: { notify: true, within: 2m }
                  watchdog: 30s
                  listen: ["127.0.0.1:8080", /run/web.sock]
                  stop: { signal: SIGQUIT, grace: 20s }
                  exit_rules: { 3: stop, 4: give_up }
                  reload: { signal: SIGHUP }
                  memory_limit: 256MiB
            """, top: "secrets: [KEY]\n")
        let text = found.file("web.service")
        for line in [
            "Type=notify", "WatchdogSec=30s", "TimeoutStartSec=2m", "ExecStart=/usr/bin/web --name \"a b\" $$HOME 50%%", "ExecReload=/bin/kill -HUP $MAINPID",
            "RestartPreventExitStatus=3 4", "SuccessExitStatus=3", "KillSignal=SIGQUIT", "TimeoutStopSec=20s", "MemoryMax=268435456", "UnsetEnvironment=GONE",
            "Environment=\"TEXT=two words\"", "Environment=PERCENT=100%%", "WorkingDirectory=/srv",
        ] { #expect(text.contains(line + "\n"), "\(line) in \(text)") }
        #expect(found.file("web.socket").contains("ListenStream=127.0.0.1:8080\nListenStream=/run/web.sock\n"))
        try UnitChecks.check(found, in: TemporaryFolder(), "web")
        guard case .service(let back)? = try imported(found).jobs.first?.work else {
            Issue.record("no service")
            return
        }
        #expect(back.ready?.target == .notify && back.watchdog == .seconds(30) && back.stop.steps.first?.wait == .seconds(20) && back.reload == .signal(1))
    }

    @Test(
        "what systemd can't do keeps a service with shipkeeper",
        arguments: [
            ("with: { command: [web], live: { http: \"http://127.0.0.1:80/\" } }", "whether it still works"),
            ("with: { command: [web], ready: { tcp: \"127.0.0.1:80\" } }", "whether it is ready"),
            ("env: { A: \"x${KEY}\" }\n    with: { command: [web] }", "puts no secret"),
            ("with: { command: [web], exit_rules: { 1: { run: x } } }", "repair"),
        ])
    func kept(keys: String, reason: String) throws {
        let found = try exported(.systemd, "  web:\n    type: service\n    \(keys)", top: "secrets: [KEY]\n")
        let text = found.file("web.service")
        #expect(text.contains("# web is among them because") && text.contains(reason) && text.contains("ExecStart=shipkeeper run"), "\(text)")
    }

    @Test("compose: schedules stay in the container, a service alone gets its own, and dollars are no variables")
    func compose() throws {
        let found = try exported(
            .compose,
            """
              web:
                type: service
                env: { PRICE: "$5", KEYS: "a${KEY}" }
                secrets: [KEY]
                with: { command: [web, "$(x)"], ready: { exec: [web, --check], within: 1m }, stop: { grace: 1m30s }, memory_limit: 1GiB }
              hourly: { type: command, on: { every: 1h }, with: { command: [a] } }
            """, top: "secrets: [KEY]\n")
        let text = found.file("compose.yaml")
        for line in [
            "entrypoint: [web, \"$$(x)\"]", "PRICE: \"$$5\"", "KEYS: \"a${KEY:?}\"", "KEY: \"${KEY:?}\"", "stop_grace_period: 90s",
            "mem_limit: 1073741824b",
            "SHIPKEEPER_DISABLED_JOBS: web", "entrypoint: [shipkeeper, run]",
        ] { #expect(text.contains(line), "\(line) in \(text)") }
        ComposeChecks.check(text, "compose")
        #expect(found.file("shipkeeper.yaml").contains("hourly"))
    }
}
