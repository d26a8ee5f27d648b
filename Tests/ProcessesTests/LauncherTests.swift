import Foundation
import JobKit
import Processes
import Synchronization
import TestSupport
import Testing

@Suite("launcher", .waiting)
struct LauncherTests {
    private final class Output: Sendable {
        private let text = Mutex("")
        func add(_ bytes: [UInt8]) { text.withLock { $0 += String(decoding: bytes, as: UTF8.self) } }
        var all: String { text.withLock { $0 } }
    }

    private struct Clock: WallClock {
        var now: Date { Date() }
        var uptime: Duration { .milliseconds(Int64(ProcessInfo.processInfo.systemUptime * 1000)) }
        func sleep(until instant: Date) async throws(CancellationError) {
            do { try await Task.sleep(for: .seconds(max(0.001, instant.timeIntervalSinceNow))) } catch { throw CancellationError() }
        }
    }

    private func launch(_ line: String, _ output: Output, mark: String = UUID().uuidString, folder: String? = nil) async throws -> any RunningProcess {
        try await SystemProcessLauncher(clock: Clock()).launch(
            ProcessCommand(arguments: ["/bin/bash", "-c", line], environment: ["PATH": "/usr/bin:/bin", "A": "b"], folder: folder, mark: mark) { bytes, _ in
                output.add(bytes)
            })
    }

    @Test("gives exit codes and signals as they are", .limited)
    func exits() async throws {
        let output = Output()
        #expect(try await launch("echo $A; pwd; exit 7", output, folder: "/usr").exit() == .exited(7))
        #expect(output.all == "b\n/usr\n")
        #expect(try await launch("kill -9 $$", Output()).exit() == .signalled(9))
    }

    @Test("tells a process something, and hears what it says apart from what it prints", .limited)
    func conversation() async throws {
        let (output, messages) = (Output(), Output())
        let request = Array("hello \(String(repeating: "x", count: 900_000))\n".utf8)
        var command = ProcessCommand(
            arguments: [
                "bash", "-c", "wc -c; echo printed; echo said >&3; python3 -c 'print(\"more\", file=open(3, \"w\"))'; (sleep 600; echo late >&3) & exit 4",
            ],
            environment: ["PATH": "/usr/bin:/bin"], mark: UUID().uuidString
        ) { bytes, _ in output.add(bytes) }
        command.conversation = .init(request: request) { messages.add($0) }
        let process = try await SystemProcessLauncher(clock: Clock()).launch(command)
        #expect(await process.exit() == .exited(4))
        #expect(output.all == "900007\nprinted\n")
        #expect(messages.all == "said\nmore\n")
        #expect(await process.endLeftovers() > 0)
        command.conversation?.request = [UInt8](repeating: 0, count: 3 << 20)
        await #expect(throws: LaunchError.self) { _ = try await SystemProcessLauncher(clock: Clock()).launch(command) }
    }

    @Test("says what is wrong with a command")
    func failures() async {
        let launcher = SystemProcessLauncher(clock: Clock())
        func command(_ word: String, folder: String? = nil) -> ProcessCommand {
            ProcessCommand(arguments: [word], environment: ["PATH": "/usr/bin:/bin"], folder: folder, mark: "x") { _, _ in }
        }
        await #expect(throws: LaunchError.notFound(program: "nope", searched: "/usr/bin:/bin")) { _ = try await launcher.launch(command("nope")) }
        await #expect(throws: LaunchError.notFound(program: "/nope", searched: "")) { _ = try await launcher.launch(command("/nope")) }
        await #expect(throws: LaunchError.notExecutable(path: "/etc/passwd")) { _ = try await launcher.launch(command("/etc/passwd")) }
        await #expect(throws: LaunchError.folderMissing(path: "/nowhere")) { _ = try await launcher.launch(command("true", folder: "/nowhere")) }
    }

    @Test("goes through the steps, then kills all that carry the mark", .limited)
    func stop() async throws {
        let mark = UUID().uuidString
        let process = try await launch("trap '' TERM; (setsid sleep 500 &) ; echo up; while true; do sleep 0.1; done", Output(), mark: mark)
        #expect(try RunningProgram.until("grep -lz 'SHIPKEEPER_MARK=\(mark)' /proc/[0-9]*/environ | wc -l | grep -q '[2-9]'"))
        await process.stop(StopSteps([.init(signal: 15, wait: .milliseconds(200))]))
        #expect(await process.exit() == .signalled(9))
        #expect(try Shell.run("grep -lzs 'SHIPKEEPER_MARK=\(mark)' /proc/[0-9]*/environ").output == "")
    }

    @Test("a thousand runs leave no descriptor and no zombie behind", .tags(.slow), .limited)
    func leaks() async throws {
        func descriptors() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
        _ = await (try launch("true", Output())).exit()
        let before = try descriptors()
        for _ in 0..<1000 {
            let process = try await launch("true", Output())
            _ = await process.exit()
            _ = await process.endLeftovers()
        }
        // Other tests open some of their own meanwhile; a leak would be one for each run.
        #expect(try descriptors() <= before + 200)
        let zombies = try Shell.run("ps -o stat= --ppid \(ProcessInfo.processInfo.processIdentifier) | grep -c Z").output
        #expect(Int(zombies.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0 <= 1)
    }
}
