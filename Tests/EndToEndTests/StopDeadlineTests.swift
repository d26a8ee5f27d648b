import Foundation
import TestSupport
import Testing

/// A stop, whatever stands in its way.
@Suite("the stop and its budget", .waiting, .serialized)
struct StopDeadlineTests {
    @Test("a job that ignores SIGTERM leaves the services their time, with and without an init", .limited, arguments: [[], ["--no-init"]])
    func deaf(flags: [String]) throws {
        let folder = TemporaryFolder()
        try folder.write("deaf.sh", "trap '' TERM INT HUP\necho up > '\(folder["deaf"])'\nwhile :; do sleep 0.1; done\n")
        try folder.write("app.sh", "trap 'echo well > \"\(folder["stopped"])\"; exit 0' TERM\necho up > '\(folder["app"])'\nwhile :; do sleep 0.1; done\n")
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            stop_budget: 30s
            jobs:
              app: { type: service, with: { command: [sh, \(folder["app.sh"])] } }
              deaf: { type: command, on: boot, with: { command: [sh, \(folder["deaf.sh"])] } }
            """, in: folder, flags: flags)
        #expect(try RunningProgram.until("test -e '\(folder["deaf"])' && test -e '\(folder["app"])'"), "\(program.log)")
        #expect(program.stop() == 0, "\(program.log)")
        #expect(folder.read("stopped") == "well\n", "\(program.log)")
        #expect(program.log.hasSuffix("stopped\n"))
    }

    @Test("without an init a service that ignores SIGTERM is gone in time too, however long it was given", .limited)
    func withoutInit() throws {
        let folder = TemporaryFolder()
        try folder.write("app.sh", "trap '' TERM INT HUP\necho up > '\(folder["app"])'\nwhile :; do sleep 0.1; done\n")
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            stop_budget: 2s
            jobs: { app: { type: service, with: { command: [sh, \(folder["app.sh"])], stop: { grace: 50m } } } }
            """, in: folder, flags: ["--no-init"])
        #expect(try RunningProgram.until("test -e '\(folder["app"])'"), "\(program.log)")
        program.send(SIGTERM)
        #expect(try RunningProgram.until("! kill -0 \(program.id) || grep -q '^State:.Z' /proc/\(program.id)/status", seconds: 60), "\(program.log)")
        #expect(try Shell.run("pgrep -f '[s]h \(folder["app.sh"])'").output == "")
    }

    @Test("services stop in the reverse order of their needs, and one that takes no notice leaves those below it their time", .limited)
    func order() throws {
        let folder = TemporaryFolder()
        try folder.write("deaf.sh", "trap '' TERM INT HUP\necho up > \"$1\"\nwhile :; do sleep 0.1; done\n")
        // Takes a second to save its data.
        try folder.write(
            "db.sh", "trap 'sleep 1; pgrep -f [d]eaf.sh.*\"$1\" > \"$1.others\"; echo saved > \"$1.saved\"; exit 0' TERM\nwhile :; do sleep 0.1; done\n")
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            stop_budget: 10s
            jobs:
              db: { type: service, with: { command: [sh, \(folder["db.sh"]), \(folder["db"])], stop: { grace: 4s } } }
              app: { type: service, needs: db, with: { command: [sh, \(folder["deaf.sh"]), \(folder["db"])], stop: { grace: 5m } } }
            """, in: folder)
        #expect(try RunningProgram.until("test -e '\(folder["db"])'"), "\(program.log)")
        #expect(program.stop() == 0, "\(program.log)")
        #expect(folder.read("db.saved") == "saved\n", "\(program.log)")
        #expect(folder.read("db.others") == "", "\(program.log)")
    }
}
