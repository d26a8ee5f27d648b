import Foundation
import TestSupport
import Testing

@Suite("state and time", .waiting, .serialized)
struct StateAndTimeTests {
    @Test(
        "a disk that is full at the start: jobs run, status says so, and it is recorded once there is room", .enabled(if: getuid() == 0),
        arguments: [false, true])
    func fullDisk(afterAnotherBoot: Bool) throws {
        let folder = TemporaryFolder()
        let state = folder["state"]
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        let query = "sqlite3 '\(state)/state.db' 'SELECT job, outcome FROM runs'"
        let once = "\"$@\" & until \(query) 2>/dev/null | grep -q succeeded; do sleep 0.1; done; kill -TERM $!; wait $!; rm '\(folder["ran"])'"
        // Room that the log of the database keeps would be enough for a few more runs.
        let boot = "\(once); sqlite3 '\(state)/state.db' 'PRAGMA wal_checkpoint(TRUNCATE)';"
        let mount = "mount -t tmpfs -o size=2m none '\(state)' && { \(afterAnotherBoot ? boot : "") head -c 9m /dev/zero > '\(state)/fill'; exec \"$@\"; }"
        guard try Shell.run("unshare -m bash -c \"mount -t tmpfs none '\(state)'\"").status == 0 else { return }
        let program = try RunningProgram(
            """
            version: 1
            state: \(state)
            jobs:
              a: { type: command, on: boot, with: { shell: "echo ran >> \(folder["ran"])" } }
            """, in: folder, prefix: ["unshare", "-m", "bash", "-c", mount, "-"])
        defer { _ = program.stop() }
        func inside(_ line: String) throws -> Shell.Result { try Shell.run("nsenter -t \(program.id) -m bash -c \"\(line)\"") }
        #expect(try RunningProgram.until("test -s '\(folder["ran"])'"), "\(program.log)")
        let ask = "'\(SourceTree.program)' status --state '\(state)'"
        #expect(try RunningProgram.until("nsenter -t \(program.id) -m \(ask) | grep -q 'disk is full'"), "\(program.log)")
        #expect(try program.says("the disk is full: what happens is not recorded yet"))
        _ = try inside("rm '\(state)/fill'")
        #expect(try RunningProgram.until("grep -q 'there is room again' '\(folder["log.txt"])'"), "\(program.log)")
        #expect(try inside(query).output == String(repeating: "a|succeeded\n", count: afterAnotherBoot ? 2 : 1))
        #expect(try inside(ask).output.contains("Nothing needs attention"))
    }

    @Test("reload puts the stop budget and the limit in force, and names what needs a restart")
    func reload() throws {
        let folder = TemporaryFolder()
        func configuration(_ budget: String, _ parallel: Int, _ state: String = "state") -> String {
            """
            version: 1
            state: \(folder[state])
            stop_budget: \(budget)
            max_parallel: \(parallel)
            jobs:
              a: { type: command, with: { shell: "touch \(folder["a"]); sleep 60" } }
              b: { type: command, with: { shell: "touch \(folder["b"]); sleep 60" } }
            """
        }
        let program = try RunningProgram(configuration("9s", 1), in: folder)
        #expect(try RunningProgram.until("'\(SourceTree.program)' status --state '\(folder["state"])'"))
        try program.ask("start a")
        try program.ask("start b")
        #expect(try RunningProgram.until("test -e '\(folder["a"])'"))
        #expect(!FileManager.default.fileExists(atPath: folder["b"]))
        try folder.write("shipkeeper.yaml", configuration("5s", 4))
        #expect(try program.ask("reload").output == "reloaded: max_parallel 1 → 4, stop_budget 9s → 5s\n")
        #expect(try RunningProgram.until("test -e '\(folder["b"])'"), "\(program.log)")
        try folder.write("shipkeeper.yaml", configuration("5s", 4, "other"))
        let answer = try program.ask("reload")
        #expect(answer.status == 0 && answer.output.contains("state needs a restart"), "\(answer)")
        #expect(program.stop() == 0)
        #expect(program.log.contains("stopping within 5s"), "\(program.log)")
    }

    @Test("a job's processes live in the zone of its schedules, unless its env says otherwise")
    func zoneOfJobs() throws {
        let folder = TemporaryFolder()
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            timezone: CST-8
            jobs:
              a: { type: command, on: boot, with: { shell: "date +%z > \(folder["a"])" } }
              b: { type: command, on: boot, timezone: "<-03>3", with: { shell: "date +%z > \(folder["b"])" } }
              c: { type: command, on: boot, env: { TZ: UTC }, with: { shell: "date +%z > \(folder["c"])" } }
              d: { type: command, on: { cron: "0 3 * * *" }, with: { shell: "true" } }
              e: { type: command, on: { cron: "0 4 * * *" }, timezone: "<-03>3", with: { shell: "true" } }
            """, in: folder)
        defer { _ = program.stop() }
        for (name, zone) in [("a", "+0800"), ("b", "-0300"), ("c", "+0000")] {
            #expect(try RunningProgram.until("grep -q '^.....$' '\(folder[name])'"), "\(program.log)")
            #expect(folder.read(name) == zone + "\n")
        }
        let next = try program.ask("next --config '\(folder["shipkeeper.yaml"])'").output
        #expect(next.contains("03:00 +08:00") && next.contains("04:00 -03:00"), "\(next)")
        #expect(try program.ask("runs --config '\(folder["shipkeeper.yaml"])'").output.contains("+08:00"))
        let json = try program.ask("next --json").output
        #expect(json.contains("T19:00:00.000Z"), "\(json)")
    }
}
