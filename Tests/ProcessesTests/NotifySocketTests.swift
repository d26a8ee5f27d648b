import Foundation
import JobKit
import Processes
import Synchronization
import TestSupport
import Testing

/// The socket at which a process says how it is: who is heard there, and who is not.
@Suite("notify socket", .waiting)
struct NotifySocketTests {
    private final class Heard: Sendable {
        private let all = Mutex<[String]>([])
        func add(_ text: String) { all.withLock { $0.append(text) } }
        var texts: [String] { all.withLock { $0 } }

        /// Waits for a text; false when it never comes.
        func says(_ text: String) async -> Bool {
            for _ in 0..<30_000 {
                if texts.contains(text) { return true }
                try? await Task.sleep(for: .milliseconds(10))
            }
            return false
        }
    }

    private struct Clock: WallClock {
        var now: Date { Date() }
        var uptime: Duration { .milliseconds(Int64(ProcessInfo.processInfo.systemUptime * 1000)) }
        func sleep(until instant: Date) async throws(CancellationError) {
            do { try await Task.sleep(for: .seconds(max(0.001, instant.timeIntervalSinceNow))) } catch { throw CancellationError() }
        }
    }

    private static let sender = """
        import os, socket, sys
        def say(text):
            line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            line.sendto(text if isinstance(text, bytes) else text.encode(), "\\0" + os.environ["NOTIFY_SOCKET"][1:])

        """

    private func launch(
        _ words: [String], output: Heard = Heard(), watchdog: Duration? = nil, folder: String? = nil
    ) async throws -> any RunningProcess {
        var command = ProcessCommand(
            arguments: words, environment: ["PATH": "/usr/bin:/bin", "WATCHDOG_PID": "1"], folder: folder, mark: UUID().uuidString
        ) { bytes, _ in output.add(String(decoding: bytes, as: UTF8.self)) }
        command.notification = .init(watchdog: watchdog)
        return try await SystemProcessLauncher(clock: Clock()).launch(command)
    }

    private func python(_ text: String) -> [String] { ["python3", "-c", NotifySocketTests.sender + text] }

    @Test("a watched process finds its own id, and is started as all are", .limited)
    func numbered() async throws {
        let output = Heard()
        let line = """
            [ "$WATCHDOG_PID" = $$ ] && echo own; echo $WATCHDOG_USEC; pwd; [ "$(ps -o sid= -p $$ | tr -d ' ')" = $$ ] && echo leads
            grep -E '^Sig(Blk|Ign):' /proc/self/status | grep -v '\\b0*$'; ls /proc/self/fd | wc -l; exit 5
            """
        let process = try await launch(["bash", "-c", line], output: output, watchdog: .milliseconds(2500), folder: "/usr")
        #expect(await process.exit() == .exited(5))
        // 0, 1, 2, and the folder that is listed.
        #expect(output.texts.joined() == "own\n2500000\n/usr\nleads\n4\n")
        _ = await process.endLeftovers()
    }

