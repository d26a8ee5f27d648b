import Foundation
import TestSupport
import Testing

/// The built program, seen from outside: exit codes, output, HTTP, files.
@Suite("the main job", .waiting, .serialized)
struct MainJobTests {
    private func configuration(_ folder: TemporaryFolder, port: Int, more: String = "", every: String = "1h") -> String {
        """
        version: 1
        state: \(folder["state"])
        secrets: [MY_SECRET]
        repositories: { main: { type: folder, path: \(folder["repo"]) } }
        jobs:
          restore: { type: restore, on: boot, with: { repository: main, path: \(folder["app"]) } }
          gateway:
            type: service
            needs: restore
            with:
              command: [python3, -u, -m, http.server, "\(port)", --bind, 127.0.0.1, --directory, \(folder["app"])]
              ready: { http: "http://127.0.0.1:\(port)/" }
              restart: { backoff: 100ms..1s }
          backup:
            type: backup
            on: { every: \(every), stop: true }
            needs: restore
            with: { repository: main, path: \(folder["app"]) }
          ping: { type: keepalive, on: { every: 1s }, needs: gateway, with: { url: "http://127.0.0.1:\(port)/" } }
        \(more)
        """
    }

    private func world(_ account: Account = .root) throws -> TemporaryFolder {
        let folder = TemporaryFolder(for: account)
        try folder.run("mkdir -p repo app && echo hello > app/index.html")
        return folder
    }

