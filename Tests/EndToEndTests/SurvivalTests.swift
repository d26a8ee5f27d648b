import Foundation
import TestSupport
import Testing

/// A service outlives the program that looks after it.
@Suite("a service survives its supervisor", .waiting)
struct SurvivalTests {
    /// Counts, and writes each number to both streams.
    private static let counter = "i=0; while :; do i=$((i+1)); echo \"line $i\"; echo \"err $i\" >&2; echo $i > \"$1\"; sleep 0.01; done\n"

    private struct Facts: Decodable, Equatable {
        struct Run: Decodable, Equatable {
            var id: Int64
            var started_at: String
        }
        var process: Int32?
        var launches: Int?
        var restarts: Int?
        var state: String
        var run: Run?
    }

    private func start(_ jobs: String, _ folder: TemporaryFolder, more: String = "") throws -> RunningProgram {
        try RunningProgram("version: 1\nstate: \(folder["state"])\nstop_budget: 60s\n\(more)jobs:\n\(jobs)\n", in: folder)
    }

    private func facts(_ program: RunningProgram, job: String = "app") throws -> Facts {
        let query = "'\(SourceTree.program)' status --json --state '\(program.folder["state"])' | jq -c '.data.jobs[] | select(.name == \"\(job)\")'"
        return try JSONDecoder().decode(Facts.self, from: Data(try Shell.run(query).output.utf8))
    }

    private func isReady(_ program: RunningProgram, _ restarts: Int, job: String = "app") throws -> Bool {
        let query = ".data | .restarts == \(restarts) and (.jobs[] | select(.name == \"\(job)\") | .state == \"ready\")"
        return try program.until("'\(SourceTree.program)' status --json --state '\(program.folder["state"])' | jq '\(query)' | grep -qx true")
    }

