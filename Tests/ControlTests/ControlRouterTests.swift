import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing

@testable import Control

/// Requests that are understood, and those that are not: each has its status, and a problem in words.
@Suite("requests to the control server")
struct ControlRouterTests {
    private static func ask(_ request: ControlRequest, access: AssistantAccess = .read) async throws -> (response: ControlResponse, text: String) {
        let bench = SchedulerBench([.good(JobDefinition(name: "备份/1")), .good(JobDefinition(name: "a b"))])
        var found: ControlResponse?
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            var operations = bench.operations()
            operations.assistantAccess = { access }
            found = await ControlRouter(operations).respond(to: request)
        }
        let response = try #require(found)
        guard case .bytes(let bytes) = response.body else { return (response, "") }
        return (response, String(decoding: bytes, as: UTF8.self))
    }

    @Test(
        "what is not understood has the status that says why",
        arguments: [
            ("GET", "/", 404, "no_such_path"), ("GET", "/-/nothing", 404, "no_such_path"), ("GET", "/-/jobs//why", 404, "no_such_path"),
            ("GET", "/-/status/", 404, "no_such_path"), ("GET", "/-/../-/status", 404, "no_such_path"), ("GET", "/-/jobs/c", 404, "no_such_job"),
            ("DELETE", "/-/status", 405, "invalid_request"), ("GET", "/-/jobs/a%20b/start", 405, "invalid_request"),
            ("HEAD", "/-/reload", 405, "invalid_request"), ("GET", "/-/status?x=1", 400, "invalid_parameter"),
            ("GET", "/-/next?count=0", 400, "invalid_parameter"), ("GET", "/-/next?count=1&count=2", 400, "invalid_parameter"),
            ("GET", "/-/jobs/a%20b?job=c", 400, "invalid_parameter"), ("GET", "/-/jobs/%ff", 400, "invalid_parameter"),
            ("GET", "/-/jobs/%zz", 400, "invalid_parameter"), ("GET", "/-/runs/1e3", 400, "invalid_parameter"), ("GET", "/-/runs/9", 404, "no_such_run"),
            ("GET", "/-/runs?outcome=good", 400, "invalid_parameter"), ("POST", "/-/healthz", 405, "invalid_request"),
        ])
    func refused(method: String, address: String, status: Int, code: String) async throws {
        let (response, text) = try await ControlRouterTests.ask(ControlRequest(method, address))
        #expect(response.status == status, "\(text)")
        let problems = try ControlJSON.decode(FailureAnswer.self, from: Array(text.utf8)).problems
        #expect(problems.count == 1 && problems.first?.code?.rawValue == code && problems.first?.message.isEmpty == false, "\(text)")
        #expect(response.headers.contains { $0.name == "Allow" } == (status == 405))
    }

    @Test(
        "names in any script, with blanks as browsers write them",
        arguments: ["/-/jobs/%E5%A4%87%E4%BB%BD%2F1", "/-/jobs/a%20b", "/-/next?job=a+b", "/-/status"])
    func understood(address: String) async throws {
        for method in ["GET", "HEAD"] { #expect(try await ControlRouterTests.ask(ControlRequest(method, address)).response.status == 200) }
    }

    @Test("a body is not taken, however long it is", arguments: [(1, 415), (nil, 415), (1 << 20, 415), (1 << 40, 413)] as [(Int64?, Int)])
    func bodies(length: Int64?, status: Int) async throws {
        #expect(try await ControlRouterTests.ask(ControlRequest("POST", "/-/reload", bodyLength: length)).response.status == status)
    }

    @Test("an assistant may look, and change something only where the configuration says so")
    func assistants() async throws {
        let start = ControlRequest("POST", "/-/jobs/a%20b/start", caller: .assistant)
        #expect(try await ControlRouterTests.ask(ControlRequest("GET", "/-/status", caller: .assistant)).response.status == 200)
        let refused = try await ControlRouterTests.ask(start)
        #expect(refused.response.status == 403 && refused.text.contains("\"refused\""))
        let allowed = try await ControlRouterTests.ask(start, access: .write)
        #expect(allowed.response.status == 200 && allowed.text.contains("\"started\""), "\(allowed.text)")
        for operation in OperationCatalog.all where operation.effect != .reads {
            let address = "/-/" + operation.path.replacing("{job}", with: "a%20b")
            #expect(try await ControlRouterTests.ask(ControlRequest("POST", address, caller: .assistant)).response.status == 403, "\(operation)")
        }
    }
}
