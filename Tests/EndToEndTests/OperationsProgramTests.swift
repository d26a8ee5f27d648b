import TestSupport
import Testing

/// The operations of the running program, as clients that are not ours see them.
@Suite("operations of the running program", .waiting, .serialized)
struct OperationsProgramTests {
    private static let configuration = """
        version: 1
        actions:
          list: { label: "List", command: [echo, listed] }
          approve: { command: [sh, -c, 'echo "approved $0"; exit 3'], argument: Request id }
        jobs:
          hello: { type: command, with: { command: [echo, hello] } }
          备份: { type: command, on: { every: 1h }, with: { shell: "for i in $(seq 50); do echo $i; done" } }
          app: { type: service, with: { command: [sleep, "100000"] } }
        """

    private static func program(_ folder: TemporaryFolder, _ more: String = "", environment: [String: String] = [:]) throws -> RunningProgram {
        let program = try RunningProgram("\(configuration)\nstate: \(folder["state"])\n\(more)\n", in: folder, environment: environment)
        #expect(try program.answers(), "\(program.log)")
        return program
    }

    @Test("what it says of itself is so: schemathesis finds no request, good or bad, that is answered otherwise", .limited)
    func description() throws {
        let folder = TemporaryFolder()
        let program = try OperationsProgramTests.program(folder)
        let script = SourceTree.root + "/Tests/TestSupport/Operations/check_openapi.py"
        let result = try Shell.run("'\(Shell.python)' '\(script)' '\(folder["state/control/control.sock"])' 5")
        #expect(result.status == 0, "\(result.output.suffix(20_000))\n\(result.errors.suffix(4000))")
        #expect(result.output.contains("Tested:"), "\(result.output)")
        #expect(try program.answers() && program.stop() == 0, "\(program.log)")
    }

    @Test("so is what it says over the public port, where a request without the token is refused", .limited)
    func publicDescription() throws {
        let folder = TemporaryFolder()
        let more = "secrets: [TOKEN]\ncontrol: { token: \"${TOKEN}\" }\nfront: { listen: \"127.0.0.1:\(Port.reserve())\" }\n"
        let program = try OperationsProgramTests.program(folder, more, environment: ["TOKEN": "0123456789-the-token"])
        let script = SourceTree.root + "/Tests/TestSupport/Operations/check_openapi.py"
        // Behind nginx, which has answers of its own to what is no request at all.
        #expect(try program.says("front: ready"), "\(program.log)")
        let place = try #require(program.log.firstMatch(of: /-c (\S+)\/nginx\.conf/)?.1, "\(program.log)")
        let result = try Shell.run("'\(Shell.python)' '\(script)' '\(place)/page.sock' 1 1 /-/api/ 0123456789-the-token")
        #expect(result.status == 0 && result.output.contains("Tested:"), "\(result.output.suffix(20_000))\n\(result.errors.suffix(4000))")
        #expect(try program.answers() && program.stop() == 0, "\(program.log)")
    }

    @Test("an assistant has the operations as tools, and may only look unless the configuration says more", .limited)
    func assistant() throws {
        let folder = TemporaryFolder()
        let script = SourceTree.root + "/Tests/TestSupport/Operations/check_mcp.py"
        func check(_ access: String) throws {
            let result = try Shell.run("'\(Shell.python)' '\(script)' '\(SourceTree.program)' '\(folder["state"])' \(access)")
            #expect(result.status == 0, "\(access): \(result.output)\n\(result.errors)")
        }
        try check("none")
        let program = try OperationsProgramTests.program(folder)
        try check("read")
        try folder.write("shipkeeper.yaml", (folder.read("shipkeeper.yaml") ?? "") + "\ncontrol: { mcp: write }\n")
        #expect(try program.ask("reload").status == 0)
        try check("write")
        #expect(program.stop() == 0)
    }

