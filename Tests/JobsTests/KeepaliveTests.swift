import HTTPClient
import JobKit
import TestSupport
import Testing

@Suite("keepalive")
struct KeepaliveTests {
    private func job(_ with: String, _ answers: [Result<HTTPResponse, HTTPFailure>]) throws -> (DeclaredJob, ListedAnswers) {
        let http = ListedAnswers(answers)
        return (try DeclaredJob("type: keepalive\nwith: { url: \"https://app.example/up\"\(with) }", http: http), http)
    }

    @Test("asks as it was told, and says how long that took", .limited)
    func asks() async throws {
        let (job, http) = try job(", method: HEAD, headers: { X-Token: abc }, timeout: 5s", [.success(HTTPResponse(status: 204))])
        let report = try await job.run()
        #expect(report.summary == "answered 204 in 0 ms")
        let request = try #require(http.requests.first)
        #expect(request.method == "HEAD" && request.url == "https://app.example/up" && request.timeout == .seconds(5))
        #expect(request.headers.contains { $0.name == "X-Token" && $0.value == "abc" })
    }

    @Test("fails only after so many failures in a row, and one answer forgets them", .limited)
    func patience() async throws {
        let bad = Result<HTTPResponse, HTTPFailure>.success(HTTPResponse(status: 502))
        let (job, _) = try job(", failures: 2", [bad, .success(HTTPResponse(status: 200)), bad, bad])
        #expect(try await job.run().summary == "https://app.example/up answered 502 (1 of 2 before this counts as a failure)")
        #expect(try await job.run().summary.hasPrefix("answered 200"))
        _ = try await job.run()
        let error = await #expect(throws: JobError.self) { try await job.run() }
        #expect(error?.summary == "https://app.example/up answered 502" && error?.retry == .worthwhile && error?.hint != nil)
    }

    @Test(
        "what counts as reached",
        arguments: [
            ("", 302, nil, true), ("", 404, nil, false), (", statuses: [404, 401]", 404, nil, true), (", statuses: 204", 200, nil, false),
            (", marker: X-App", 200, "any", true), (", marker: X-App", 200, nil, false), (", marker: \"X-App: mine\"", 200, "mine", true),
            (", marker: \"X-App: mine\"", 200, "theirs", false), (", marker: \" X-App :  mine \"", 200, "mine", true),
            (", marker: \"X-App:\"", 200, "any", true),
            (", marker: \"X-App:mine: or yours\"", 200, "mine: or yours", true), (", marker: \"X-App: mine\"", 200, nil, false),
        ] as [(String, Int, String?, Bool)])
    func verdict(with: String, status: Int, mark: String?, isReached: Bool) async throws {
        let (job, _) = try job("\(with), failures: 1", [.success(HTTPResponse(status: status, headers: mark.map { [("x-app", $0)] } ?? []))])
        if isReached { _ = try await job.run() } else { await #expect(throws: JobError.self) { try await job.run() } }
    }

    @Test("no answer is told with its cause", .limited)
    func unreachable() async throws {
        let (job, _) = try job(", failures: 1", [.failure(.timedOut("no answer within 10 s"))])
        let error = await #expect(throws: JobError.self) { try await job.run() }
        #expect(error?.summary.contains("no answer from https://app.example/up: no answer within 10 s") == true, "\(String(describing: error))")
    }

    @Test("a marker without a name is a mistake", arguments: [":", ": value", "::", " ", " : x", "X App", "X-App x: y", "名: x", "X-App\\n: y"])
    func namelessMarker(marker: String) {
        let problems = DeclaredJob.problems("type: keepalive\nwith: { url: \"https://app.example/up\", marker: \"\(marker)\" }")
        #expect(problems.count == 1 && problems[0].contains("\"a.with.marker\" is "), "\(problems)")
    }

    @Test("mistakes are named with their places")
    func mistakes() {
        let problems = DeclaredJob.problems("type: keepalive\nwith:\n  url: nowhere\n  method: POST\n  statuses: [99]\n  failures: 0\n  timeout: 2m")
        for words in ["c.yaml:6:12: error: \"a.with.url\"", ":7:15: error: \"a.with.method\"", ":8:18: error:", ":9:17: error:", ":10:16: error:"] {
            #expect(problems.contains { $0.contains(words) }, "\(words) is not in \(problems)")
        }
        #expect(DeclaredJob.problems("type: keepalive").contains { $0.contains("\"a.with.url\" is missing") })
    }
}
