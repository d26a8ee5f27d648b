import Control
import Foundation
import JobKit
import Scheduler
import Settings
import TestSupport
import Testing

@testable import Web

/// The pages with the data of a scheduler, over the socket.
@Suite("pages", .waiting)
struct PageTests {
    private static let daily = Trigger.schedule(.every(.seconds(7200)), atStart: false)

    @Test("the waiting page for any path, in the reader's language", .limited)
    func waiting() async throws {
        let web = WebBench([.good(JobDefinition(name: "job"))])
        try await web.run {
            let root = try web.ask("/-/waiting", "-H 'Shipkeeper-Path: /'")
            #expect(
                root.status == 200 && root.body.contains("lang=\"en\"") && root.body.contains("http-equiv=\"refresh\"") && root.body.contains("href=\"./-/\""))
            let deep = try web.ask("/-/waiting", "-H 'Shipkeeper-Path: /a/b/c?d' -H 'Accept-Language: zh-CN,en;q=0.5'")
            #expect(deep.status == 503 && deep.header("retry-after") == "3" && deep.body.contains("href=\"../../-/\"") && deep.body.contains("lang=\"zh-CN\""))
            let head = try web.ask("/-/waiting", "-I -H 'Shipkeeper-Path: /'")
            #expect(head.status == 200 && head.header("content-length") == "\(root.body.utf8.count)")
            // The style within it is the one that the policy allows.
            let style = try #require(root.body.firstMatch(of: /<style>([^<]*)<\/style>/)).1
            #expect(style == WaitingPage.style)
        }
    }

    @Test("the first page, a job, its run and its log; starting, pausing and a dry run by forms", .limited)
    func whole() async throws {
        let web = WebBench([
            .scripted(JobDefinition(name: "备份", triggers: [PageTests.daily], canDryRun: true)) { context throws(JobError) in
                if context.run == 2 { throw JobError("the disk is full", hint: "make room") }
                return RunReport(summary: "stored 5 files")
            }
        ])
        try await web.run {
            let (cookie, mark) = try web.logIn()
            func get(_ path: String, _ more: String = "") throws -> WebBench.Heard { try web.ask("/-/\(path)", "-b '\(cookie)' \(more)") }
            func post(_ path: String, _ fields: String = "") throws -> WebBench.Heard {
                try web.ask("/-/\(path)", "-b '\(cookie)' -d 'mark=\(mark)' \(fields)")
            }
            let job = "jobs/%E5%A4%87%E4%BB%BD"
            #expect(try get("").body.contains("All is well."))
            let started = try post("\(job)/start")
            #expect(started.status == 303 && started.header("location") == "../../runs/1")
            await web.bench.logs.wait(for: "备份: succeeded")
            #expect(try post("\(job)/start").header("location") == "../../runs/2")
            await web.bench.logs.wait(for: "备份: failed")
            let first = try get("")
            #expect(
                first.body.contains("the disk is full") && first.body.contains("make room") && first.body.contains("data-live=")
                    && first.body.contains("<svg class=\"bars\"") && first.body.contains("last runs: 1 succeeded, 1 failed"))
            let card = try get(job)
            #expect(card.status == 200 && card.body.contains("href=\"../runs/1\"") && card.body.contains("action=\"../jobs/%E5%A4%87%E4%BB%BD/start\""))
            #expect(card.body.contains("failed, ") && card.body.contains("last runs: 1 succeeded, 1 failed"))
            let run = try get("runs/2")
            #expect(run.status == 200 && run.body.contains("a line") && run.body.contains("→ make room") && run.body.contains("failed"))
            #expect(try get("runs/9").status == 404 && (try get("jobs/none").body.contains("no job is named")))
            #expect(try post("\(job)/pause").status == 303 && (try get(job).body.contains("Resume schedule")))
            #expect(try post("\(job)/resume").status == 303 && (try post("pause").status == 303) && (try get("").body.contains("action=\"./resume\"")))
            #expect(try post("jobs/none/start").status == 404)
            #expect(try post("\(job)/dry-run").header("location") == "../../runs/3")
            await web.bench.logs.wait(for: "备份: succeeded", times: 2)
            let chinese = try get("", "-H 'Accept-Language: zh'")
            #expect(chinese.body.contains("<html lang=\"zh-CN\">") && chinese.body.contains("需要处理"))
            #expect(web.bench.store.allRuns.allSatisfy { $0.cause.displayText.contains("page") })
        }
    }

    @Test("a restore needs the id typed in", .limited)
    func restore() async throws {
        let id = "4f1d9c2a77aa"
        let backups = [
            RepositoryBackups(
                repository: "hub", backups: [.init(id: id, short: "4f1d9c2a", at: Date(timeIntervalSince1970: 1_789_990_000), archiveBytes: 12_345)]),
            RepositoryBackups(repository: "oss", backups: [], problem: "no answer from <oss>"),
        ]
        let web = WebBench([.good(JobDefinition(name: "job"))], backups: backups)
        try await web.run {
            let (cookie, mark) = try web.logIn()
            let page = try web.ask("/-/backups", "-b '\(cookie)'")
            #expect(page.body.contains("12.3 kB") && page.body.contains("no answer from &lt;oss&gt;") && page.body.contains("name=\"at\" value=\"\(id)\""))
            func restore(_ typed: String) throws -> Int {
                try web.ask("/-/restore", "-b '\(cookie)' -d mark=\(mark) -d at=\(id) -d repository=hub --data-urlencode 'confirm=\(typed)'").status
            }
            for typed in ["", "4", "4f1d", "yes", "4f1d9c2b", id] { #expect(try restore(typed) == 400, "\(typed)") }
            let unlisted = "-b '\(cookie)' -d mark=\(mark) -d at=other -d repository=hub -d confirm=other"
            #expect(try web.ask("/-/restore", unlisted).status == 400)
            #expect(web.restores.isEmpty)
            #expect([303, 409].contains(try restore(" 4f1d9c2a ")))
            await web.waitForRestores(1)
            #expect(web.restores == [id])
        }
    }

    @Test("the whole first page is small, and asks nobody else", .limited)
    func weight() async throws {
        let web = WebBench((0..<20).map { .good(JobDefinition(name: "job-\($0)", triggers: [PageTests.daily])) })
        try await web.run {
            let (cookie, _) = try web.logIn()
            var bytes = 0
            for path in ["", "assets/page.css", "assets/page.js", "assets/icon.svg", "manifest.webmanifest"] {
                let answer = try web.ask("/-/\(path)", "-b '\(cookie)'")
                #expect(answer.status == 200)
                bytes += answer.body.utf8.count
                #expect(!answer.body.replacing("http://www.w3.org/2000/svg", with: "").contains("://"), "\(path)")
            }
            #expect(bytes < 60_000, "\(bytes) bytes")
        }
    }

    @Test("who waits for news hears of it, and too many do not wait", .limited)
    func live() async throws {
        let web = WebBench([.good(JobDefinition(name: "job"))])
        try await web.run {
            let (cookie, _) = try web.logIn()
            let at = try #require(try web.ask("/-/", "-b '\(cookie)'").body.firstMatch(of: /data-live="(\d+)"/)).1
            let waiting = Task.detached { try web.ask("/-/live?after=\(at)&run=", "-b '\(cookie)'") }
            await web.bench.clock.waitForSleepers(2)
            _ = try await web.site.operations.start("job", via: "test", evenIfRunning: false)
            let answer = try await waiting.value
            #expect(answer.status == 200 && Int(answer.body.trimmingCharacters(in: .newlines)) ?? 0 > Int(at) ?? 0, "\(answer)")
            #expect(try web.ask("/-/live", "-b '\(cookie)'").status == 400)
        }
    }

    @Test("metrics can be read by Prometheus' own parser, and name jobs and outcomes alone", .limited)
    func metrics() async throws {
        let web = WebBench([
            .scripted(JobDefinition(name: "back\"up\\", triggers: [PageTests.daily])) { context in
                RunReport(summary: "run", result: .backup(BackupResult(.stored, files: 3, bytes: 30, archiveBytes: 1234)))
            }, .scripted(JobDefinition(name: "bad")) { _ throws(JobError) in throw JobError("failed with a secret <x>") },
        ])
        try await web.run {
            let counting = Task { await web.site.count() }
            defer { counting.cancel() }
            await web.bench.clock.waitForSleepers(2)
            for job in ["back\"up\\", "bad"] { _ = try await web.site.operations.start(job, via: "test", evenIfRunning: false) }
            await web.bench.logs.wait(for: "bad: failed")
            await web.bench.logs.wait(for: "back\"up\\: succeeded")
            func text() throws -> String { try web.ask("/-/metrics", "-H 'Authorization: Bearer \(WebBench.token)'").body }
            while try !text().contains("shipkeeper_runs_total{job=\"bad\",outcome=\"failed\"} 1") { await Task.yield() }
            while try !text().contains("outcome=\"succeeded\"} 1") { await Task.yield() }
            let body = try text()
            #expect(!body.contains("secret"))
            try web.folder.write("metrics", body)
            let script = """
                import sys
                from prometheus_client.parser import text_string_to_metric_families as parse
                found = {}
                for family in parse(open(sys.argv[1]).read()):
                    for s in family.samples:
                        assert set(s.labels) <= {"job", "outcome", "version"}, s
                        found[(s.name, s.labels.get("job"), s.labels.get("outcome"))] = s.value
                assert found[("shipkeeper_build_info", None, None)] == 1
                assert found[("shipkeeper_runs_total", 'back"up\\\\', "succeeded")] == 1, found
                assert found[("shipkeeper_runs_total", "bad", "failed")] == 1
                assert found[("shipkeeper_job_failing", "bad", None)] == 1
                assert found[("shipkeeper_backup_size_bytes", 'back"up\\\\', None)] == 1234
                assert ("shipkeeper_job_last_success_age_seconds", "bad", None) not in found
                assert found[("shipkeeper_job_last_success_age_seconds", 'back"up\\\\', None)] >= 0
                print("parsed", len(found))
                """
            try web.folder.write("parse.py", script)
            let parsed = try Shell.run("\(Shell.python) '\(web.folder["parse.py"])' '\(web.folder["metrics"])'")
            #expect(parsed.output.contains("parsed"), "\(parsed) \(body)")
        }
    }
}
