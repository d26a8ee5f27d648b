import Foundation
import JobKit
import Processes
import Settings
import TestSupport
import Testing

@Suite("why a program can't be started", .waiting)
struct LaunchErrorTests {
    private struct Clock: WallClock {
        var now: Date { Date() }
        var uptime: Duration { .milliseconds(Int64(ProcessInfo.processInfo.systemUptime * 1000)) }
        func sleep(until instant: Date) async throws(CancellationError) {
            do { try await Task.sleep(for: .seconds(max(0.001, instant.timeIntervalSinceNow))) } catch { throw CancellationError() }
        }
    }

    private func launch(_ words: [String], environment: [String: String] = [:]) async throws -> any RunningProcess {
        try await SystemProcessLauncher(clock: Clock()).launch(
            ProcessCommand(arguments: words, environment: ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }, mark: UUID().uuidString) { _, _ in })
    }

    private func script(_ folder: TemporaryFolder, _ text: String) throws -> String {
        let path = folder["program-\(UUID().uuidString)"]
        // By another process: a child that is started just then by another test would hold a file of ours open for writing, which can't be executed meanwhile.
        #expect(try Shell.run("printf '%s' \"$TEXT\" > '\(path)' && chmod 755 '\(path)'", environment: ["TEXT": text]).status == 0)
        return path
    }

    @Test("a script's first line is read as the kernel reads it", .limited)
    func interpreters() async throws {
        let folder = TemporaryFolder()
        let windows = try script(folder, "#!/bin/sh\r\necho hi\r\n")
        await #expect(throws: LaunchError.noInterpreter(script: windows, interpreter: "/bin/sh\r")) { _ = try await launch([windows]) }
        let missing = try script(folder, "#! /usr/local/bin/no-such-shell -e\necho hi\n")
        await #expect(throws: LaunchError.noInterpreter(script: missing, interpreter: "/usr/local/bin/no-such-shell")) { _ = try await launch([missing]) }
        let folderAsInterpreter = try script(folder, "#!/usr/bin\n")
        await #expect(throws: LaunchError.noInterpreter(script: folderAsInterpreter, interpreter: "/usr/bin")) { _ = try await launch([folderAsInterpreter]) }
        let none = try script(folder, "echo hi\n")
        await #expect(throws: LaunchError.noProgram(path: none)) { _ = try await launch([none]) }
        let good = try script(folder, "#!/bin/sh\nexit 3\n")
        #expect(try await launch([good]).exit() == .exited(3))
    }

    @Test("the sentences name the cause and what to do")
    func sentences() {
        let windows = LaunchError.noInterpreter(script: "/a.sh", interpreter: "/bin/sh\r")
        #expect(windows.description == "the first line of /a.sh ends as on Windows, so its interpreter is not found: \"/bin/sh\" and a carriage return")
        #expect(windows.hint == "save it with Unix line ends: sed -i 's/\\r$//' /a.sh")
        #expect(!windows.isPassing)
        #expect(LaunchError.short(program: "a", .processes).isPassing)
    }

    @Test("a folder is not a program", .limited)
    func folders() async {
        await #expect(throws: LaunchError.isFolder(path: "/usr/bin")) { _ = try await launch(["/usr/bin"]) }
    }

    @Test("words that the system can't take are named, with their size", .limited)
    func words() async throws {
        let long = String(repeating: "x", count: 200_000)
        await #expect(throws: LaunchError.unusable(program: "true", .tooLong("argument 1", bytes: 200_000))) { _ = try await launch(["true", long]) }
        await #expect(throws: LaunchError.unusable(program: "true", .tooLong("the variable A", bytes: 200_002))) {
            _ = try await launch(["true"], environment: ["A": long])
        }
        await #expect(throws: LaunchError.unusable(program: "true", .nul(in: "argument 1"))) { _ = try await launch(["true", "a\0b"]) }
        await #expect(throws: LaunchError.unusable(program: "true", .nul(in: "the variable A"))) { _ = try await launch(["true"], environment: ["A": "a\0b"]) }
        await #expect(throws: LaunchError.unusable(program: "true", .name("A=B"))) { _ = try await launch(["true"], environment: ["A=B": "1"]) }
        // Each fits, and all together don't: the limit is a quarter of the stack's, 6 MB at the most.
        let many = (0..<80).map { _ in String(repeating: "x", count: 100_000) }
        do {
            _ = try await launch(["true"] + many)
            Issue.record("8 MB of arguments were taken")
        } catch LaunchError.unusable(_, .tooMuch(let bytes)) {
            #expect(bytes > 8_000_000)
        }
        #expect(try await launch(["true", String(repeating: "x", count: 131_071)]).exit() == .exited(0))
    }

    @Test("a child starts with nothing of ours: no descriptor, no signal ignored or blocked, a session of its own", .limited)
    func clean() async throws {
        let folder = TemporaryFolder()
        let line =
            "ls /proc/self/fd | tr '\\n' ' ' > \(folder["fds"]); grep -E 'Sig(Ign|Blk)' /proc/self/status | cut -f2 > \(folder["signals"]); ps -o sid= -p $$ > \(folder["sid"]); echo $$ > \(folder["pid"])"
        #expect(try await launch(["bash", "-c", line]).exit() == .exited(0))
        // The fourth is ls's own, for the folder.
        #expect(folder.read("fds") == "0 1 2 3 ")
        // The two first signals beyond the usual ones belong to the C library itself.
        let signals = (folder.read("signals") ?? "").split(separator: "\n").map { (UInt64($0, radix: 16) ?? .max) & ~(3 << 31) }
        #expect(signals == [0, 0])
        #expect(folder.read("sid")?.filter(\.isNumber) == folder.read("pid")?.filter(\.isNumber))
    }
}
