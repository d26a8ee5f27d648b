import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing

@testable import Control
@testable import Web

/// The operations in JSON below `/-/api/` of the public port: who may what.
@Suite("operations behind the front", .waiting)
struct PublicOperationsTests {
    private static let bearer = "-H 'Authorization: Bearer \(WebBench.token)'"

    private func bench(token: String? = WebBench.token) -> WebBench {
        WebBench([.good(JobDefinition(name: "job")), .good(JobDefinition(name: "other"))], log: ["a line of the log"], token: token)
    }

    @Test("with the token everything is possible that the socket allows, but to put another program in place", .limited)
    func token() async throws {
        let web = bench()
        try await web.run {
            let status = try web.ask("/-/api/status", PublicOperationsTests.bearer)
            #expect(status.status == 200 && status.header("content-type") == "application/json" && status.body.contains("\"name\":\"job\""), "\(status)")
            #expect(status.header("cache-control") == "no-store" && status.header("x-content-type-options") == "nosniff")
            #expect(status.header("content-security-policy")?.hasPrefix("default-src 'none'") == true)
            let started = try web.ask("/-/api/jobs/job/start", "-X POST \(PublicOperationsTests.bearer)")
            #expect(started.status == 200 && started.body.contains("\"result\":\"started\""), "\(started)")
            #expect(try web.ask("/-/api/runs/1", PublicOperationsTests.bearer).body.contains("\"cause\":\"person: http\""))
            #expect(try web.ask("/-/api/runs/1/log", PublicOperationsTests.bearer).body.contains("a line of the log"))
            let upgrade = try web.ask("/-/api/upgrade?program=/bin/true", "-X POST \(PublicOperationsTests.bearer)")
            #expect(upgrade.status == 403 && upgrade.body.contains("control socket only"), "\(upgrade)")
            // Nobody chooses for himself by which way he comes.
            let forged = try web.ask("/-/api/upgrade", "-X POST \(PublicOperationsTests.bearer) -H 'shipkeeper-caller: command line'")
            #expect(forged.status == 403)
            let head = try web.ask("/-/api/status", "-I \(PublicOperationsTests.bearer)")
            #expect(head.status == 200 && !head.body.contains("{"))
            let stream = try web.ask("/-/api/events/stream?seconds=0", PublicOperationsTests.bearer)
            #expect(stream.header("x-accel-buffering") == "no" && stream.header("content-type") == "text/event-stream" && stream.body.contains("retry: "))
        }
    }

    @Test("without a right token there is nothing, and whoever guesses has to wait", .limited)
    func strangers() async throws {
        let web = bench()
        try await web.run {
            for path in ["status", "openapi.json", "healthz", "jobs/job", "nothing", "upgrade"] {
                let answer = try web.ask("/-/api/\(path)")
                #expect(answer.status == 401 && answer.header("www-authenticate")?.hasPrefix("Bearer") == true, "\(path): \(answer)")
                #expect(answer.body.contains("\"unauthorized\"") && !answer.body.contains("other"))
            }
            #expect(try web.ask("/-/api/jobs/job/start", "-X POST").status == 401)
            #expect(try web.ask("/-/api/status", "-H 'Authorization: Basic \(WebBench.token)'").status == 401)
            for _ in 1...4 { _ = try web.ask("/-/api/status", "-H 'Authorization: Bearer wrong'", client: "198.51.100.7") }
            let waiting = try web.ask("/-/api/status", PublicOperationsTests.bearer, client: "198.51.100.7")
            #expect(waiting.status == 429 && waiting.header("retry-after") == "2", "\(waiting)")
            #expect(try web.ask("/-/api/status", PublicOperationsTests.bearer).status == 200, "others are not locked out")
        }
    }

