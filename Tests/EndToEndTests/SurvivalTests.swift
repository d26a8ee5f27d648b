import Foundation
import TestSupport
import Testing

/// A service outlives the program that looks after it.
@Suite("a service survives its supervisor", .waiting)
struct SurvivalTests: ServiceWatcher {
    /// Counts, and writes each number to both streams.
    private static let counter = "i=0; while :; do i=$((i+1)); echo \"line $i\"; echo \"err $i\" >&2; echo $i > \"$1\"; sleep 0.01; done\n"

    /// What is in a run's log of one of the counter's streams.
    private func numbers(_ word: String, run: Int64, _ folder: TemporaryFolder) -> [Int] {
        let text = (folder.read("state/logs/\(run).log.1") ?? "") + (folder.read("state/logs/\(run).log") ?? "")
        let lines: [[Substring]] = text.split(separator: "\n").map { $0.split(separator: " ") }
        return lines.filter { $0.count == 4 && $0[2] == word }.compactMap { Int($0[3]) }
    }

    private func expectWhole(_ run: Int64, _ folder: TemporaryFolder) {
        for word in ["line", "err"] {
            let found = numbers(word, run: run, folder)
            let gap = zip(found, found.dropFirst()).first { $1 != $0 + 1 }
            #expect(found.first == 1 && gap == nil, "\(word): \(String(describing: gap)) of \(found.count)")
        }
    }

    @Test(
        "kill -9 of the program, again and again: the service counts on, and no line is lost or doubled", .limited,
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

    @Test("a program that was well is started again at once, one that ends again and again later each time", .limited)
    func pauses() throws {
        let folder = TemporaryFolder()
        let program = try start("  app: { type: service, with: { command: [sleep, \"1000\"] } }", folder)
        var (last, faults): (Int32, Int) = (0, 0)
        for expected in ["", "", " in 250 ms", " in 500 ms", ""] {
            last = try daemon(of: program, not: last)
            if expected.isEmpty {
                #expect(try isReady(program, faults), "\(program.log)")
                #expect(try program.until("[ $(ps -o etimes= -p \(last)) -ge 2 ]"))
            }
            kill(last, SIGKILL)
            faults += 1
            let line = "the program was ended by signal 9; starting it again\(expected); services continue"
            #expect(try program.until("grep 'ended by signal' '\(folder["log.txt"])' | sed -n \(faults)p | grep -q '\(line)$'"), "\(program.log)")
        }
        #expect(try isReady(program, faults), "\(program.log)")
        #expect(try facts(program).launches == 1)
        #expect(program.stop() == 0)
    }

    @Test("a service that ends while no program is there: its exit code is known, and it is started again", .limited)
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

    @Test("a service whose settings have changed meanwhile is started again, and one that is gone is ended", .limited)
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

    @Test("what was being stopped stays to be stopped; runs that are no services are ended", .limited)
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

    @Test("a program that stands still is killed and started again, and its services continue", .limited)
    func hung() throws {
        let folder = TemporaryFolder()
        let program = try start("  app: { type: service, with: { command: [sleep, \"1000\"] } }", folder)
        #expect(try isReady(program, 0), "\(program.log)")
        let before = try facts(program)
        kill(try daemon(of: program), SIGSTOP)
        #expect(try program.says("the program has not answered"), "\(program.log)")
        #expect(try isReady(program, 1), "\(program.log)")
        #expect(try facts(program) == before)
        #expect(program.stop() == 0)
    }

    @Test("more services than init keeps: those beyond are started again, the others continue", .limited)
    func full() throws {
        let folder = TemporaryFolder()
        let jobs = (1...103).map { "  s\($0): { type: service, with: { command: [sleep, \"\(31_000 + $0)\"] } }" }.joined(separator: "\n")
        let program = try start(jobs, folder)
        func areReady(_ restarts: Int) throws -> Bool {
            let query = ".data | .restarts == \(restarts) and ([.jobs[] | select(.state == \"ready\")] | length == 103)"
            return try program.until("'\(SourceTree.program)' status --json --state '\(folder["state"])' | jq '\(query)' | grep -qx true")
        }
        let list = "pgrep -f '^sleep 31[01][0-9][0-9]$' | sort"
        #expect(try areReady(0), "\(program.log)")
        #expect(program.log.components(separatedBy: "init has no room to keep it").count == 4, "\(program.log)")
        let before = Set(try Shell.run(list).output.split(separator: "\n"))
        kill(try daemon(of: program), SIGKILL)
        #expect(try areReady(1), "\(program.log)")
        let after = Set(try Shell.run(list).output.split(separator: "\n"))
        #expect(before.count == 103 && after.count == 103 && before.intersection(after).count == 100, "\(before.intersection(after).count)")
        #expect(program.stop() == 0)
        #expect(try Shell.run(list).output == "")
    }

    @Test("a configuration that is wrong when the program is started again does not end services", .limited)
    func wrongConfiguration() throws {
        let folder = TemporaryFolder()
        let program = try start("  app: { type: service, with: { command: [sleep, \"1000\"] } }", folder)
        #expect(try isReady(program, 0), "\(program.log)")
        let before = try facts(program)
        let configuration = try #require(folder.read("shipkeeper.yaml"))
        try folder.write("shipkeeper.yaml", configuration.replacing("app:", with: "app: 3\n  app2:"))
        kill(try daemon(of: program), SIGKILL)
        #expect(try program.says("the program ended with code 78 before it could take services over"), "\(program.log)")
        try folder.write("shipkeeper.yaml", configuration)
        #expect(try program.until("'\(SourceTree.program)' status --state '\(folder["state"])' | grep -q 'app *ready'"), "\(program.log)")
        #expect(try facts(program) == before)
        #expect(program.stop() == 0)
    }

    @Test("SIGTERM while no program is there gives services what is left of the budget, and what they wrote is stored", .limited)
    func stopBetween() throws {
        let folder = TemporaryFolder()
        try folder.write("app.sh", "trap 'sleep 2; echo well > \"$1\"; exit 0' TERM; while :; do sleep 0.1; done\n")
        try folder.run("mkdir data repository")
        let program = try start(
            """
              app: { type: service, with: { command: [sh, \(folder["app.sh"]), \(folder["data/end"])] } }
              backup: { type: backup, on: stop, with: { repository: main, path: \(folder["data"]) } }
            """, folder, more: "repositories: { main: { type: folder, path: \(folder["repository"]) } }\n")
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
        #expect(folder.read("data/end") == "well\n", "\(program.log)")
        #expect(try folder.run("tar -xzOf repository/latest_backup.tar.gz | tail -1").output == "well\n", "\(program.log)")
        #expect(try Shell.run("pgrep -f '\(folder.path)'").output == "")
    }
}
