import Foundation
import TestSupport
import Testing

/// `logs` and `runs` as they are printed, with a running program and without one.
@Suite("logs on the command line", .waiting)
struct LogsProgramTests {
    private func configuration(_ folder: TemporaryFolder) -> String {
        """
        version: 1
        timezone: Asia/Shanghai
        state: \(folder["state"])
        jobs:
          app:
            type: service
            with: { shell: "echo up $SHIPKEEPER_RUN; exec sleep 1000", ready: { exec: ["true"], every: 100ms } }
          nightly: { type: command, with: { shell: "echo out; echo err >&2; exit ${CODE:-3}" } }
          lines: { type: command, with: { shell: "seq 1 2000" } }
          never: { type: command, with: { shell: "echo" } }

        """
    }

    private func running(_ folder: TemporaryFolder) throws -> RunningProgram {
        let program = try RunningProgram(configuration(folder), in: folder)
        #expect(try program.answers(), "\(program.log)")
        #expect(try program.ask("start app --wait").status == 0)
        #expect(try program.ask("start nightly --wait").status == 1 && program.ask("start lines --wait").status == 0)
        return program
    }

    private let stamp = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00/

    @Test("without names it shows all jobs in the order of time; with one its lines alone", .limited)
    func allAndOne() throws {
        let folder = TemporaryFolder()
        let program = try running(folder)
        let far = try program.ask("logs -n \(Int.max) --until 2100-01-01")
        #expect(far.status == 0 && !far.output.isEmpty, "\(far)")
        let all = try program.ask("logs -n 3").output.split(separator: "\n").map(String.init)
        #expect(all.contains { $0.hasPrefix("app     | up ") } && all.contains("nightly | out") && all.contains("nightly | err"), "\(all)")
        #expect(all.filter { $0.hasPrefix("lines") } == ["lines   | 1998", "lines   | 1999", "lines   | 2000"], "\(all)")
        #expect(!all.contains { $0.hasPrefix("never") }, "\(all)")
        #expect(try #require(all.firstIndex { $0.contains("up ") }) < (try #require(all.firstIndex(of: "lines   | 1998"))))
        let one = try program.ask("logs nightly").output
        #expect(Set(one.split(separator: "\n")) == ["out", "err"], "\(one)")
        let timed = try program.ask("logs lines --tail 1 -t").output
        #expect(timed.firstMatch(of: stamp) != nil && timed.hasSuffix(" 2000\n"), "\(timed)")
        #expect(try program.ask("logs lines").output.split(separator: "\n").count == 2000)
        #expect(try program.ask("logs --no-prefix -n 1").output.split(separator: "\n").contains("2000"))
        #expect(program.stop() == 0)
    }

    @Test("a run is found by its number alone, and one of another job is named", .limited)
    func byNumber() throws {
        let folder = TemporaryFolder()
        let program = try running(folder)
        let id = try program.ask("runs nightly --json").output.firstMatch(of: /"id" : (\d+)/).map { String($0.1) } ?? ""
        #expect(try program.ask("logs --run \(id)").output.contains("err\n"))
        let wrong = try Shell.run("'\(SourceTree.program)' logs lines --run \(id) --state '\(folder["state"])' 2>&1")
        #expect(wrong.status == 1 && wrong.output == "run \(id) is one of nightly\n", "\(wrong)")
        #expect(try program.ask("logs --run 999").status == 1 && program.ask("logs nop").status == 5 && program.ask("logs never").status == 1)
        #expect(try program.ask("logs a b --run 1").status == 2 && program.ask("logs --since sometime").status == 2)
        #expect(program.stop() == 0)
    }