    @Test("where no token is set anyone may read the state, and no log, backup or configuration; nothing can be changed", .limited)
    func visitors() async throws {
        let web = bench(token: nil)
        try await web.run {
            _ = try await web.site.operations.start("job", via: "test", evenIfRunning: false)
            for path in ["status", "status/table", "jobs/job", "jobs/job/why", "next", "runs", "runs/1", "restore", "actions", "openapi.json"] {
                let answer = try web.ask("/-/api/\(path)")
                #expect(answer.status == 200 && !answer.body.contains("a line of the log"), "\(path): \(answer)")
            }
            #expect(try web.ask("/-/api/jobs/job?lines=100").body.contains("\"log\":[]"))
            let closed = [
                "jobs/job/log", "jobs/job/log/text", "runs/1/log", "events", "events/stream?seconds=0", "backups", "backups/latest/archive",
                "backups/latest/verify", "config", "config/check", "doctor", "restore/preview", "actions/a", "repositories/main/notes",
            ]
            for path in closed {
                let answer = try web.ask("/-/api/\(path)")
                #expect(answer.status == 403 && answer.body.contains("control: { token:"), "\(path): \(answer)")
            }
            for operation in OperationCatalog.all where operation.effect != .reads {
                let path = operation.path.replacing("{job}", with: "job").replacing("{action}", with: "a").replacing("{backup}", with: "latest")
                #expect(try web.ask("/-/api/\(path)", "-X POST").status == 403, "\(path)")
            }
        }
    }

    @Test("a login's cookie reads; to change something it needs the mark, and a page of ours behind it", .limited)
    func cookies() async throws {
        let web = bench()
        try await web.run {
            let (cookie, mark) = try web.logIn()
            let other = try web.logIn().mark
            #expect(try web.ask("/-/api/status", "-b '\(cookie)'").status == 200)
            func start(_ more: String) throws -> Int { try web.ask("/-/api/jobs/job/start", "-X POST -b '\(cookie)' \(more)").status }
            #expect(try start("") == 403)
            #expect(try start("-H 'Shipkeeper-Mark: \(other)'") == 403)
            #expect(try start("-H 'Shipkeeper-Mark: \(mark)' -H 'Sec-Fetch-Site: cross-site'") == 403)
            #expect(try start("-H 'Shipkeeper-Mark: \(mark)' -H 'Origin: https://evil.example'") == 403)
            #expect(web.bench.clock.now == web.site.operations.startedAt, "nothing has run")
            #expect(try start("-H 'Shipkeeper-Mark: \(mark)' -H 'Sec-Fetch-Site: same-origin'") == 200)
            #expect(try web.ask("/-/api/jobs/job/start", "-X POST -b 'shipkeeper-login=1.2.3' -H 'Shipkeeper-Mark: \(mark)'").status == 401)
        }
    }

    @Test("paths have one meaning, and a body is not taken", .limited)
    func oddRequests() async throws {
        let web = bench()
        try await web.run {
            for path in ["/-/api/../api/status", "/-/api//status", "/-/api/./status", "/-/api/%2e%2e/status", "/-/api/", "/-/api/jobs/", "/-/api/status/"] {
                #expect(try web.ask(path, PublicOperationsTests.bearer).status == 404, "\(path)")
            }
            #expect(try web.ask("/-/api", PublicOperationsTests.bearer).status == 404)
            #expect(try web.ask("/-/apistatus", PublicOperationsTests.bearer).status == 404)
            #expect(try web.ask("/-/api/status?x=%ff", PublicOperationsTests.bearer).status == 400)
            #expect(try web.ask("/-/api/status", "-X DELETE \(PublicOperationsTests.bearer)").status == 405)
            #expect(try web.ask("/-/api/jobs/job/start", "-d a=b \(PublicOperationsTests.bearer)").status == 415)
            let document = try web.ask("/-/api/openapi.json", PublicOperationsTests.bearer).body
            #expect(document.contains("\"/-/api/status\"") && document.contains("\"bearer\"") && !document.contains("\"/-/status\""))
            #expect(!document.contains("\"upgrade\""))
        }
    }
}
