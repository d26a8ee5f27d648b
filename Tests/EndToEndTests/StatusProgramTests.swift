import Foundation
import TestSupport
import Testing

/// `status` as it is printed.
@Suite("status on the command line", .waiting)
struct StatusProgramTests {
    private func configuration(_ folder: TemporaryFolder) -> String {
        """
        version: 1
        state: \(folder["state"])
        jobs:
          app:
            type: service
            with:
              shell: "echo hello from the app; exec sleep 1000"
              ready: { exec: ["true"], every: 100ms }
              live: { exec: [test, "!", -e, \(folder["ill"])], every: 200ms, failures: 1000 }
          nightly: { type: command, on: { every: 1h }, with: { shell: "echo to be seen; exit 3" } }

        """
    }

    @Test("below 100 columns nothing is cut, and a failure that is followed by a cancelled run stays", .limited)
    func narrow() throws {
        let folder = TemporaryFolder()
        let text = configuration(folder).replacing("exit 3", with: "test -e \(folder["go"]) && sleep 1000; exit 3")
        let program = try RunningProgram(text, in: folder)
        #expect(try program.answers(), "\(program.log)")
        #expect(try program.ask("start app --wait").status == 0 && program.ask("start nightly --wait").status == 1)
        try folder.write("go", "")
        #expect(try program.ask("start nightly").status == 0)
        #expect(try program.until("'\(SourceTree.program)' runs nightly --state '\(folder["state"])' | grep -q running"))
        #expect(try program.ask("stop nightly").status == 0)
        #expect(try program.until("'\(SourceTree.program)' runs nightly --state '\(folder["state"])' | grep -q cancelled"))
        for columns in [60, 80, 120] {
            let status = try Shell.run("COLUMNS=\(columns) '\(SourceTree.program)' status --state '\(folder["state"])'").output
            #expect(!status.contains("…"), "\(status)")
            let words = status.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(words.contains("JOB STATE RESTARTS MEM NEXT") && words.contains("app ready 0 "), "\(status)")
            #expect(words.contains("nightly failed in 59m"), "\(status)")
            #expect(words.contains("it exited with code 3; cancelled ") && words.contains("nightly: failed: it exited with code 3"), "\(status)")
            #expect(words.contains("→ shipkeeper logs nightly --run 2"), "\(status)")
        }
        #expect(try program.ask("status --check").status == 1)
        #expect(program.stop() == 0)
    }

    @Test("a job in detail: checks with their last result, process, runs and the end of the log", .limited)
    func card() throws {
        let folder = TemporaryFolder()
        let program = try RunningProgram(configuration(folder), in: folder)
        #expect(try program.answers(), "\(program.log)")
        #expect(try program.ask("start app --wait").status == 0)
        let query = "'\(SourceTree.program)' status app --json --state '\(folder["state"])' | jq -e"
        #expect(try program.until("\(query) '.data.jobs[0].checks | map(.kind + \" \" + .result) == [\"ready healthy\", \"live healthy\"]'"))
        try folder.write("ill", "")
        #expect(try program.until("\(query) '.data.jobs[0] | .checks[1].result == \"unhealthy\" and .job.state == \"unready\" and .job.memory_bytes > 0'"))
        let card = try program.ask("status app nightly")
        let words = card.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(card.status == 0 && words.contains("app: unready for ") && words.contains("live check unhealthy "), "\(card)")
        #expect(words.contains("of memory, 0 restarts") && words.contains("hello from the app"), "\(card)")
        #expect(words.contains("nightly: idle") && words.contains("It has not run yet.") && words.contains("(every 1h)"), "\(card)")
        #expect(try program.ask("status app --check").status == 1 && program.ask("status nightly --check").status == 0)
        #expect(try program.ask("status ap").status == 5)
        #expect(program.stop() == 0)
    }

    @Test("watched without a terminal, a new status is printed per change, until the program ends", .limited)
    func watch() throws {
        let folder = TemporaryFolder()
        let program = try RunningProgram(configuration(folder), in: folder)
        #expect(try program.answers(), "\(program.log)")
        #expect(try program.ask("start app --wait").status == 0)
        let watch = """
            '\(SourceTree.program)' status --watch --state '\(folder["state"])' > '\(folder["watched"])' 2> '\(folder["errors"])' & echo $! > '\(folder["pid"])'
            '\(SourceTree.program)' status nightly --watch --json --state '\(folder["state"])' > '\(folder["lines"])' 2>&1 &
            """
        _ = try Shell.run(watch)
        #expect(try RunningProgram.until("grep -q 'Nothing needs attention' '\(folder["watched"])' && grep -q idle '\(folder["lines"])'"))
        #expect(try program.ask("start nightly --wait").status == 1)
        #expect(try RunningProgram.until("grep -q 'nightly: failed' '\(folder["watched"])' && grep -q '\"state\":\"failed\"' '\(folder["lines"])'"))
        #expect(program.stop() == 0)
        // Whoever watches is told why it ends.
        #expect(try RunningProgram.until("! kill -0 $(cat '\(folder["pid"])') && grep -q 'shipkeeper' '\(folder["errors"])'"))
        #expect(folder.read("watched")?.contains("\u{1b}") == false)
        let lines = (folder.read("lines") ?? "").split(separator: "\n")
        for line in lines { #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any], "\(line)") }
        #expect(lines.count >= 3, "\(lines)")
    }

    @Test("watched on a terminal, it is drawn over in place, and Ctrl-C leaves the terminal as it was", .limited)
    func terminal() throws {
        let folder = TemporaryFolder()
        let program = try RunningProgram(configuration(folder), in: folder)
        #expect(try program.answers(), "\(program.log)")
        #expect(try program.ask("start app --wait").status == 0)
        // `script` sends what comes on its input to the terminal: 3 is Ctrl-C.
        // What runs in the background of a shell ignores SIGINT.
        let command = "'\(SourceTree.program)' status -w --state '\(folder["state"])'"
        let watch = "TERM=xterm env --default-signal=INT script -qec \"\(command)\" '\(folder["typescript"])'"
        _ = try Shell.run(
            "mkfifo '\(folder["keys"])'; ( \(watch) < '\(folder["keys"])' > /dev/null 2>&1; echo gone > '\(folder["gone"])' ) & exec 3> '\(folder["keys"])'; "
                + "for n in $(seq 600); do grep -q 'Nothing needs' '\(folder["typescript"])' && break; sleep 0.1; done; "
                + "'\(SourceTree.program)' start nightly --wait --state '\(folder["state"])'; "
                + "for n in $(seq 600); do grep -q 'nightly: failed' '\(folder["typescript"])' && break; sleep 0.1; done; "
                + "printf '\\003' >&3; for n in $(seq 600); do [ -e '\(folder["gone"])' ] && break; sleep 0.1; done")
        let shown = folder.read("typescript") ?? ""
        #expect(folder.read("gone") == "gone\n" && shown.contains("nightly: failed"), "\(shown)")
        // Drawn over, lines not broken meanwhile, and broken again after each drawing.
        #expect(shown.contains("A\r\u{1b}[J"), "\(shown)")
        #expect(shown.ranges(of: "\u{1b}[?7l").count == shown.ranges(of: "\u{1b}[?7h").count && !shown.contains("\u{1b}[?1049h"), "\(shown)")
        #expect(program.stop() == 0)
    }
}