    @Test("since a time, earlier runs are shown too; with --json every line is typed", .limited)
    func since() throws {
        let folder = TemporaryFolder()
        let program = try running(folder)
        #expect(try program.ask("start nightly --wait").status == 1)
        #expect(try program.ask("logs nightly").output.split(separator: "\n").count == 2)
        #expect(try program.ask("logs nightly --since 1h").output.split(separator: "\n").count == 4)
        #expect(try program.ask("logs nightly --since 1h -n 3").output.split(separator: "\n").count == 3)
        #expect(try program.ask("logs --until 1h").output.isEmpty && program.ask("logs --since 2099-01-01").output.isEmpty)
        let typed = ".run > 0 and (.at | endswith(\"Z\")) and (.source == \"out\" or .source == \"err\")"
        let query = ".data.lines | map(select(.job == \"nightly\")) | length == 4 and all(\(typed))"
        #expect(try Shell.run("'\(SourceTree.program)' logs --since 1h --json --state '\(folder["state"])' | jq -e '\(query)'").status == 0)
        let short = try Shell.run("'\(SourceTree.program)' logs lines -n 3 --json --state '\(folder["state"])' | jq -c '.data.lines | map(.text)'").output
        #expect(short == "[\"1998\",\"1999\",\"2000\"]\n", "\(short)")
        #expect(program.stop() == 0)
    }

    @Test("following goes on with the next run, of all jobs or of one, and misses no line", .limited)
    func follow() throws {
        let folder = TemporaryFolder()
        let program = try running(folder)
        for (words, file) in [("logs -f", "all"), ("logs nightly -f -n 0", "one"), ("logs -f --json", "json")] {
            // Ends with the program.
            _ = try Shell.run("'\(SourceTree.program)' \(words) --state '\(folder["state"])' > '\(folder[file])' 2>&1 &")
        }
        #expect(try program.until("grep -q 2000 '\(folder["all"])' && grep -q 2000 '\(folder["json"])'"))
        #expect(try program.ask("start lines --wait").status == 0 && program.ask("start nightly --wait").status == 1)
        #expect(try program.until("[ $(grep -c '| err' '\(folder["all"])') = 2 ] && grep -q err '\(folder["one"])'"))
        #expect(try program.until("[ $(grep -c '\"text\":\"err\"' '\(folder["json"])') = 2 ]"))
        #expect(program.stop() == 0)
        let all = (folder.read("all") ?? "").split(separator: "\n").filter { $0.hasPrefix("lines ") }.map { String($0.dropFirst("lines   | ".count)) }
        #expect(all == (1...2000).map { "\($0)" } + (1...2000).map { "\($0)" }, "\(all.count)")
    }

    @Test("without a program, runs and logs come from the state folder, and nothing in it changes", .limited)
    func offline() throws {
        let folder = TemporaryFolder()
        let program = try running(folder)
        // Read once it is written; a program that was killed has its last changes in the log of the database only.
        #expect(try program.ask("logs lines -n 1").output == "2000\n" && program.ask("logs nightly").status == 0)
        try program.killAll()
        let sums = "cd '\(folder["state"])' && find . -type f | sort | xargs sha256sum"
        let before = try Shell.run(sums).output
        let logs = try Shell.run("'\(SourceTree.program)' logs nightly --state '\(folder["state"])' 2>'\(folder["err"])'")
        #expect(logs.status == 0 && Set(logs.output.split(separator: "\n")) == ["out", "err"], "\(logs)")
        #expect(folder.read("err") == "shipkeeper is not running here; this is what it recorded in \(folder["state"])\n")
        #expect(try program.ask("logs lines -n 1").output == "2000\n" && program.ask("logs nigtly").status == 5)
        let failed = try program.ask("runs --failed").output
        #expect(failed.contains("nightly") && !failed.contains("lines") && failed.contains("it exited with code 3"), "\(failed)")
        #expect(try program.ask("runs -n 0").status == 2 && program.ask("runs --outcome perhaps").status == 1)
        let status = try program.ask("status")
        #expect(status.status == 4 && status.output.contains("app") && status.output.contains("running"), "\(status)")
        #expect(try program.ask("logs -f").status == 4)
        #expect(try Shell.run(sums).output == before)
        // Ends what was left running.
        #expect(try running(folder).stop() == 0)
        // A folder with no state file has the usual answer.
        #expect(try Shell.run("'\(SourceTree.program)' logs --state '\(folder["nothing"])'").status == 4)
    }

    @Test("a state file that is damaged is named", .limited)
    func damaged() throws {
        let folder = TemporaryFolder()
        try folder.write("state/state.db", String(repeating: "not a database", count: 100))
        let answer = try Shell.run("'\(SourceTree.program)' runs --state '\(folder["state"])' 2>&1")
        #expect(answer.status == 4 && answer.output.contains("its state file can't be read") && answer.output.contains("not a database"), "\(answer)")
    }
}