    private func daemon(of program: RunningProgram, not other: Int32 = 0) throws -> Int32 {
        try #require(try program.until("pgrep -P \(program.id) -f no-init | grep -qvx \(other)"), "\(program.log)")
        let found = try Shell.run("pgrep -P \(program.id) -f no-init | grep -vx \(other)").output
        return try #require(Int32(found.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// What is in a run's log of one of the counter's streams.
    private func numbers(_ word: String, run: Int64, _ folder: TemporaryFolder) -> [Int] {
        ["state/logs/\(run).log.1", "state/logs/\(run).log"].compactMap { folder.read($0) }.joined().split(separator: "\n")
            .filter { $0.hasPrefix(word + " ") }.compactMap { Int($0.dropFirst(word.count + 1)) }
    }

    private func expectWhole(_ run: Int64, _ folder: TemporaryFolder) {
        for word in ["line", "err"] {
            let found = numbers(word, run: run, folder)
            let gap = zip(found, found.dropFirst()).first { $1 != $0 + 1 }
            #expect(found.first == 1 && gap == nil, "\(word): \(String(describing: gap)) of \(found.count)")
        }
    }

    @Test(
        "kill -9 of the program, again and again: the service counts on, and no line is lost or doubled", .timeLimit(.minutes(30)),
        arguments: Account.allCases, [1, 2])
    func killed(account: Account, seed: Int) throws {
        let folder = TemporaryFolder(for: account)
        try folder.write("app.sh", SurvivalTests.counter)
        try folder.write("data/x", "")
        let program = try start(
            """
              prepare: { type: command, on: boot, with: { shell: "echo once >> \(folder["data/prepared"])" } }
              app: { type: service, needs: prepare, with: { command: [sh, \(folder["app.sh"]), \(folder["data/count"])] } }
            """, folder)
        #expect(try isReady(program, 0), "\(program.log)")
        let before = try facts(program)
        var last: Int32 = 0
        let rounds = 7
        for round in 1...rounds {
            last = try daemon(of: program, not: last)
            // Every other one is killed while it begins.
            if round % 2 == seed % 2 { #expect(try isReady(program, round - 1), "\(program.log)") }
            kill(last, SIGKILL)
        }
        #expect(try isReady(program, rounds), "\(program.log)")
        let after = try facts(program)
        #expect(after == before, "\(after)")
        #expect(after.launches == 1 && after.restarts == 0 && after.process != nil)
        let count = try #require(folder.read("data/count"))
        #expect(try program.until("[ \"$(cat '\(folder["data/count"])')\" != '\(count.trimmingCharacters(in: .newlines))' ]"))
        #expect(try program.ask("runs --json").output.components(separatedBy: "\"job\"").count - 1 == 2)
        #expect(program.stop() == 0, "\(program.log)")
        #expect(folder.read("data/prepared") == "once\n")
        expectWhole(try #require(before.run?.id), folder)
        #expect(try Shell.run("pgrep -f '\(folder.path)'").output == "")
    }

    @Test("a service that ends while no program is there: its exit code is known, and it is started again", .timeLimit(.minutes(30)))
    func endedMeanwhile() throws {
        let folder = TemporaryFolder()
        try folder.write("app.sh", "trap 'echo last words; exit 7' TERM; echo $$ > \"$1\"; while :; do sleep 0.1; done\n")
        let program = try start(
            "  app: { type: service, with: { command: [sh, \(folder["app.sh"]), \(folder["pid"])], restart: { backoff: 10ms..20ms } } }", folder)
        #expect(try isReady(program, 0), "\(program.log)")
        let before = try facts(program)
        let first = try daemon(of: program)
        // Stopped, it can't take notice before it is killed; then init collects the service, and only then the program is there again.
        kill(first, SIGSTOP)
        kill(try #require(before.process), SIGTERM)
        #expect(try RunningProgram.until("grep -q '^State:.Z' /proc/\(before.process ?? 0)/status"))
        kill(first, SIGKILL)
        #expect(try isReady(program, 1), "\(program.log)")
        let after = try facts(program)
        #expect(after.run == before.run && after.launches == 2 && after.restarts == 1 && after.process != before.process, "\(after)")
        #expect(program.log.contains("app: it exited with code 7; starting again"), "\(program.log)")
        let attempts = try program.ask("runs app --json").output
        #expect(attempts.contains("exit_code\" : 7") || program.log.contains("code 7"), "\(attempts)")
        #expect(folder.read("state/logs/\(before.run?.id ?? 0).log")?.components(separatedBy: "last words\n").count == 2)
        #expect(program.stop() == 0)
    }

    @Test("a service whose settings have changed meanwhile is started again, and one that is gone is ended", .timeLimit(.minutes(30)))
    func changed() throws {
        let folder = TemporaryFolder()
        try folder.write("app.sh", "trap 'echo well >> \"$1\"; exit 0' TERM; while :; do sleep 0.1; done\n")
        func job(_ name: String, _ word: String) -> String { "  \(name): { type: service, with: { command: [sh, \(folder["app.sh"]), \(folder[word])] } }\n" }
        let program = try start(job("same", "same") + job("app", "one") + job("gone", "gone"), folder)
        for name in ["same", "app", "gone"] { #expect(try isReady(program, 0, job: name), "\(program.log)") }
        let before = try facts(program, job: "same")
        let configuration = try #require(folder.read("shipkeeper.yaml"))
        try folder.write("shipkeeper.yaml", configuration.replacing(job("app", "one"), with: job("app", "two")).replacing(job("gone", "gone"), with: ""))
        kill(try daemon(of: program), SIGKILL)
        #expect(try isReady(program, 1), "\(program.log)")
        #expect(try facts(program, job: "same") == before)
        #expect(folder.read("one") == "well\n" && folder.read("gone") == "well\n", "\(program.log)")
        #expect(try Shell.run("pgrep -fc '\(folder["one"])|\(folder["gone"])'").output == "0\n")
        #expect(try facts(program).run?.id != before.run?.id)
        #expect(program.stop() == 0)
        #expect(folder.read("two") == "well\n")
    }

    @Test("what was being stopped stays to be stopped; runs that are no services are ended", .timeLimit(.minutes(30)))
    func stopping() throws {
        let folder = TemporaryFolder()
        try folder.write("app.sh", "trap 'touch \"$1\"' TERM; while :; do sleep 0.1; [ -e \"$2\" ] && exit 0; done\n")
        let program = try start(
            """
              app: { type: service, with: { command: [sh, \(folder["app.sh"]), \(folder["asked"]), \(folder["may"])], stop: { grace: 50s } } }
              other: { type: service, with: { command: [sleep, "1000"] } }
              work: { type: command, with: { shell: "(setsid sleep 98765 &) ; exec sleep 98765" } }
            """, folder)
        for name in ["app", "other"] { #expect(try isReady(program, 0, job: name), "\(program.log)") }
        _ = try program.ask("start work")
        #expect(try program.until("[ $(pgrep -fc '^sleep 98765') = 2 ]"))
        let process = try facts(program, job: "app").process ?? 0
        let other = try facts(program, job: "other")
        _ = try program.ask("stop app")
        #expect(try program.until("test -e '\(folder["asked"])'"))
        kill(try daemon(of: program), SIGKILL)
        #expect(try isReady(program, 1, job: "other"), "\(program.log)")
        try folder.write("may", "")
        #expect(try program.until("! kill -0 \(process)"))
        let query = "'\(SourceTree.program)' status --json --state '\(folder["state"])' | jq -r '.data.jobs[] | select(.name == \"app\") | .state'"
        #expect(try program.until("[ \"$(\(query))\" = stopped ]"), "\(program.log)")
        #expect(try facts(program, job: "other") == other)
        #expect(try Shell.run("pgrep -fc '^sleep 98765'").output == "0\n")
        #expect(try facts(program, job: "work").state == "interrupted")
        #expect(program.stop() == 0)
    }

    @Test("SIGTERM while no program is there gives services what is left of the budget", .timeLimit(.minutes(30)))
    func stopBetween() throws {
        let folder = TemporaryFolder()
        try folder.write("app.sh", "trap 'sleep 2; echo well > \"$1\"; exit 0' TERM; while :; do sleep 0.1; done\n")
        let program = try start("  app: { type: service, with: { command: [sh, \(folder["app.sh"]), \(folder["end"])] } }", folder)
        #expect(try isReady(program, 0))
        var last: Int32 = 0
        // The pauses grow: the last one is long enough to be met.
        for round in 1...5 {
            last = try daemon(of: program, not: last)
            kill(last, SIGKILL)
            #expect(try RunningProgram.until("[ $(grep -c 'services continue' '\(folder["log.txt"])') -ge \(round) ]"))
        }
        program.send(SIGTERM)
        _ = program.wait()
        #expect(folder.read("end") == "well\n", "\(program.log)")
        #expect(try Shell.run("pgrep -f '\(folder.path)'").output == "")
    }
}
