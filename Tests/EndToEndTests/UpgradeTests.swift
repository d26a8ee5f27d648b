import Foundation
import TestSupport
import Testing

/// Another program takes over, and services continue.
@Suite("upgrade", .waiting, .serialized)
struct UpgradeTests: ServiceWatcher {
    private static let service = "  app: { type: service, with: { command: [sleep, \"1000\"] } }\n"

    /// A copy of the built program.
    private func copy(to path: String) throws {
        #expect(try Shell.run("cp --reflink=auto '\(SourceTree.program)' '\(path).new' && mv '\(path).new' '\(path)'").status == 0)
    }

    private func executable(of process: Int32) throws -> String { try Shell.run("readlink /proc/\(process)/exe").output.trimmingCharacters(in: .newlines) }

    @Test("a named program, then another file at the same path", .limited, arguments: Account.allCases)
    func taken(account: Account) throws {
        let folder = TemporaryFolder(for: account)
        let once = "  once: { type: command, on: boot, with: { shell: \"echo once >> \(folder["state/once"])\" } }\n"
        let program = try start(UpgradeTests.service + once, folder)
        #expect(try isReady(program, 0), "\(program.log)")
        #expect(try program.hasDone("once"))
        let (before, first) = (try facts(program), try daemon(of: program))
        try copy(to: folder["new"])
        let answer = try program.ask("upgrade '\(folder["new"])'")
        #expect(answer.status == 0 && answer.output == "shipkeeper 0.1.0 → 0.1.0; app continues\n", "\(answer)\n\(program.log)")
        #expect(try isReady(program, 0), "\(program.log)")
        let second = try daemon(of: program, not: first)
        if !account.isOther { #expect(try executable(of: second) == folder["new"]) }
        #expect(try facts(program) == before)
        try copy(to: folder["new"])
        let again = try program.ask("upgrade --json")
        #expect(again.status == 0 && again.output.contains(folder["new"]), "\(again)\n\(program.log)")
        #expect(try isReady(program, 0), "\(program.log)")
        let third = try daemon(of: program, not: second)
        if !account.isOther { #expect(try executable(of: third) == folder["new"]) }
        #expect(try facts(program) == before)
        #expect(folder.read("state/once") == "once\n")
        #expect(program.stop() == 0)
        #expect(try Shell.run("pgrep -f '\(folder.path)'").output == "")
    }

    @Test("what is no shipkeeper, or does not take the configuration, is refused", .limited)
    func refused() throws {
        let folder = TemporaryFolder()
        let program = try start(UpgradeTests.service, folder)
        #expect(try isReady(program, 0), "\(program.log)")
        let first = try daemon(of: program)
        try folder.write("fails", "#!/bin/sh\necho too new >&2\nexit 3\n")
        try folder.write("picky", "#!/bin/sh\n[ \"$1\" = version ] && exec '\(SourceTree.program)' version\necho unknown key >&2\nexit 78\n")
        _ = try folder.run("chmod +x fails picky")
        for (name, words) in [
            ("/bin/true", "/bin/true is not shipkeeper"), (folder["fails"], "exited with code 3\n→ too new"),
            (folder["picky"], "exited with code 78\n→ unknown key"),
            (folder["none"], "does not exist"),
        ] {
            let answer = try program.ask("upgrade '\(name)'")
            #expect(answer.status == 1 && answer.errors.contains(words), "\(answer)")
        }
        #expect(try daemon(of: program) == first)
        #expect(program.stop() == 0)
        let alone = try RunningProgram("version: 1\nstate: \(folder["state"])\njobs:\n\(UpgradeTests.service)", in: folder, flags: ["--no-init"])
        #expect(try alone.answers())
        let answer = try alone.ask("upgrade")
        #expect(answer.status == 1 && answer.errors.contains("runs without an init of its own"), "\(answer)")
        #expect(alone.stop() == 0)
    }

    @Test("runs under way are waited for, and no other is started meanwhile", .limited)
    func waits() throws {
        let folder = TemporaryFolder()
        let program = try start(
            UpgradeTests.service + """
                  slow: { type: command, with: { shell: "until [ -e '\(folder["may"])' ]; do sleep 0.1; done; echo slow >> '\(folder["order"])'" } }
                  next: { type: command, on: { after: slow }, with: { shell: "echo next >> '\(folder["order"])'" } }

                """, folder)
        #expect(try isReady(program, 0), "\(program.log)")
        let (before, first) = (try facts(program), try daemon(of: program))
        _ = try program.ask("start slow")
        _ = try Shell.run("('\(SourceTree.program)' upgrade --state '\(folder["state"])'; echo $?) > '\(folder["answer"])' 2>&1 &")
        #expect(try program.says("upgrade: waits, for slow (run 2) is running"), "\(program.log)")
        let refused = try program.ask("start next")
        #expect(refused.errors.contains("an upgrade is under way") || refused.output.contains("an upgrade is under way"), "\(refused)")
        let twice = try program.ask("upgrade")
        #expect(twice.status == 1 && twice.errors.contains("another upgrade is already under way"), "\(twice)")
        try folder.write("may", "")
        #expect(try RunningProgram.until("grep -qx 0 '\(folder["answer"])'"), "\(folder.read("answer") ?? "")\n\(program.log)")
        #expect(folder.read("answer")?.contains("waits for slow (run 2)") == true, "\(folder.read("answer") ?? "")")
        #expect(try program.until("grep -q next '\(folder["order"])'"), "\(program.log)")
        #expect(folder.read("order") == "slow\nnext\n")
        #expect(try facts(program) == before)
        _ = try daemon(of: program, not: first)
        #expect(program.stop() == 0)
    }

    @Test("a new program that ends before it is well is replaced by the one before", .limited)
    func back() throws {
        let folder = TemporaryFolder()
        let program = try start(UpgradeTests.service, folder)
        #expect(try isReady(program, 0), "\(program.log)")
        let (before, first) = (try facts(program), try daemon(of: program))
        try folder.write("bad", "#!/bin/sh\n[ \"$1\" = run ] && exit 3\nexec '\(SourceTree.program)' \"$@\"\n")
        _ = try folder.run("chmod +x bad")
        _ = try program.ask("upgrade '\(folder["bad"])'")
        #expect(program.log.contains("the new program has ended before it was well"), "\(program.log)")
        #expect(try isReady(program, 1), "\(program.log)")
        _ = try daemon(of: program, not: first)
        #expect(try facts(program) == before)
        #expect(program.stop() == 0)
    }
}
