import Foundation
import TestSupport
import Testing

/// Limits on processes hold for no root, so the program runs as somebody else, whom only root can make.
@Suite("short resources", .waiting, .serialized, .enabled(if: getuid() == 0, "needs root, to run the program as another user with a limit"))
struct ShortResourcesTests {
    private static let limit = 40

    /// The program as a user of its own, who may have so many processes and threads.
    private func prefix(_ user: Int) -> [String] {
        ["setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "prlimit", "--nproc=\(ShortResourcesTests.limit)"]
    }

    /// Whether another user can execute the program where it was built.
    private func isReachable(_ user: Int) throws -> Bool {
        try Shell.run("setpriv --reuid=\(user) --regid=\(user) --clear-groups test -x '\(SourceTree.program)'").status == 0
    }

    @Test("no process slots at the start: all is well once they are back", .limited, arguments: [20, 28, 34])
    func slots(held: Int) throws {
        let user = Int.random(in: 50_000...59_000)
        guard try isReachable(user) else { return }
        let folder = TemporaryFolder()
        try Shell.run("chmod 777 '\(folder.path)'")
        // A neighbour that gives its slots back when it is told to.
        try folder.write(
            "neighbour.py",
            """
            import os, time
            for _ in range(\(held)):
                if os.fork() == 0:
                    while not os.path.exists("\(folder["free"])"): time.sleep(0.05)
                    os._exit(0)
            open("\(folder["held"])", "w").close()
            for _ in range(\(held)): os.wait()
            """)
        try Shell.run("\(prefix(user).joined(separator: " ")) python3 '\(folder["neighbour.py"])' > /dev/null 2>&1 &")
        #expect(try RunningProgram.until("test -e '\(folder["held"])'"))
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            jobs:
              tick: { type: command, on: { every: 1s }, timeout: 3s, with: { shell: "echo tick" } }
              svc: { type: service, with: { command: [sleep, "600"], restart: { backoff: 300ms..1s, give_up_after: 3 in 1h } } }

            """, in: folder, prefix: prefix(user), flags: ["--no-init"])
        // Long enough for some tries to fail; nothing depends on how many.
        #expect(try !RunningProgram.until("test -e '\(folder["never"])'", seconds: 4))
        try folder.write("free", "")
        #expect(try RunningProgram.until("'\(SourceTree.program)' runs tick --state '\(folder["state"])' | grep succeeded"), "\(program.log)")
        #expect(try RunningProgram.until("pgrep -u \(user) -f '^sleep 600$'"), "\(program.log)")
        #expect(program.stop() == 0, "\(program.log)")
    }

    @Test("slots that go while it runs: runs fail with a sentence, the service stays, all heals, the stop works", .limited)
    func later() throws {
        let user = Int.random(in: 50_000...59_000)
        guard try isReachable(user) else { return }
        let folder = TemporaryFolder()
        try Shell.run("chmod 777 '\(folder.path)'")
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            jobs:
              tick: { type: command, on: { every: 1s }, timeout: 3s, with: { shell: "echo tick" } }
              svc: { type: service, with: { command: [sleep, "600"], live: { exec: ["true"], every: 200ms, failures: 2 }, restart: { give_up_after: 2 in 1h } } }

            """, in: folder, prefix: prefix(user), flags: ["--no-init"])
        #expect(try RunningProgram.until("'\(SourceTree.program)' runs tick --state '\(folder["state"])' | grep succeeded"), "\(program.log)")
        let service = try Shell.run("pgrep -u \(user) -f '^sleep 600$'").output
        // Takes every slot that comes free.
        try folder.write(
            "neighbour.py",
            """
            import os, time
            while not os.path.exists("\(folder["free"])"):
                try:
                    if os.fork() == 0:
                        while not os.path.exists("\(folder["free"])"): time.sleep(0.05)
                        os._exit(0)
                except OSError: time.sleep(0.001)
            """)
        try Shell.run("\(prefix(user).joined(separator: " ")) python3 '\(folder["neighbour.py"])' > /dev/null 2>&1 &")
        #expect(try RunningProgram.until("grep -E 'no process slot is free|limit on processes' '\(folder["log.txt"])'"), "\(program.log)")
        try folder.write("free", "")
        let mark = "'\(SourceTree.program)' runs tick --limit 3 --state '\(folder["state"])' | grep -c succeeded | grep 3"
        #expect(try RunningProgram.until(mark), "\(program.log)")
        #expect(try Shell.run("pgrep -u \(user) -f '^sleep 600$'").output == service, "\(program.log)")
        #expect(program.stop() == 0, "\(program.log)")
    }

    @Test("few descriptors: the limit is raised where it can be; where even that is too little, the program says so", .limited)
    func descriptors() throws {
        let configuration = """
            version: 1
            jobs:
              svc: { type: service, with: { command: [sleep, "600"], restart: { backoff: 300ms..1s } } }

            """
        let poor = try RunningProgram(configuration, in: TemporaryFolder(), prefix: ["prlimit", "--nofile=24"])
        #expect(poor.wait() == 1 && poor.log.contains("the limit on open files is 24, and at least 48 are needed"), "\(poor.log)")
        for limit in ["48", "24:1024"] {
            let folder = TemporaryFolder()
            try folder.write("data/a", "kept")
            try Shell.run("mkdir -p '\(folder["repository"])'")
            let program = try RunningProgram(
                """
                version: 1
                state: \(folder["state"])
                repositories: { main: { type: folder, path: \(folder["repository"]) } }
                jobs:
                  restore: { type: restore, on: boot, with: { repository: main, path: \(folder["data"]) } }
                  svc: { type: service, needs: restore, with: { command: [sleep, "600"], restart: { backoff: 300ms..1s } } }
                  backup: { type: backup, needs: restore, with: { repository: main, path: \(folder["data"]) } }

                """, in: folder, prefix: ["prlimit", "--nofile=\(limit)"])
            #expect(try program.answers(), "\(limit): \(program.log)")
            #expect(try program.until("'\(SourceTree.program)' status --state '\(folder["state"])' | grep 'svc.*ready'"), "\(limit): \(program.log)")
            #expect(try program.ask("start backup --wait").status == 0, "\(limit): \(program.log)")
            #expect(program.stop() == 0, "\(limit): \(program.log)")
        }
    }
}
