import JobKit
import TestSupport
import Testing

@Suite("command", .waiting)
struct CommandTests {
    @Test("a program runs in its folder with its environment, and its exit code decides", .limited)
    func exitCodes() async throws {
        let good = try DeclaredJob("type: command\nwith: { shell: 'pwd; echo $WORD', cwd: /usr }")
        let report = try await good.run(environment: ["WORD": "hello"])
        #expect(report.summary == "exited with code 0" && good.reporter.all == "/usr\nhello\n")
        let bad = try DeclaredJob("type: command\nwith: { command: [sh, -c, 'exit 3'] }")
        let error = await #expect(throws: JobError.self) { try await bad.run() }
        #expect(error?.summary == "it exited with code 3" && error?.exitCode == 3 && error?.retry == .worthwhile)
        #expect(error?.hint == "shipkeeper logs a --run 7")
        #expect(try await DeclaredJob("type: command\nwith: { shell: 'exit 3', success_codes: [0, 3] }").run().summary == "exited with code 3")
        let killed = await #expect(throws: JobError.self) { try await DeclaredJob("type: command\nwith: { command: [bash, -c, 'kill -9 $BASHPID'] }").run() }
        #expect(killed?.summary == "it was ended by SIGKILL" && killed?.exitCode == 137)
    }

    @Test("a program that can't be started is an error that says what to do", .limited)
    func missing() async throws {
        let error = await #expect(throws: JobError.self) { try await DeclaredJob("type: command\nwith: { command: [no-such-program] }").run() }
        #expect(error?.summary.contains("no-such-program is not on PATH") == true && error?.hint != nil)
        let folder = await #expect(throws: JobError.self) { try await DeclaredJob("type: command\nwith: { command: [ls], cwd: /nowhere/at/all }").run() }
        #expect(folder?.summary == "the folder /nowhere/at/all does not exist")
    }

    @Test("mistakes are named with their places")
    func mistakes() {
        #expect(DeclaredJob.problems("type: command").contains { $0.contains("command") && $0.contains("missing") })
        let problems = DeclaredJob.problems("type: command\nwith: { command: [ls], shell: ls, success_codes: [300], cwdd: /x }")
        #expect(problems.contains { $0.contains("cwdd") && $0.contains("did you mean \"cwd\"?") }, "\(problems)")
        #expect(problems.count >= 3, "\(problems)")
    }
}
