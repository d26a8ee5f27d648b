import Config
import Control
import Foundation
import HTTPClient
import JobKit
import Jobs
import Logs
import Processes
import TestSupport
import Testing

@testable import Daemon

/// What becomes of a command that somebody runs by its name, with real programs.
@Suite("actions", .waiting)
struct ActionRunnerTests {
    private let folder = TemporaryFolder()
    private static let secret = "s3cr3t-of-the-gateway"

    private func runner(
        _ actions: String, environment: [String: String] = [:], isSafeMode: Bool = false, values: any KeyValues = InMemoryStore()
    ) throws -> ActionRunner {
        let own = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        let catalog = BuiltInJobs.catalog(http: CurlClient(), now: { .now })
        let configuration = try ConfigurationReader(catalog: catalog, environment: own).read(
            "version: 1\nsecrets: [TOKEN, OTHER]\nactions:\n\(actions)\njobs: {}\n", file: "c.yaml")
        let clock = SystemWallClock()
        return ActionRunner(
            .init(
                configuration: { configuration }, environment: JobEnvironment(own: own, stateFolder: "/nowhere"),
                processes: SystemProcessLauncher(clock: clock), redactor: Redactor(secrets: [ActionRunnerTests.secret, "another-secret"]), clock: clock,
                bootID: "test-\(UUID().uuidString)", isSafeMode: isSafeMode, values: values, note: { _ in }))
    }

    @Test("its exit code and what both its streams said; the argument is the last word, whatever is in it", .limited)
    func result() async throws {
        let runner = try runner(
            """
              say: { command: [sh, -c, 'echo "$0:$1"; echo err >&2; exit 3', program], argument: Word }
              gone: { command: [no-such-program-here] }
            """)
        let answer = try await runner.run("say", argument: "a;rm$IFS", via: "page", wait: nil)
        let run = try #require(answer.run)
        #expect(run.exitCode == 3 && run.outcome == .failed && run.message == "exited with code 3" && run.via == "page" && run.argument == "a;rm$IFS")
        #expect(run.output.contains("program:a;rm$IFS\n") && run.output.contains("err\n") && run.bytesLeftOut == 0 && run.finishedAt != nil)
        let gone = try #require(try await runner.run("gone", argument: nil, via: "x", wait: nil).run)
        #expect(gone.outcome == .failed && gone.exitCode == nil && gone.message?.contains("no-such-program-here is not on PATH") == true)
        await #expect(throws: JobError.self) { try await runner.run("nobody", argument: nil, via: "x", wait: nil) }
        let list = await runner.actions()
        #expect(list.count == 2 && list.allSatisfy { $0.run == nil && $0.state == .idle })
        #expect(await runner.action("say")?.run == run)
    }

    @Test("it has the variables of a job: granted secrets and no others, and shows none", .limited)
    func secrets() async throws {
        let runner = try runner(
            """
              env: { command: [sh, -c, 'printf "%s" "$TOKEN" | head -c 9; sleep 0.2; printf "%s" "$TOKEN" | tail -c +10; echo; echo "[$OTHER] [$LANG] [$SHIPKEEPER_STATE]"'], secrets: [TOKEN], env: { LANG: zz } }
              other: { command: ["true"], secrets: [OTHER] }
            """, environment: ["TOKEN": ActionRunnerTests.secret])
        let run = try #require(try await runner.run("env", argument: nil, via: "x", wait: nil).run)
        #expect(run.output == "<secret>\n[] [zz] [/nowhere]\n", "\(run.output)")
        let other = try #require(await runner.action("other"))
        #expect(other.state == .disabled && other.note == "the secret OTHER is not set")
        await #expect(throws: JobError.self) { try await runner.run("other", argument: nil, via: "x", wait: nil) }
    }

    @Test("never two of the same at once, and others meanwhile; whoever does not wait finds the result later", .limited)
    func once() async throws {
        let runner = try runner(
            """
              wait: { command: [sh, -c, 'until [ -e "$0" ]; do sleep 0.02; done; echo done', "\(folder["go"])"] }
              quick: { command: [echo, quick] }
            """)
        let begun = try await runner.run("wait", argument: nil, via: "x", wait: .zero)
        #expect(begun.state == .running && begun.run?.outcome == nil)
        #expect(try await runner.run("quick", argument: nil, via: "x", wait: nil).run?.output == "quick\n")
        let refusal = await #expect(throws: JobError.self) { try await runner.run("wait", argument: nil, via: "x", wait: nil) }
        #expect(refusal?.summary == "\"wait\" is running already")
        try folder.write("go", "")
        while await runner.action("wait")?.state == .running { await Task.yield() }
        let run = try #require(await runner.action("wait")?.run)
        #expect(run.outcome == .succeeded && run.exitCode == 0 && run.output == "done\n")
    }

