import Foundation
import HTTPClient
import JobKit
import Jobs
import TestSupport
import Testing

@Suite("service inspector")
struct ServiceInspectorTests {
    /// Answers with one status, or not at all.
    private struct Answers: HTTPTransport {
        var statuses: [String: Int]

        func send(_ request: HTTPRequest, onBody: HTTPBodyReceiver?) async throws(HTTPFailure) -> HTTPResponse {
            guard let status = statuses[request.url] else { throw .refused("connection refused") }
            return HTTPResponse(status: status)
        }

        func connect(host: String, port: Int, timeout: Duration) async throws(HTTPFailure) {
            if statuses["\(host):\(port)"] == nil { throw .refused("connection refused") }
        }
    }

    private func probe(
        _ probe: ServiceDefinition.Probe, statuses: [String: Int] = [:], _ launcher: FakeLauncher = FakeLauncher(), _ clock: ManualClock = ManualClock()
    ) async -> ProbeResult {
        await ServiceInspector(http: Answers(statuses: statuses)).probe(probe, timeout: .seconds(5), context: .fake(launcher, clock, KeptVoice()))
    }

    @Test("an answer below 400 is good; a later address counts where the first is not known")
    func http() async {
        #expect(await probe(.http(["http://a/1"]), statuses: ["http://a/1": 302]) == .healthy)
        #expect(await probe(.http(["http://a/1", "http://a/2"]), statuses: ["http://a/1": 404, "http://a/2": 200]) == .healthy)
        #expect(await probe(.http(["http://a/1", "http://a/2"]), statuses: ["http://a/1": 500, "http://a/2": 200]) == .unhealthy("http://a/1 answered 500"))
        #expect(await probe(.http(["http://a/1"])) == .unhealthy("http://a/1: connection refused"))
    }

    @Test("a connection that is accepted is good")
    func tcp() async {
        #expect(await probe(.tcp(host: "a", port: 1), statuses: ["a:1": 0]) == .healthy)
        #expect(await probe(.tcp(host: "a", port: 2)) == .unhealthy("a:2: connection refused"))
    }

    @Test(
        "a program's exit is the verdict, unless it could not run", .limited,
        arguments: [
            (ProcessExit.exited(0), ProbeResult.healthy), (.exited(22), .unhealthy("the check exited with code 22")),
            (.exited(127), .unknown("the check exited with code 127: its program is not there, or can't be executed")),
            (.exited(126), .unknown("the check exited with code 126: its program is not there, or can't be executed")),
            (.signalled(11), .unhealthy("the check was ended by SIGSEGV")),
        ])
    func program(exit: ProcessExit, result: ProbeResult) async {
        let (launcher, clock) = (FakeLauncher(), ManualClock())
        async let found = probe(.exec(["curl", "-f"]), launcher, clock)
        await launcher.process(1).end(exit)
        #expect(await found == result)
    }

    @Test(
        "a program that can't be started is no verdict", .limited,
        arguments: [
            LaunchError.notFound(program: "curl", searched: "/bin"), .short(program: "curl", .processes), .short(program: "curl", .descriptors),
            .noInterpreter(script: "/x", interpreter: "/bin/sh\r"), .isFolder(path: "/x"),
        ])
    func notStarted(error: LaunchError) async {
        let launcher = FakeLauncher()
        launcher.fail([error])
        #expect(await probe(.exec(["curl"]), launcher) == .unknown("\(error)"))
    }

    @Test("a program that takes too long is ended, and the service is not well", .limited)
    func late() async {
        let (launcher, clock) = (FakeLauncher(), ManualClock())
        async let found = probe(.exec(["sleep"]), launcher, clock)
        let process = await launcher.process(1)
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(6))
        #expect(await found == .unhealthy("the check took longer than 5s"))
        #expect(process.hasEnded)
    }
}
