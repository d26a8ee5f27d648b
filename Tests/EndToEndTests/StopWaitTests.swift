import Foundation
import TestSupport
import Testing

@Suite("stopping and restarting on the command line", .waiting)
struct StopWaitTests {
    @Test("stop --wait returns when the process is gone; the reason of a restart is in the history", .limited)
    func stopAndRestart() throws {
        let folder = TemporaryFolder()
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            timezone: Asia/Shanghai
            jobs:
              app: { type: service, with: { shell: "trap 'sleep 1; rm \(folder["alive"]); exit' TERM; touch \(folder["alive"]); while :; do sleep 0.1; done" } }
              nightly: { type: command, on: { cron: "0 3 * * *" }, with: { shell: "true" } }

            """, in: folder)
        #expect(try program.answers(), "\(program.log)")
        #expect(try program.until("test -e '\(folder["alive"])'"))
        let restart = try program.ask("restart app --wait --reason 'new key for the model'")
        #expect(restart.status == 0, "\(restart)")
        #expect(try Shell.run("COLUMNS=200 '\(SourceTree.program)' runs app --state '\(folder["state"])'").output.contains("reason: new key for the model; "))
        #expect(try program.ask("runs app --json").output.contains("\"reason\" : \"new key for the model\""))
        #expect(try program.ask("restart app --reason '\(String(repeating: "x", count: 300))'").status == 1)
        #expect(try program.until("test -e '\(folder["alive"])'"))
        let stop = try program.ask("stop app --wait")
        #expect(stop.status == 0 && stop.output.contains("app has stopped (run ") && folder.read("alive") == nil, "\(stop)")
        #expect(try program.ask("stop app --wait").output == "app is not running\n")
        #expect(try program.ask("next nightly").output.contains(" 03:00 +08:00"))
        #expect(try program.ask("next nightly --utc").output.contains(" 19:00 +00:00"))
        #expect(program.stop() == 0)
    }
}
