import Config
import Foundation
import HTTPClient
import Import
import JobKit
import Jobs
import Scheduler
import Settings
import TestSupport
import Testing
import TimeZones

/// The files below `TestSupport/ImportExamples` are examples in the style of public ones, by kind.
@Suite("files of other programs")
struct ImportTests {
    private static let folder = SourceTree.root + "/Tests/TestSupport/ImportExamples"

    /// All examples; folders where a kind has more than one file in each.
    private static let examples: [(kind: ImportKind, path: String)] = ImportKind.allCases.flatMap { kind in
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(kind.rawValue)")) ?? []
        return names.sorted().map { (kind, "\(folder)/\(kind.rawValue)/\($0)") }
    }

    private func imported(_ kind: ImportKind, _ path: String) throws -> ImportedConfiguration { try kind.read(ImportSource.load(path), parse: PlainYAML.read) }

    private func imported(_ kind: ImportKind, named name: String) throws -> ImportedConfiguration {
        try imported(kind, "\(ImportTests.folder)/\(kind.rawValue)/\(name)")
    }

    private func imported(_ kind: ImportKind, text: String) -> ImportedConfiguration {
        kind.read(ImportSource(path: "file", files: [.init(path: "file", text: text)]), parse: PlainYAML.read)
    }

    /// The configuration, as it is read from what was written.
    private func configuration(_ found: ImportedConfiguration) throws(ConfigurationError) -> Configuration {
        let catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })
        return try ConfigurationReader(catalog: catalog, environment: [:], isOffline: true).read(found.yaml, file: "shipkeeper.yaml")
    }

    private func job(_ name: String, of found: ImportedConfiguration) throws -> Configuration.Job {
        try #require(try configuration(found).jobs.first { $0.definition.name == name }, "\(found.yaml)")
    }

    @Test("what is written is a valid configuration, and each difference has its place")
    func valid() throws {
        #expect(ImportTests.examples.count >= 29)
        for (kind, path) in ImportTests.examples {
            let found = try imported(kind, path)
            do { _ = try configuration(found) } catch { Issue.record("\(path): \(error.problems.map(\.description))\n\(found.yaml)") }
            for difference in found.differences { #expect(difference.place.file.hasPrefix(path) && !difference.message.isEmpty, "\(difference)") }
        }
    }

    @Test("the same file is written the same way again")
    func stable() throws {
        for (kind, path) in ImportTests.examples { #expect(try imported(kind, path).yaml == imported(kind, path).yaml, "\(path)") }
    }

    @Test(
        "differences are named with their lines",
        arguments: [
            (ImportKind.crontab, "user", 3, "no mail is sent"), (.crontab, "user", 7, "cron's PATH"), (.crontab, "user", 8, "each start of shipkeeper"),
            (.crontab, "system", 1, "the word after the schedule is an account"), (.crontab, "system", 7, "su"), (.crontab, "cronie", 3, "jitter"),
            (.crontab, "mistakes", 1, "February has no day 30"), (.crontab, "mistakes", 2, "61"), (.crontab, "mistakes", 3, "neither a schedule"),
            (.crontab, "mistakes", 4, "neither a schedule"), (.crontab, "mistakes", 5, "1#1"), (.crontab, "mistakes", 6, "clocks skip"),
            (.supervisord, "laravel.conf", 25, "setpriv"), (.supervisord, "laravel.conf", 28, "worker.log"), (.supervisord, "environment.conf", 8, "startsecs"),
            (.supervisord, "everything.conf", 20, "left out"), (.supervisord, "everything.conf", 27, "are not read"), (.procfile, "django", 1, "at each start"),
            (.procfile, "django", 2, "PORT"), (.procfile, "mistakes", 1, "name: command"), (.compose, "wordpress.yml", 22, "ports are not mapped"),
            (.compose, "wordpress.yml", 28, "volumes"), (.compose, "images.yml", 2, "its command is that of its image"),
            (.compose, "images.yml", 12, "privileged"),
            (.compose, "variables.yml", 4, "${E:+e}"), (.systemd, "nginx.service", 8, "foreground"), (.systemd, "nginx.service", 13, "ExecStop is left out"),
            (.crontab, "openbsd", 4, "the flags -ns"), (.crontab, "quartz", 2, "six fields"), (.compose, "nextcloud.yml", 4, "only arguments"),
            (.supervisord, "debian.conf", 27, "not to syslog"), (.supervisord, "debian.conf", 28, "not thrown away"),
            (.systemd, "gunicorn.service", 3, "gunicorn.socket"), (.systemd, "worker@.service", 7, "is a template"),
            (.systemd, "redis.service", 10, "waits for ever"), (.systemd, "borg", 10, "control groups"), (.s6, "linuxserver", 3, "s6-notifyoncheck"),
            (.systemd, "app.service", 4, "OnFailure"), (.systemd, "app.service", 8, "EnvironmentFile"), (.systemd, "postgres.service", 15, "LimitNOFILE"),
        ])
    func named(kind: ImportKind, name: String, line: Int, words: String) throws {
        let found = try imported(kind, named: name)
        let here = found.differences.filter { $0.place.line == line }.map(\.description)
        #expect(here.contains { $0.contains(words) }, "\(here) of \(found.differences.map(\.description))")
    }

    @Test("schedules of crontabs stay what they are, and nothing is made up for")
    func crontab() throws {
        let found = try imported(.crontab, named: "user")
        let backup = try job("backup-db", of: found).definition
        #expect(backup.triggers == [.schedule(.cron(try CronExpression("30 2 * * *"), try configuration(found).timeZone), atStart: false)])
        #expect(backup.fireRule.catchUp == .skip)
        #expect(try job("warm-cache", of: found).definition.triggers == [.boot])
        #expect(try configuration(found).jobs.count == 4, "\(found.yaml)")
        let zoned = try job("certbot", of: try imported(.crontab, named: "cronie"))
        #expect(zoned.timeZone.name == "Asia/Tokyo" && zoned.definition.fireRule.jitter == .seconds(900))
    }

    @Test("percent signs of a crontab are line ends and input")
    func percent() throws {
        let found = try imported(.crontab, named: "percent")
        #expect(
            found.yaml.contains("shell: |\n        { mail -s \"Hello\" me@example.org\n        } <<'END_OF_INPUT'\n        Dear me,\n\n        Lunch.\n"),
            "\(found.yaml)")
        #expect(found.yaml.contains("echo 100% done"))
    }

    @Test("dollars are kept from being variables of the configuration")
    func dollars() throws {
        let found = imported(.crontab, text: "* * * * * echo ${HOME} $$ $HOME $(date)\n")
        #expect(found.yaml.contains("echo $${HOME} $$$ $HOME $(date)"), "\(found.yaml)")
        guard case .job = try job("echo", of: found).work else { return }
    }

    @Test(
        "calendar events as cron",
        arguments: [
            ("Mon..Fri *-*-* 03:30", "30 3 * * 1-5"), ("daily", "0 0 * * *"), ("*-*-* 00/2:30:00", "30 */2 * * *"), ("*:0/15", "*/15 * * * *"),
            ("Sat *-*-1..7 18:00:00", "0 18 * * 6#1"), ("Fri *-*~07/1 12:00", "0 12 * * 5L"), ("*-*~01 23:30:00", "30 23 L * *"),
            ("*-1,7-1 00:00", "0 0 1 1,7 *"), ("Sat..Mon 10:00", "0 10 * * 6-6,0-1"), ("*-*-* 04:05:06", "6 5 4 * * *"), ("quarterly", "0 0 1 1,4,7,10 *"),
        ])
    func calendar(event: String, cron: String) throws {
        let unit = "[Timer]\nOnCalendar=\(event)\nUnit=a.service\n[Service]\nExecStart=/bin/a\n"
        let source = ImportSource(path: "u", files: [.init(path: "u/a.service", text: "[Service]\nExecStart=/bin/a\n"), .init(path: "u/a.timer", text: unit)])
        let found = ImportKind.systemd.read(source, parse: PlainYAML.read)
        #expect(found.yaml.contains("cron: \"\(cron)\""), "\(found.yaml) \(found.differences.map(\.description))")
    }

    @Test("units: readiness, signals, accounts and restarts")
    func units() throws {
        let found = try imported(.systemd, named: "postgres.service")
        for words in ["notify: true", "watchdog: 30s", "SIGINT", "setpriv", "reload: { signal: SIGHUP }", "grace: 5m", "memory_limit: 1GiB"] {
            #expect(found.yaml.contains(words), "\(words) in \(found.yaml)")
        }
        let timers = try imported(.systemd, named: "timers")
        #expect(timers.yaml.contains("every: 1d") && timers.yaml.contains("boot: true") && timers.yaml.contains("Europe/Berlin"), "\(timers.yaml)")
        #expect(timers.differences.contains { $0.message.contains("2027-01-01") && $0.severity == .error })
        #expect(timers.differences.contains { $0.message.contains("a date and a weekday together") })
        #expect(timers.differences.contains { $0.message.contains("lonely.service is missing") })
    }

    @Test("what a command leaves to others, and how long it may take")
    func batch() throws {
        let borg = try job("borg", of: imported(.systemd, named: "borg")).definition
        #expect(borg.background == Background(nice: 19, io: .idle, memoryHigh: 512 << 20, pressure: nil) && borg.timeout == .seconds(4 * 3600))
        #expect(try job("clean", of: imported(.systemd, named: "timers")).definition.background == nil)
    }

    @Test("a folder of s6-overlay: bundles, dependencies, and the older form")
    func s6() throws {
        let found = try imported(.s6, named: "nginx")
        #expect(try job("nginx", of: found).definition.needs == ["init-config"])
        #expect(found.yaml.contains("command: [bash, /etc/s6-overlay/s6-rc.d/nginx/run]"), "\(found.yaml)")
        let old = try imported(.s6, named: "old")
        #expect(try job("web", of: old).definition.needs == ["own"] && job("own", of: old).definition.needs == ["prepare"], "\(old.yaml)")
        #expect(try job("bye", of: old).definition.triggers == [.stop])
        let down = try imported(.s6, named: "down")
        #expect(try job("spare", of: down).definition.triggers.isEmpty, "\(down.yaml)")
        #expect(try imported(.s6, named: "empty").isEmpty)
    }

    @Test("compose: what others wait for runs once, memory and ends are carried over")
    func compose() throws {
        let migrate = try imported(.compose, named: "migrate.yml")
        #expect(try !job("migrate", of: migrate).definition.isService && job("web", of: migrate).definition.needs == ["migrate"])
        let flask = try imported(.compose, named: "flask.yml")
        for words in ["memory_limit: 256MiB", "SIGINT", "grace: 1m30s", "give_up_after: 3 in 1h", "${PORT}", "PRICE: \"$$5\""] {
            #expect(flask.yaml.contains(words), "\(words) in \(flask.yaml)")
        }
    }

    @Test("any text is read without a crash, and what is written is YAML")
    func garbage() throws {
        var random = SeededRandom(seed: 9)
        let pieces = [
            "\n", " ", "*", "0 3 * * *", "[program:x]", "command=", "\\", "\"", "'", "%", "${", "$$", "a", ":", "services:", "  - ", "[Service]", "ExecStart=",
            "~", "备份", "#",
        ]
        for _ in 0..<400 {
            let text = (0..<Int.random(in: 0..<60, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            for kind in ImportKind.allCases {
                let found = imported(kind, text: text)
                #expect(PlainYAML.read(found.yaml, file: "x").problems.isEmpty, "\(kind) of \(text): \(found.yaml)")
            }
        }
    }
}
