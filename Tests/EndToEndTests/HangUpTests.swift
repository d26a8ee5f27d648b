import Foundation
import TestSupport
import Testing

@Suite("a terminal that is closed", .waiting)
struct HangUpTests {
    @Test("stops what was started from it, with the last backup", .limited, arguments: ["", "--no-init"])
    func closed(flags: String) throws {
        let folder = TemporaryFolder()
        try folder.write(
            "shipkeeper.yaml",
            """
            version: 1
            state: \(folder["state"])
            stop_budget: 20s
            jobs:
              app: { type: service, with: { command: [sleep, "1000"] } }
              final: { type: command, on: stop, with: { shell: "echo done > \(folder["final"])" } }

            """)
        // `script` holds the other end of the terminal: when it is killed, the terminal is gone.
        let line = "'\(SourceTree.program)' run --config '\(folder["shipkeeper.yaml"])' \(flags)"
        _ = try Shell.run(
            "setsid script -qfc \"echo \\$\\$ > '\(folder["pid"])'; exec \(line)\" '\(folder["typescript"])' < /dev/null > /dev/null 2>&1 & echo $! > '\(folder["script"])'"
        )
        #expect(
            try RunningProgram.until("'\(SourceTree.program)' status app --state '\(folder["state"])' | grep -q 'app: ready'"),
            "\(folder.read("typescript") ?? "")")
        _ = try Shell.run("kill -9 $(cat '\(folder["script"])')")
        #expect(try RunningProgram.until("! kill -0 $(cat '\(folder["pid"])')"))
        #expect(folder.read("final") == "done\n", "\(folder.read("typescript") ?? "")")
    }
}