    @Test("what can't be started is told as for all", .limited)
    func failures() async throws {
        let folder = TemporaryFolder()
        // Written by another process: a descriptor of ours would be open in all that other tests start meanwhile, and the script busy.
        #expect(try Shell.run("echo '#!/no/such/shell' > '\(folder["script"])'; chmod 755 '\(folder["script"])'").status == 0)
        await #expect(throws: LaunchError.noInterpreter(script: folder["script"], interpreter: "/no/such/shell")) {
            _ = try await launch([folder["script"]], watchdog: .seconds(1))
        }
        for _ in 0..<20 {
            let process = try await launch(["sh", "-c", "kill -9 $$"], watchdog: .seconds(1))
            #expect(await process.exit() == .signalled(9))
            _ = await process.endLeftovers()
        }
    }

    @Test("what has no watchdog has no variables of one", .limited)
    func variables() async throws {
        let output = Heard()
        let process = try await launch(["sh", "-c", "env | grep -c WATCHDOG; echo $NOTIFY_SOCKET"], output: output)
        _ = await process.exit()
        #expect(output.texts.joined().hasPrefix("0\n@shipkeeper/"), "\(output.texts)")
        _ = await process.endLeftovers()
    }

    @Test("the process and all that it starts are heard, also what has left its session", .limited)
    func members() async throws {
        let (heard, folder) = (Heard(), TemporaryFolder())
        // Each stays: who has exited before its message is read is not recognized. The last one has no parent of the family any more, and a session of its own.
        let process = try await launch(
            python(
                """
                import subprocess, time
                say("itself")
                if os.fork() == 0: say("child"); time.sleep(600)
                daemon = os.fork()
                if daemon == 0:
                    os.setsid()
                    if os.fork() == 0:
                        while not os.path.exists("\(folder["next"])"): time.sleep(0.01)
                        say("daemon one"); say("daemon two")
                        time.sleep(600)
                    os._exit(0)
                os.waitpid(daemon, 0)
                time.sleep(600)
                """))
        process.listen { heard.add(String(decoding: $0, as: UTF8.self)) }
        for text in ["itself", "child"] { #expect(await heard.says(text), "\(text): \(heard.texts)") }
        try folder.write("next", "")
        for text in ["daemon one", "daemon two"] { #expect(await heard.says(text), "\(text): \(heard.texts)") }
        #expect(heard.texts == ["itself", "child", "daemon one", "daemon two"])
        await process.stop(StopSteps())
    }

    @Test("strangers, garbage and descriptors do nothing", .limited)
    func strangers() async throws {
        let (heard, output) = (Heard(), Heard())
        let process = try await launch(
            python(
                """
                import array, time
                print(os.environ["NOTIFY_SOCKET"], flush=True)
                say(b"x" * 4097); say(b"y" * 100000); say(b""); say(b"z" * 4096)
                line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                line.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
                read, write = os.pipe()
                line.sendmsg([b"BARRIER=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [write] * 5))])
                os.close(write)
                print("closed", os.read(read, 1) == b"", flush=True)
                time.sleep(600)
                """), output: output)
        while output.texts.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        let address = output.texts[0].trimmingCharacters(in: .whitespacesAndNewlines)
        // From a process of nobody's, again and again, and by one that pretends to be another.
        let stranger =
            NotifySocketTests.sender + """
                import struct
                for _ in range(5): say("stranger")
                line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                try:
                    line.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
                    line.sendmsg([b"forged"], [(socket.SOL_SOCKET, 2, struct.pack("iii", 1, os.getuid(), os.getgid()))])
                except PermissionError: pass
                """
        let folder = TemporaryFolder()
        try folder.write("stranger.py", stranger)
        process.listen { heard.add(String(decoding: $0.prefix(20), as: UTF8.self)) }
        #expect(try Shell.run("python3 stranger.py", environment: ["NOTIFY_SOCKET": address], folder: folder.path).status == 0)
        #expect(await output.says("closed True\n"), "\(output.texts)")
        // An empty message is one of the process's own; what is longer than a message may be is none.
        #expect(heard.texts.filter { !$0.isEmpty } == ["zzzzzzzzzzzzzzzzzzzz", "BARRIER=1"], "\(heard.texts)")
        await process.stop(StopSteps())
    }

    @Test(
        "systemd-notify is heard, and does not wait in vain", .limited,
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-notify")))
    func systemd() async throws {
        let (heard, output) = (Heard(), Heard())
        let process = try await launch(["sh", "-c", "systemd-notify --ready --status='all well'; echo told $?; exec sleep 600"], output: output)
        process.listen { heard.add(String(decoding: $0, as: UTF8.self)) }
        #expect(await output.says("told 0\n"))
        #expect(heard.texts.contains { $0.contains("READY=1") && $0.contains("STATUS=all well") }, "\(heard.texts)")
        await process.stop(StopSteps())
    }

    @Test("what a process is remembered by is there at once", .limited)
    func memory() async throws {
        struct Nowhere: ProcessStore {
            func keep(_ name: String, process: Int32, startedAt: UInt64, note: [UInt8], descriptors: [Int32]) {}
            func move(_ name: String, process: Int32, startedAt: UInt64) {}
            func collected(_ name: String, status: Int32) {}
            func forget(_ name: String) {}
        }
        var command = ProcessCommand(arguments: ["sleep", "600"], environment: ["PATH": "/usr/bin:/bin"], mark: UUID().uuidString) { _, _ in }
        command.survival = .init(note: [])
        let process = try await SystemProcessLauncher(clock: Clock(), store: Nowhere()).launch(command)
        #expect(process.remembered.isEmpty)
        process.remember(Array("a longer one".utf8))
        process.remember(Array("short".utf8))
        #expect(process.remembered == Array("short".utf8))
        process.remember([UInt8](repeating: 1, count: ProcessCommand.mostRemembered + 1))
        #expect(process.remembered == Array("short".utf8))
        process.remember([UInt8](repeating: 1, count: ProcessCommand.mostRemembered))
        #expect(process.remembered.count == ProcessCommand.mostRemembered)
        await process.stop(StopSteps([]))
    }
}
