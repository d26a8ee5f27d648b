import Foundation
import TestSupport
import Testing

/// `shipkeeper exec`: one run of one job, by a program that does nothing else.
@Suite("exec runs one job once", .waiting, .serialized)
struct ExecTests {
    private struct World {
        let folder: TemporaryFolder

        init(_ account: Account, jobs: String, top: String = "") throws {
            folder = TemporaryFolder(for: account)
            try folder.write("shipkeeper.yaml", "version: 1\nstate: \(folder["state"])\nstop_budget: 2m\n\(top)\njobs:\n\(jobs)\n")
            if account.isOther { try folder.renew("state") }
        }

        func run(_ words: String, environment: [String: String] = [:]) throws -> Shell.Result {
            try Shell.run(
                "\(folder.account.commandPrefix)'\(SourceTree.program)' \(words) --config '\(folder["shipkeeper.yaml"])'",
                environment: folder.account.environment.merging(environment) { $1 })
        }

        /// What a query of the state file gives.
        func recorded(_ query: String) throws -> String { try Shell.run("sqlite3 '\(folder["state"])/state.db' \"\(query)\"").output }
    }

    @Test("the exit code is the outcome, the log is shown, and the run is recorded with its attempts", .limited, arguments: Account.allCases)
    func outcomes(account: Account) throws {
        let world = try World(
            account,
            jobs: """
                  good: { type: command, needs: other, on: { every: 1s }, with: { shell: "echo said; echo also >&2" } }
                  bad: { type: command, with: { command: ["false"] } }
                  slow: { type: command, timeout: 1s, with: { command: [sleep, "1000"] } }
                  again:
                    type: command
                    retry: { attempts: 3, backoff: 10ms }
                    with: { shell: "echo x >> tries; test $(wc -l < tries) -ge 3", cwd: '{{}}' }
                  other: { type: command, on: boot, with: { shell: "echo never > '{{}}/other'" } }
                """)
        try world.folder.renew("work")
        try world.folder.run("mkdir -p work && sed -i \"s|{{}}|$PWD/work|\" shipkeeper.yaml")
        let good = try world.run("exec good")
        #expect(good.status == 0 && good.output.contains("said") && good.output.contains("also") && good.output.contains("good succeeded"), "\(good)")
        #expect(try world.run("exec bad").status == 1)
        let slow = try world.run("exec slow")
        #expect(slow.status == 1 && slow.errors.contains("timed out"), "\(slow)")
        let again = try world.run("exec again")
        #expect(again.status == 0, "\(again)")
        #expect(world.folder.read("work/tries") == "x\nx\nx\n")
        #expect(world.folder.read("work/other") == nil, "nothing else is started")
        #expect(
            try world.recorded("SELECT job, outcome, (SELECT count(*) FROM attempts WHERE run = runs.id) FROM runs ORDER BY id")
                == "good|succeeded|1\nbad|failed|1\nslow|timed out|1\nagain|succeeded|3\n")
        let log = try world.run("logs good")
        #expect(log.output.contains("said"), "\(log)")
    }

    @Test("a job that can't be run is refused with the code for it", .limited, arguments: Account.allCases)
    func refusals(account: Account) throws {
        let world = try World(
            account,
            jobs: """
                  job: { type: command, secrets: [KEY], with: { shell: "echo $KEY" } }
                  off: { type: command, enabled: false, with: { command: ["true"] } }
                  app: { type: service, with: { command: [sleep, "1000"] } }
                """, top: "secrets: [KEY]")
        let unknown = try world.run("exec jbo")
        #expect(unknown.status == 5 && unknown.errors.contains("did you mean \"job\"?"), "\(unknown)")
        let service = try world.run("exec app")
        #expect(service.status == 1 && service.errors.contains("is a service"), "\(service)")
        let off = try world.run("exec off")
        #expect(off.status == 1 && off.errors.contains("\"enabled\" is false"), "\(off)")
        let missing = try world.run("exec job")
        #expect(missing.status == 1 && missing.errors.contains("the secret KEY is not set"), "\(missing)")
        let given = try world.run("exec job", environment: ["KEY": "value-of-the-key"])
        #expect(given.status == 0 && !given.output.contains("value-of-the-key"), "\(given)")
        try world.folder.write("variables", "KEY=another-value\n")
        let file = try world.run("exec job --env-file '\(world.folder["variables"])'")
        #expect(file.status == 0 && !file.output.contains("another-value"), "\(file)")
        let json = try world.run("exec job --json", environment: ["KEY": "value-of-the-key"])
        try world.folder.write("answer.json", json.output)
        let outcome = try Shell.run("jq -r '.ok, .data.job, .data.outcome, .data.attempts[0].number' '\(world.folder["answer.json"])'").output
        #expect(outcome == "true\njob\nsucceeded\n1\n", "\(json)")
        try world.folder.write("shipkeeper.yaml", "version: 1\njobs: { job: { type: nothing } }\n")
        #expect(try world.run("exec job").status == 78)
    }

    @Test("what the running program knows of other jobs, schedules and pauses stays as it is", .limited, arguments: Account.allCases)
    func leavesTheRest(account: Account) throws {
        let world = try World(
            account,
            jobs: """
                  job: { type: command, with: { shell: "echo done" } }
                  hourly: { type: command, on: { every: 1h }, with: { command: ["true"] } }
                  app: { type: service, with: { command: [sleep, "1000"] } }
                """)
        let program = try RunningProgram(try #require(world.folder.read("shipkeeper.yaml")), in: world.folder)
        #expect(try program.answers())
        for words in ["start app --wait", "stop app --wait", "pause hourly"] { #expect(try program.ask(words).status == 0) }
        let locked = try world.run("exec job")
        #expect(locked.status == 6 && locked.errors.contains("shipkeeper start job --wait"), "\(locked)")
        #expect(program.stop() == 0)
        let tables = ["cursors", "pauses", "stopped_services", "services", "events", "runs WHERE job <> 'job'"]
        let before = try tables.map { try world.recorded("SELECT * FROM \($0)") }
        #expect(before.allSatisfy { !$0.isEmpty }, "\(before)")
        #expect(try world.run("exec job").status == 0)
        #expect(try tables.map { try world.recorded("SELECT * FROM \($0)") } == before)
    }

    /// Whoever has adopted the process may not have asked for its exit code yet.
    private func hasEnded(_ process: String) throws -> Bool { try RunningProgram.until("! grep -qs '^State:.[^XZ]' /proc/\(process)/status") }

    @Test("SIGTERM ends the run and all it has started, and a killed one is accounted for", .limited, arguments: Account.allCases)
    func ends(account: Account) throws {
        let world = try World(
            account, jobs: "  job: { type: command, with: { shell: \"sleep 4321 & echo $! > child.txt; echo $$$$ > own.txt; wait\", cwd: '{{}}' } }")
        try world.folder.run("sed -i \"s|{{}}|$PWD/work|\" shipkeeper.yaml")
        func begin(_ signal: String) throws -> Shell.Result {
            try world.folder.renew("work")
            try world.folder.run("mkdir -p work")
            return try Shell.run(
                """
                \(account.commandPrefix)'\(SourceTree.program)' exec job --config '\(world.folder["shipkeeper.yaml"])' & program=$!
                until [ -s '\(world.folder["work/own.txt"])' ]; do sleep 0.02; done
                kill -\(signal) $(cat '\(world.folder["work/own.txt"])' | xargs -I{} ps -o ppid= -p {}); wait $program
                """, environment: account.environment)
        }
        let ended = try begin("TERM")
        #expect(ended.status == 1, "\(ended)")
        let child = try #require(world.folder.read("work/child.txt")).trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try hasEnded(child), "\(ended)")
        #expect(try world.recorded("SELECT outcome FROM runs") == "cancelled\n")
        #expect(try begin("KILL").status == 137)
        let left = try #require(world.folder.read("work/child.txt")).trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try begin("TERM").status == 1)
        #expect(try hasEnded(left), "what the killed one has left running is ended")
        #expect(try world.recorded("SELECT outcome FROM runs ORDER BY id") == "cancelled\ninterrupted\ncancelled\n")
    }
}
