import Foundation
import TestSupport
import Testing

@Suite("pausing and stopping", .waiting)
struct PauseTests {
    private func configuration(_ folder: TemporaryFolder) -> String {
        """
        version: 1
        state: \(folder["state"])
        jobs:
          app: { type: service, with: { command: [sleep, "600"] } }
          夜间任务: { type: command, on: { every: 1s }, with: { shell: "echo x >> '\(folder["ticks"])'" } }

        """
    }

    /// The daemon below Init is killed, and Init starts it again.
    private func killDaemon(_ program: RunningProgram) throws {
        let state = "'\(SourceTree.program)' status --json --state '\(program.folder["state"])' | jq .data.restarts | grep -qx 1"
        try Shell.run("kill -9 $(pgrep -P \(program.id))")
        #expect(try program.until(state), "\(program.log)")
    }

    @Test("a pause and a manual stop outlive the program's own restart; resume and start end them", .limited)
    func restart() throws {
        let folder = TemporaryFolder()
        let program = try RunningProgram(configuration(folder), in: folder)
        #expect(try program.until("test -s '\(folder["ticks"])'"), "\(program.log)")
        #expect(try program.ask("pause 夜间任务").output == "夜间任务: paused until resumed\n")
        #expect(try program.ask("pause app").status == 1)
        #expect(try program.ask("stop app").status == 0)
        #expect(try program.until("'\(SourceTree.program)' status --state '\(folder["state"])' | grep -E '^app +stopped'"), "\(program.log)")
        try killDaemon(program)
        let ticks = folder.read("ticks")
        let status = try program.ask("status").output
        #expect(status.contains("paused") && status.contains("→ shipkeeper resume 夜间任务") && status.contains("→ shipkeeper start app"), "\(status)")
        #expect(try program.ask("next").output.contains("paused: 夜间任务"))
        #expect(try program.ask("status --check").status == 1)
        #expect(try program.ask("why 夜间任务").output.contains("it is paused (command line, "))
        // Long enough for some fire times; nothing depends on how many.
        #expect(try !RunningProgram.until("test -e '\(folder["never"])'", seconds: 3))
        #expect(folder.read("ticks") == ticks)
        #expect(try program.ask("resume 夜间任务").output == "夜间任务: resumed\n")
        #expect(try program.until("test $(wc -l < '\(folder["ticks"])') -gt \(ticks?.count { $0 == "\n" } ?? 0)"), "\(program.log)")
        #expect(try program.ask("start app --wait").status == 0)
        #expect(try program.ask("status --check").status == 0)
        #expect(try program.ask("next 夜间任务 -n 3").output.split(separator: "\n").count == 4 && program.ask("next nobody").status == 5)
        #expect(program.stop() == 0)
        // Another container begins anew.
        let next = try RunningProgram(configuration(folder), in: folder)
        #expect(try next.until("'\(SourceTree.program)' status --state '\(folder["state"])' | grep -E '^app +ready'"), "\(next.log)")
        #expect(next.stop() == 0)
    }

    @Test("all schedules are paused for a while, and go on by themselves", .limited)
    func all() throws {
        let folder = TemporaryFolder()
        let program = try RunningProgram(configuration(folder), in: folder)
        #expect(try program.until("test -s '\(folder["ticks"])'"), "\(program.log)")
        #expect(try program.ask("pause --all --for 2s").output.hasPrefix("all schedules: paused until "))
        #expect(try program.ask("resume 夜间任务").status == 1)
        #expect(try program.says("all schedules: resumed"), "\(program.log)")
        let ticks = folder.read("ticks")?.count { $0 == "\n" } ?? 0
        #expect(try program.until("test $(wc -l < '\(folder["ticks"])') -gt \(ticks)"), "\(program.log)")
        let (none, wrong) = (try program.ask("pause"), try program.ask("pause --all --for soon"))
        #expect(none.status == 2 && wrong.status != 0 && wrong.errors.contains("write a length of time"), "\(none) \(wrong)")
        #expect(program.stop() == 0)
    }
}
