import Foundation
import TestSupport
import Testing

@Suite("doctor", .waiting)
struct DoctorTests {
    private struct Line: Decodable {
        var about: String
        var check: String
        var verdict: String
        var message: String
        var hint: String?
        var free: Int64?
    }

    private struct Report: Decodable {
        struct Answer: Decodable { var checks: [Line] }
        var data: Answer
    }

    private func doctor(_ words: String = "", in folder: TemporaryFolder, prefix: String = "", status: Int32) throws -> [Line] {
        let result = try Shell.run("\(prefix)'\(SourceTree.program)' doctor --json \(words)", folder: folder.path)
        #expect(result.status == status, "\(result)")
        return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8)).data.checks
    }

    private static let configuration = """
        version: 1
        state: STATE
        repositories: { main: { type: folder, path: BACKUPS }, other: { type: folder, path: OTHER } }
        jobs:
          good: { type: command, with: { command: [sh, -c, "exit 0"] } }
          lost: { type: command, with: { command: [nonexistent-program, x] } }
          closed: { type: command, with: { command: [CLOSED] } }
          script: { type: command, with: { command: [SCRIPT] } }
          nowhere: { type: command, with: { command: [./run], cwd: /no/such/folder } }
          later: { type: command, needs: good, with: { command: [./run], cwd: /no/such/folder } }
          line: { type: command, with: { shell: "nonexistent-program | cat" } }
          line2: { type: command, with: { shell: "for i in 1 2; do echo $i; done" } }
          off: { type: command, enabled: false, with: { command: [nonexistent-program] } }
          app:
            type: service
            with:
              command: [sh, -c, "exec sleep 600"]
              ready: { http: "http://127.0.0.1:7860/healthz" }
              live: { http: "http://no-such-host.invalid:7860/" }
          tcp: { type: service, with: { command: [sh], ready: { tcp: "no-such-host.invalid:80" }, exit_rules: { 3: { run: [no-such-repair] } } } }
          ping: { type: keepalive, with: { url: "http://127.0.0.1:99999/" } }
          plug: { type: broken-needs }
          store: { type: backup, with: { repository: main, path: DATA } }
        """

    private func world() throws -> TemporaryFolder {
        let folder = TemporaryFolder()
        try folder.write("closed", "#!/bin/sh\n")
        try folder.write("script", "#!/no/such/interpreter\n")
        try folder.write("data/a", "a")
        try folder.run("chmod 644 closed; chmod 755 script; mkdir backups other")
        try folder.write(
            "Plugins/broken-needs/plugin.yaml",
            "protocol: 1\nname: broken-needs\nversion: \"1\"\ndescription: x\ncommand: [./run]\nneeds: [sh, no-such-need]\n")
        try folder.write("Plugins/broken-needs/run", "#!/bin/sh\n")
        var text = DoctorTests.configuration
        for (word, path) in [("STATE", "state"), ("BACKUPS", "backups"), ("OTHER", "other"), ("CLOSED", "closed"), ("SCRIPT", "script"), ("DATA", "data")] {
            text = text.replacing(word, with: folder[path])
        }
        try folder.write("shipkeeper.yaml", text)
        return folder
    }

    @Test("what jobs need is looked for: programs, folders, bits, hosts, what plug-ins call", .limited)
    func needs() throws {
        let folder = try world()
        let lines = try doctor(in: folder, prefix: "env -u http_proxy -u https_proxy -u all_proxy -u HTTPS_PROXY -u ALL_PROXY ", status: 1)
        for (job, check, verdict, words) in [
            ("good", "program", "ok", "/sh"), ("lost", "program", "failed", "nonexistent-program is not on PATH"),
            ("closed", "program", "failed", "closed may not be executed"), ("script", "program", "failed", "wants the interpreter /no/such/interpreter"),
            ("nowhere", "cwd", "failed", "the folder /no/such/folder does not exist"), ("later", "cwd", "warning", "/no/such/folder does not exist"),
            ("line", "program", "warning", "nonexistent-program is not on PATH"), ("app", "program", "ok", "/sh"),
            ("app", "ready check", "ok", "the host of http://127.0.0.1:7860/healthz is known"),
            ("app", "live check", "failed", "the host no-such-host.invalid is not known"),
            ("tcp", "ready check", "failed", "the host no-such-host.invalid is not known"),
            ("tcp", "repair after 3", "failed", "no-such-repair is not on PATH"), ("ping", "url", "failed", "is not an address"),
            ("plug", "plug-in", "ok", "next to the configuration"), ("plug", "programs", "failed", "no-such-need,"),
        ] {
            let found = lines.filter { $0.about == "job \(job)" && $0.check == check }
            #expect(found.count == 1 && found[0].verdict == verdict && found[0].message.contains(words), "\(job) \(check): \(found)")
        }
        #expect(!lines.contains { $0.about == "job off" || $0.about == "job line2" })
        #expect(lines.allSatisfy { $0.verdict != "ok" || $0.hint == nil }, "a hint where all is well")
        #expect(lines.allSatisfy { !$0.message.contains("/usr/bin:") }, "the whole PATH is in no message")
        #expect(lines.first { $0.check == "disk of the state folder" }?.free ?? 0 > 0)
    }

    @Test("it can be asked of some jobs alone", .limited)
    func some() throws {
        let folder = try world()
        let lines = try doctor("store lost", in: folder, status: 1)
        #expect(Set(lines.map(\.about)) == ["configuration", "repository main", "job lost"], "\(lines.map(\.about))")
        #expect(lines.first { $0.check == "space" }?.message.contains("GB free") == true || lines.contains { $0.message.contains(" free") })
        _ = try doctor("good", in: folder, status: 0)
        let unknown = try Shell.run("'\(SourceTree.program)' doctor stor", folder: folder.path)
        #expect(unknown.status == 5 && unknown.errors.contains("did you mean \"store\"?"), "\(unknown)")
    }

    @Test("a full disk is called full", .limited, .enabled(if: getuid() == 0))
    func full() throws {
        let folder = TemporaryFolder()
        try folder.write("shipkeeper.yaml", "version: 1\nstate: \(folder["state"])\njobs:\n  a: { type: command, with: { command: [sh] } }\n")
        let line = """
            mkdir state && mount -t tmpfs -o size=256k tmpfs state && mkdir -p state/control state/logs && { head -c 1M /dev/zero > state/filler; true; } 2>/dev/null
            COLUMNS=300 '\(SourceTree.program)' doctor
            """
        let result = try Shell.run("unshare --mount sh -c '\(line.replacing("'", with: "'\\''"))'", folder: folder.path)
        #expect(result.status == 1 && result.output.contains("FAIL disk of the state folder: the disk of \(folder["state"]) is full: 0 B free"), "\(result)")
        #expect(!result.output.contains("can be written"), "\(result)")
    }

    @Test("where a program was looked for is in the log, once, and in no message", .limited)
    func path() throws {
        let folder = TemporaryFolder()
        let jobs = "  app: { type: service, with: { command: [no-such-app], restart: { backoff: 10ms..10ms, give_up_after: 3 in 10m } } }\n"
        let program = try RunningProgram(
            "version: 1\nstate: \(folder["state"])\njobs:\n\(jobs)", in: folder, environment: ["PATH": "/usr/bin:/bin:/looked/for/here"])
        #expect(try program.says("giving up"))
        #expect(program.log.contains("no-such-app is not on PATH"), "\(program.log)")
        #expect(program.log.ranges(of: "/looked/for/here").count == 1, "\(program.log)")
        #expect(try !program.ask("status").output.contains("/looked/for/here"))
        #expect(try program.ask("logs app").output.contains("no-such-app was looked for in /usr/bin:/bin:/looked/for/here"))
        _ = program.stop()
    }
}