    @Test("backups are listed, verified, downloaded whole and unpacked elsewhere by anyone who may use the socket", .limited)
    func backups() throws {
        let folder = TemporaryFolder()
        _ = try Shell.run("mkdir '\(folder["store"])' '\(folder["out"])'")
        try folder.write("data/a.txt", "alpha")
        try folder.write("data/sub/b.txt", "beta")
        _ = try Shell.run("head -c 3000000 /dev/urandom > '\(folder["data/big"])'")
        let jobs = """
            repositories: { main: { type: folder, path: "\(folder["store"])" } }
            jobs:
              restore: { type: restore, on: boot, with: { repository: main, path: "\(folder["data"])" } }
              backup: { type: backup, needs: restore, with: { repository: main, path: "\(folder["data"])" } }
            """
        let program = try RunningProgram("version: 1\nstate: \(folder["state"])\n\(jobs)\n", in: folder)
        #expect(try program.answers(), "\(program.log)")
        let backup = try program.ask("start backup --wait")
        #expect(backup.status == 0, "\(backup) \(program.log)")
        let socket = "curl -s --unix-socket '\(folder["state/control/control.sock"])'"
        func get(_ path: String, _ options: String = "") throws -> String { try Shell.run("\(socket) \(options) 'http://x/-/\(path)'").output }

        let list = try get("backups")
        let short = try #require(list.firstMatch(of: /"short":"([0-9a-zA-Z]+)"/)?.1)
        #expect(list.contains("\"files\":3") && list.contains("\"reasons\":[\"latest\"") && list.contains("\"repository\":\"main\""), "\(list)")
        #expect(try get("backups/\(short)/verify").contains("\"is_whole\":true"))
        let headers = try get("backups/latest/archive", "-D - -o '\(folder["got.tar.gz"])'").lowercased()
        let sizes = try Shell.run("stat -c %s '\(folder["got.tar.gz"])'").output.filter(\.isNumber)
        #expect(headers.contains("content-type: application/gzip") && headers.contains("content-length: \(sizes)"), "\(headers)")
        #expect(headers.contains("content-disposition: attachment; filename=\"main-\(short).tar.gz\""), "\(headers)")
        #expect(try Shell.run("cmp '\(folder["got.tar.gz"])' \"$(find '\(folder["store"])' -name latest_backup.tar.gz | head -1)\"").status == 0)
        let same = "tar -xzf '\(folder["got.tar.gz"])' -C '\(folder["out"])' && cd '\(folder["out/data"])' && cmp big '\(folder["data/big"])' && cat sub/b.txt"
        let unpacked = try Shell.run(same)
        #expect(unpacked.output == "beta", "\(unpacked)")

        let part = try get("backups/latest/unpack?to=\(folder["part"])&path=data/sub", "-X POST")
        #expect(part.contains("\"files\":1") && folder.read("part/data/sub/b.txt") == "beta" && folder.read("part/data/a.txt") == nil, "\(part)")
        #expect(try get("backups/latest/unpack?to=\(folder["data"])", "-X POST").contains("is not empty"))
        #expect(folder.read("data/a.txt") == "alpha")
        #expect(try get("backups/latest/unpack?to=relative", "-X POST").contains("a whole path"))
        #expect(try get("backups/ffffffff/verify", "-w %{http_code}").contains("no_such_backup") && get("backups/x/verify", "-w %{http_code}").hasSuffix("404"))
        #expect(try get("backups?repository=other").contains("no_such_repository"))
        // One that is damaged is said to be so, and is not handed out.
        _ = try Shell.run("f=$(find '\(folder["store"])' -name latest_backup.tar.gz | head -1); printf X | dd of=\"$f\" bs=1 seek=1000 conv=notrunc")
        #expect(try get("backups/latest/verify").contains("\"is_whole\":false"))
        let damaged = try get("backups/latest/archive", "-w %{http_code}")
        #expect(damaged.hasSuffix("409") && damaged.contains("problems"), "\(damaged.prefix(300))")
        #expect(program.stop() == 0)
    }