    @Test("its time is bounded, and what it has started ends with it", .limited)
    func timeout() async throws {
        let runner = try runner(
            """
              hang: { command: [sh, -c, 'sleep 1000 & echo $!; trap "" TERM; while :; do sleep 0.1; done'], timeout: 1s }
            """)
        let run = try #require(try await runner.run("hang", argument: nil, via: "x", wait: nil).run)
        #expect(run.outcome == .timedOut && run.message == "ended after its timeout of 1s", "\(run)")
        let child = try #require(Int32(run.output.filter(\.isNumber)))
        #expect(kill(child, 0) != 0)
    }

    @Test("of endless output the end is kept", .limited)
    func flood() async throws {
        let runner = try runner("  flood: { command: [seq, \"300000\"] }")
        let run = try #require(try await runner.run("flood", argument: nil, via: "x", wait: nil).run)
        #expect(run.output.utf8.count <= ActionRunner.mostOutput && run.output.hasSuffix("299999\n300000\n") && run.outcome == .succeeded)
        let whole = (1...300_000).reduce(into: Int64(0)) { $0 += Int64("\($1)".utf8.count + 1) }
        #expect(run.bytesLeftOut + Int64(run.output.utf8.count) == whole)
    }

    @Test("the newest run of each is there after a restart, without secrets, and one that the restart has ended says so", .limited)
    func restart() async throws {
        let actions = """
              say: { command: [sh, -c, 'echo "$0 \(ActionRunnerTests.secret)"'], argument: Word }
              wait: { command: [sh, -c, 'until [ -e "$0" ]; do sleep 0.02; done', "\(folder["go"])"] }
              never: { command: ["true"] }
            """
        let values = InMemoryStore()
        let first = try runner(actions, values: values)
        _ = try await first.run("say", argument: "one", via: "page", wait: nil)
        let said = try #require(try await first.run("say", argument: "two", via: "http", wait: nil).run)
        _ = try await first.run("wait", argument: nil, via: "page", wait: .zero)
        while try await values.value("wait", of: "actions") == nil { await Task.yield() }

        let second = try runner(actions, values: values)
        #expect(await second.action("say")?.run == said && said.output == "two <secret>\n")
        #expect(!(try await values.value("say", of: "actions") ?? "").contains(ActionRunnerTests.secret))
        let ended = try #require(await second.action("wait"))
        #expect(ended.state == .idle && ended.run?.outcome == .interrupted && ended.run?.message == "shipkeeper ended while it ran")
        #expect(await second.action("never")?.run == nil)
        try folder.write("go", "")
        #expect(try await second.run("wait", argument: nil, via: "page", wait: nil).run?.outcome == .succeeded, "it can be run again")
        while await first.action("wait")?.state == .running { await Task.yield() }
    }

    @Test("a run whose record can't be written or read is run all the same", .limited)
    func noRecord() async throws {
        struct NoValues: KeyValues {
            func value(_ key: String, of owner: String) throws(JobError) -> String? { throw JobError("no") }
            func values(of owner: String) throws(JobError) -> [String: String] { throw JobError("no") }
            func set(_ values: [String: String?], of owner: String) throws(JobError) { throw JobError("no") }
        }
        let runner = try runner("  say: { command: [echo, x] }", values: NoValues())
        #expect(await runner.action("say")?.run == nil)
        #expect(try await runner.run("say", argument: nil, via: "x", wait: nil).run?.output == "x\n")
    }

    @Test("in safe mode nothing is run")
    func safeMode() async throws {
        let runner = try runner("  a: { command: [\"true\"] }", isSafeMode: true)
        #expect(await runner.actions().first?.state == .disabled)
        await #expect(throws: JobError.self) { try await runner.run("a", argument: nil, via: "x", wait: nil) }
    }
}