    @Test("boot, restore, gateway, backup, stop; and everything is back in a new container", .limited, arguments: Account.allCases)
    func wholeRound(account: Account) throws {
        let (folder, port) = (try world(account), Port.reserve())
        let program = try RunningProgram(configuration(folder, port: port), in: folder)
        #expect(try RunningProgram.until("curl -fs http://127.0.0.1:\(port)/index.html | grep hello"))
        #expect(try program.ask("start gateway --wait").output.contains("gateway is ready"))
        let status = try program.ask("status")
        #expect(status.output.contains("ready"), "\(status)")
        #expect(status.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(status.output)")
        let backup = try program.ask("start backup --wait")
        #expect(backup.status == 0 && backup.output.contains("stored 1 file"), "\(backup)")
        #expect(try program.ask("start backup --wait").output.contains("unchanged"))
        let why = try program.ask("why backup").output
        #expect(why.hasPrefix("backup: ok, ") && why.contains("\n  cause    a manual start (command line)\n  next     in "), "\(why)")
        #expect(try program.ask("status --json").output.contains("\"last_backup\""))
        try folder.write("app/late.html", "late")
        #expect(program.stop() == 0)
        #expect(program.log.contains("backup: succeeded: stored 2 files"), "\(program.log)")
        let rows = try Shell.run(
            "sqlite3 state/state.db \"SELECT count(*) FROM runs WHERE outcome IS NULL; SELECT outcome FROM runs WHERE job = 'restore'\"", folder: folder.path)
        #expect(rows.output == "0\nsucceeded\n")

        try folder.renew("app", "state", "log.txt")
        // The plain user's data folder is in one of root's, which it can't write.
        let again = try RunningProgram(configuration(folder, port: port), in: folder)
        #expect(
            try RunningProgram.until(
                "curl -fs http://127.0.0.1:\(port)/late.html | grep late || '\(SourceTree.program)' runs restore --state '\(folder["state"])' | grep failed"
            ) && folder.read("app/late.html") == "late")
        #expect(try again.ask("runs restore").output.contains("restored 2 files"))
        #expect(again.stop() == 0)
    }

    @Test("kill -9 of the gateway: it comes back; of the program: the gateway stays", .limited, arguments: Account.allCases)
    func killed(account: Account) throws {
        let (folder, port) = (try world(account), Port.reserve())
        let program = try RunningProgram(configuration(folder, port: port), in: folder)
        #expect(try RunningProgram.until("curl -fs http://127.0.0.1:\(port)/"))
        _ = try Shell.run("kill -9 $(pgrep -f '[h]ttp.server \(port)')")
        #expect(try RunningProgram.until("curl -fs http://127.0.0.1:\(port)/"))
        #expect(try RunningProgram.until("'\(SourceTree.program)' status --state '\(folder["state"])' | grep -E '^gateway +[a-z]+ +1 '"))
        #expect(try program.ask("why gateway").output.contains("restarted 1× in this run, last "))
        try folder.write("app/unsaved.html", "unsaved")
        let gateway = try Shell.run("pgrep -f '[h]ttp.server \(port)'").output
        _ = try Shell.run("kill -9 $(pgrep -P \(program.id))")
        #expect(try RunningProgram.until("'\(SourceTree.program)' status --state '\(folder["state"])' | grep 'started again 1'"))
        #expect(try RunningProgram.until("curl -fs http://127.0.0.1:\(port)/unsaved.html"))
        let runs = try program.ask("runs gateway").output
        #expect(runs.contains("running") && !runs.contains("interrupted"), "\(runs)")
        #expect(try Shell.run("pgrep -f '[h]ttp.server \(port)'").output == gateway)
        #expect(try program.ask("why gateway").output.contains("restarted 1× in this run, last "))
        #expect(program.stop() == 0)
        #expect(try Shell.run("pgrep -f '[h]ttp.server \(port)'").status != 0)
    }

    @Test("a restore that fails holds the gateway and locks backups; nothing stored is lost", .limited, arguments: Account.allCases)
    func failedRestore(account: Account) throws {
        let (folder, port) = (try world(account), Port.reserve())
        try folder.run("echo garbage > repo/latest_backup.tar.gz; echo 123 > repo/latest_backup.sha256")
        let program = try RunningProgram(configuration(folder, port: port), in: folder)
        #expect(try RunningProgram.until("'\(SourceTree.program)' runs restore --state '\(folder["state"])' | grep failed"))
        let status = try program.ask("status").output
        #expect(status.contains("Needs attention") && status.contains("waits for restore"), "\(status)")
        let backup = try program.ask("start backup --wait")
        #expect(backup.status == 1 && backup.errors.contains("it needs restore, which failed"), "\(backup)")
        #expect(try Shell.run("curl -fs http://127.0.0.1:\(port)/").status != 0)
        #expect(program.stop() == 0)
        #expect(folder.read("repo/latest_backup.tar.gz") == "garbage\n")
        #expect(folder.read("app/index.html") == "hello\n")
    }

    @Test("a broken configuration changes nothing on reload, and starts nothing at boot", .limited)
    func reload() throws {
        let (folder, port) = (try world(), Port.reserve())
        let program = try RunningProgram(configuration(folder, port: port), in: folder)
        #expect(try RunningProgram.until("curl -fs http://127.0.0.1:\(port)/"))
        try folder.write("shipkeeper.yaml", "version: 1\njobs: { gateway: { type: servce } }\n")
        program.send(SIGHUP)
        #expect(try RunningProgram.until("grep 'did you mean \"service\"' '\(folder["log.txt"])' && grep 'old one stays in force' '\(folder["log.txt"])'"))
        #expect(try program.ask("reload").status == 78)
        #expect(try Shell.run("curl -fs http://127.0.0.1:\(port)/").status == 0)
        try folder.write("shipkeeper.yaml", configuration(folder, port: port, more: "  extra: { type: command, on: boot, with: { shell: \"echo extra\" } }"))
        #expect(try program.ask("reload").output.hasPrefix("reloaded: extra added: at boot"))
        #expect(try RunningProgram.until("'\(SourceTree.program)' logs extra --state '\(folder["state"])' | grep extra"))
        #expect(program.stop() == 0)
        try folder.write("shipkeeper.yaml", "jobs: 3")
        #expect(try Shell.run("'\(SourceTree.program)' run --config shipkeeper.yaml", folder: folder.path).status == 78)
    }

    @Test("no secret is in log, state, arguments or answers", .limited, arguments: Account.allCases)
    func secrets(account: Account) throws {
        let (folder, port) = (try world(account), Port.reserve())
        let leak = """
              leak:
                type: command
                on: boot
                secrets: [MY_SECRET]
                with: { shell: "echo $MY_SECRET; printf %s \\"$MY_SECRET\\" | base64; echo \\"x$MY_SECRET\\" | base64; printf 'tok-12'; sleep 0.2; printf '34567890\\\\n'; exit 3" }
              curious: { type: command, on: boot, with: { shell: "env; cat /proc/$PPID/cmdline" } }
              url: { type: keepalive, on: boot, with: { url: "http://127.0.0.1:1/?t=${MY_SECRET}", failures: 1 } }
            """
        let program = try RunningProgram(configuration(folder, port: port, more: leak), in: folder, environment: ["MY_SECRET": "tok-1234567890"])
        #expect(
            try RunningProgram.until(
                "'\(SourceTree.program)' runs url --state '\(folder["state"])' | grep failed && '\(SourceTree.program)' runs leak --state '\(folder["state"])' | grep failed"
            ))
        let answers = try ["status --json", "runs --json", "logs leak", "logs curious", "why url", "why leak"].map { try program.ask($0).output }.joined()
        #expect(answers.contains("<secret>"))
        #expect(program.stop() == 0)
        let found = try Shell.run("grep -rlaE 'tok-1234567890|dG9rLTEyMzQ1Njc4OTA|eHRvay0xMjM0NTY3ODkw' log.txt state", folder: folder.path)
        #expect(found.output == "")
        #expect(!answers.contains("tok-1234567890"))
    }

    @Test("faults of the machine are told in a sentence", .limited)
    func faults() throws {
        let (folder, port) = (try world(), Port.reserve())
        try folder.write("c.yaml", "version: 1\nstate: /proc/nowhere\njobs: { a: { type: command, with: { command: [x] } } }\n")
        let unwritable = try Shell.run("'\(SourceTree.program)' run --config c.yaml", folder: folder.path)
        #expect(unwritable.status == 1 && unwritable.errors.contains("the state folder /proc/nowhere can't be used"), "\(unwritable)")
        let faulty = """
              missing: { type: command, on: boot, with: { command: [no-such-program] } }
              taken:
                type: service
                needs: gateway
                with: { command: [python3, -m, http.server, "\(port)", --bind, 127.0.0.1], restart: { backoff: 100ms..200ms, give_up_after: 3 in 1m } }
            """
        let program = try RunningProgram(configuration(folder, port: port, more: faulty), in: folder)
        #expect(try RunningProgram.until("curl -fs http://127.0.0.1:\(port)/"))
        #expect(try RunningProgram.until("'\(SourceTree.program)' status --state '\(folder["state"])' | grep 'taken *given up'"), "\(program.log)")
        #expect(try program.ask("runs missing --json").output.contains("no-such-program is not on PATH"))
        let second = try Shell.run("'\(SourceTree.program)' run --config shipkeeper.yaml", folder: folder.path)
        #expect(second.status == 6 && second.errors.contains("another shipkeeper is running"), "\(second)")
        #expect(try program.ask("start nothing").status == 5)
        #expect(try program.ask("start gatway").errors.contains("did you mean \"gateway\"?"))
        #expect(program.stop() == 0)
        #expect(try program.ask("status").status == 4)
        #expect(try Shell.run("'\(SourceTree.program)' start").status == 2)
    }

    @Test("the demo does what it says, twice", .limited, arguments: Account.allCases)
    func demo(account: Account) throws {
        let (folder, port) = (TemporaryFolder(for: account), Port.reserve())
        try folder.run("mkdir demo")
        let environment = "SHIPKEEPER='\(SourceTree.program)' DEMO_ROOT='\(folder["demo"])' DEMO_PORT=\(port) DEMO_APP_PORT=\(Port.reserve())"
        let start = "(\(environment) setsid \(account.commandPrefix)'\(SourceTree.examples)/demo/run' > '\(folder["out"])' 2>&1 & echo $! > '\(folder["pid"])')"
        let stop = "kill -TERM $(cat '\(folder["pid"])'); while kill -0 $(cat '\(folder["pid"])') 2>/dev/null; do sleep 0.1; done"
        _ = try Shell.run(start)
        #expect(try RunningProgram.until("curl -fs http://127.0.0.1:\(port)/ | grep Hello"))
        try folder.write("demo/container/site/mine.txt", "mine")
        _ = try Shell.run(stop)
        _ = try Shell.run(start)
        #expect(try RunningProgram.until("curl -fs http://127.0.0.1:\(port)/mine.txt | grep mine"), "\(folder.read("out") ?? "")")
        _ = try Shell.run(stop)
    }
}