    @Test("the configuration is shown without its secrets and checked on the disk, and doctor tries what it needs", .limited)
    func configuration() throws {
        let folder = TemporaryFolder()
        let text = """
            version: 1
            state: \(folder["state"])
            secrets: [TOP]
            jobs:
              hello: { type: command, secrets: [TOP], with: { command: [no-such-program-here, "${HIDDEN:-shown}"] } }
            """
        let program = try RunningProgram(text, in: folder, environment: ["TOP": "very-secret-value", "HIDDEN": "very-secret-value"])
        #expect(try program.answers(), "\(program.log)")
        let socket = "curl -s --unix-socket '\(folder["state/control/control.sock"])'"
        func get(_ path: String) throws -> String { try Shell.run("\(socket) 'http://x/-/\(path)'").output }

        let shown = try get("config")
        #expect(shown.contains("no-such-program-here") && shown.contains("# default") && !shown.contains("very-secret"), "\(shown)")
        let doctor = try get("doctor")
        #expect(doctor.contains("no-such-program-here is not on PATH") && doctor.contains("\"about\":\"this machine\""), "\(doctor)")
        #expect(try !get("doctor?job=hello").contains("this machine") && get("doctor?job=hallo").contains("did you mean"))
        #expect(try get("config/check").contains("\"is_valid\":true"))
        try folder.write("shipkeeper.yaml", text.replacing("type: command", with: "type: comand"))
        let check = try get("config/check")
        #expect(check.contains("\"is_valid\":false") && check.contains("\"line\":5") && check.contains("did you mean"), "\(check)")
        #expect(try get("config").contains("/-/config/check") && get("status").contains("\"hello\""))
        #expect(program.stop() == 0)
    }

    @Test("an action is run by its name: its output on standard output, its end as the exit code", .limited)
    func actions() throws {
        let folder = TemporaryFolder()
        let program = try OperationsProgramTests.program(folder)
        let list = try program.ask("action")
        #expect(list.status == 0 && list.output.contains("approve REQUEST_ID") && list.output.contains("List"), "\(list)")
        #expect(try program.ask("action list").output == "listed\n")
        let approve = try program.ask("action approve 4f1")
        #expect(approve.status == 1 && approve.output == "approved 4f1\n" && approve.errors.contains("approve: exited with code 3"), "\(approve)")
        let missing = try program.ask("action approve")
        #expect(missing.status == 1 && missing.errors.contains("needs an argument: Request id"), "\(missing)")
        let unknown = try program.ask("action aprove x")
        #expect(unknown.status == 1 && unknown.errors.contains("did you mean \"approve\"?"), "\(unknown)")
        #expect(try program.says("action list: exited with code 0"))
        try folder.write("shipkeeper.yaml", (folder.read("shipkeeper.yaml") ?? "").replacing("[echo, listed]", with: "[echo, changed]"))
        #expect(try program.ask("reload").status == 0)
        #expect(try program.ask("action list").output == "changed\n")
        #expect(program.stop() == 0)
    }

    @Test("events come as server-sent events, and go on where a client has left off", .limited)
    func events() throws {
        let folder = TemporaryFolder()
        let program = try OperationsProgramTests.program(folder)
        let ask = "curl -sN --unix-socket '\(folder["state/control/control.sock"])'"
        _ = try Shell.run("\(ask) 'http://x/-/events/stream?job=hello&seconds=60' > '\(folder["first"])' &")
        #expect(try program.until("grep -q ^id '\(folder["first"])'"))
        let start = try Shell.run("sed -n 's/^id: //p' '\(folder["first"])' | head -1").output.filter { !$0.isNewline }
        #expect(try program.ask("start hello --wait").status == 0)
        #expect(try program.until("grep -q '\"outcome\":\"succeeded\"' '\(folder["first"])'"))
        let again = try Shell.run("\(ask) -H 'Last-Event-ID: \(start)' 'http://x/-/events/stream?job=hello&seconds=1' -D -")
        #expect(again.output.contains("text/event-stream") && again.output.contains("event: run\n") && again.output.contains("\"outcome\":\"succeeded\""))
        let text = try Shell.run("\(ask) 'http://x/-/jobs/hello/log/text?follow=true'")
        #expect(text.output.contains("hello\n"), "\(text.output)")
        #expect(program.stop() == 0)
    }
}
