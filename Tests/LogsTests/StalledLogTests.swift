import Dispatch
import Foundation
import JobKit
import Logs
import Synchronization
import TestSupport
import Testing

/// Logs whose reader or disk does not keep up.
@Suite("logs that stall", .waiting)
struct StalledLogTests {
    /// A reader that reads when it is let.
    private final class Reader: Sendable {
        private let gate = DispatchSemaphore(value: 0)
        private let isBlocked = Mutex(false)
        private let state = Mutex((text: "", failure: Optional<Int32>.none))
        private let reached = DispatchSemaphore(value: 0)

        struct Refused: Error {}

        func block() { isBlocked.withLock { $0 = true } }

        func release() {
            isBlocked.withLock { $0 = false }
            gate.signal()
        }

        /// Waits until somebody is held up.
        func waitUntilReached() { reached.wait() }

        func fail(_ fails: Bool) { state.withLock { $0.failure = fails ? ENOSPC : nil } }

        func take(_ bytes: [UInt8]) throws {
            if isBlocked.withLock({ $0 }) {
                reached.signal()
                gate.wait()
            }
            try state.withLock { state in
                if state.failure != nil { throw Refused() }
                state.text += String(decoding: bytes, as: UTF8.self)
            }
        }

        var lines: [String] { state.withLock { $0.text.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1).last.map(String.init) ?? "" } } }
    }

    private func container(_ reader: Reader) -> ContainerLog {
        ContainerLog(redactor: Redactor(), clock: ManualClock(), format: .text) { try reader.take($0) }
    }

    @Test("a reader that stalls holds nobody up: lines are dropped, counted, and told when it goes on", .limited)
    func stalled() {
        let reader = Reader()
        let container = container(reader)
        reader.block()
        container.note("first")
        reader.waitUntilReached()
        let filler = String(repeating: "x", count: 1000)
        for number in 0..<20_000 {
            container.note("\(number) \(filler)")
            // So that none is lost before it could be written.
            if number % 500 == 0 { container.flush(within: .milliseconds(1)) }
        }
        reader.release()
        container.note("last")
        container.flush(within: .seconds(300))
        let lines = reader.lines
        #expect(lines.first == "shipkeeper: first" && lines.last == "shipkeeper: last")
        let kept = lines.compactMap { $0.hasSuffix("x") ? Int($0.split(separator: " ")[1]) : nil }
        let (isInOrder, isNewest) = (zip(kept, kept.dropFirst()).allSatisfy { $0 < $1 }, kept.last == 19_999)
        #expect(isInOrder && isNewest)
        let told = lines.filter { $0.contains("dropped") }.reduce(0) { sum, line in
            sum + (Int(line.replacing(",", with: "").split(separator: " ")[2]) ?? 0)
        }
        #expect(told + kept.count == 20_000, "\(lines.filter { $0.contains("dropped") })")
        #expect(kept.count < 10_000)
        // By which of the two queues depends on how busy the machine is.
        #expect(lines.contains { $0.contains("lines were dropped") })
    }

    @Test("a flood of one run drops nothing of another", .limited)
    func neighbours() async {
        let (reader, folder) = (Reader(), TemporaryFolder())
        let container = container(reader)
        let logs = RunLogFiles(folder: folder.path, container: container, redactor: Redactor(), mostPerRun: 1 << 20)
        let (flood, quiet) = (logs.file(job: "flood", run: 1), logs.file(job: "quiet", run: 2))
        reader.block()
        quiet.output(Array("one\n".utf8), from: .standardOutput)
        reader.waitUntilReached()
        quiet.output(Array("two\n".utf8), from: .standardOutput)
        for _ in 0..<50 { flood.output([UInt8](repeating: 10, count: 65_536), from: .standardOutput) }
        quiet.output(Array("three\n".utf8), from: .standardOutput)
        quiet.close()
        reader.release()
        logs.flush(within: .seconds(300))
        #expect(await folder.log(of: 2) == ["one", "two", "three"])
        #expect(reader.lines.filter { $0.hasPrefix("quiet") } == ["quiet | one", "quiet | two", "quiet | three"])
        #expect(reader.lines.contains { $0.hasPrefix("flood:") && $0.contains("they came faster") } || reader.lines.contains { $0.contains("did not read") })
    }

    @Test("a reader of the container log that stalls keeps no output from its file", .limited)
    func awaitedBesideReader() async {
        let (reader, folder) = (Reader(), TemporaryFolder())
        let logs = RunLogFiles(folder: folder.path, container: container(reader), redactor: Redactor(), mostPerRun: 1 << 30)
        let file = logs.file(job: "a", run: 1)
        reader.block()
        for piece in 0..<100 {
            await withCheckedContinuation { done in
                file.output(Array("\(piece) \(String(repeating: "x", count: 60_000))\n".utf8), from: .standardOutput) { _ in done.resume() }
            }
        }
        #expect((folder.read("1.log")?.utf8.count ?? 0) > 6_000_000)
        reader.release()
        file.close()
        logs.flush(within: .seconds(300))
        #expect(reader.lines.contains { $0.contains("did not read") })
    }

    @Test("what can't be written is counted, and told once it can be", .limited)
    func full() {
        let reader = Reader()
        let container = container(reader)
        reader.fail(true)
        for _ in 0..<1234 { container.note("lost") }
        container.flush(within: .seconds(60))
        reader.fail(false)
        container.note("there again")
        container.flush(within: .seconds(60))
        #expect(reader.lines == ["shipkeeper: warning: 1,234 lines could not be written", "shipkeeper: there again"])
    }

    @Test("a run's log on a full disk says what is missing once there is room", .limited)
    func fullDisk() async throws {
        let folder = TemporaryFolder()
        let logs = RunLogFiles(folder: folder["logs"], container: container(Reader()), redactor: Redactor(), mostPerRun: 1 << 20)
        let file = logs.file(job: "a", run: 1)
        for number in 0..<3 { file.line("lost \(number)") }
        logs.flush(within: .seconds(60))
        try FileManager.default.createDirectory(atPath: folder["logs"], withIntermediateDirectories: true)
        file.line("kept")
        file.close()
        logs.flush(within: .seconds(60))
        #expect(await folder.log(of: 1, in: "logs") == ["# 3 lines are missing: they could not be written", "# kept"])
    }

    @Test("a secret with a colour or a title inside shows in no form")
    func colouredSecret() async {
        let (reader, folder) = (Reader(), TemporaryFolder())
        let redactor = Redactor(secrets: ["token-1234567890"])
        let logs = RunLogFiles(
            folder: folder.path, container: ContainerLog(redactor: redactor, clock: ManualClock(), format: .text) { try reader.take($0) }, redactor: redactor,
            mostPerRun: 1 << 20)
        let file = logs.file(job: "a", run: 1)
        for text in ["a token-\u{1b}[31m1234567890 b\n", "token\u{1b}]0;x\u{7}-1234567890\n", "x\rtoken-12345\u{8}567890\n"] {
            file.output(Array(text.utf8), from: .standardOutput)
        }
        file.close()
        logs.flush(within: .seconds(60))
        #expect(await folder.log(of: 1) == ["a <secret> b", "<secret>", "<secret>"])
        #expect(reader.lines == ["a | a <secret> b", "a | <secret>", "a | <secret>"])
    }
}
