import Foundation
import JobKit
import Logs
import Synchronization
import TestSupport
import Testing

/// A log that another program continues: what was written and not noted comes once more, and is not there twice.
@Suite("resumed logs")
struct ResumedLogTests {
    private let folder = TemporaryFolder()
    private let clock = ManualClock()

    private func files(most: Int64 = 1 << 20) -> RunLogFiles {
        let redactor = Redactor()
        redactor.add(["secret-of-mine"])
        let container = ContainerLog(redactor: redactor, clock: clock, format: .text) { _ in }
        return RunLogFiles(folder: folder.path, container: container, redactor: redactor, mostPerRun: most)
    }

    private func texts(_ source: LogLine.Source) async -> [String] {
        let stored = StoredRunLogs(folder: folder.path)
        var (lines, next): ([LogLine], LogStart) = ([], .offset(0))
        while let page = await stored.read(run: 1, from: next) {
            lines += page.lines
            if page.isLast { break }
            next = .offset(page.next)
        }
        return lines.filter { $0.source == source }.map(\.text)
    }

    /// What a spool knows of one stream.
    private final class Stream: Sendable {
        let stream: LogStream
        let lines: [String]
        /// Lines noted to be in the log, and where that ended then.
        let noted = Mutex<(count: Int, end: LogEnd)>((0, .none))

        init(_ stream: LogStream, _ lines: [String]) { (self.stream, self.lines) = (stream, lines) }

        /// Delivers some lines, and notes that they are kept, unless the program is killed before it can.
        func deliver(_ range: Range<Int>, to file: RunLogFile, isNoted: Bool) {
            let bytes = Array(lines[range].map { $0 + "\n" }.joined().utf8)
            file.output(bytes, from: stream) { [self] end in
                if isNoted { noted.withLock { $0 = (range.upperBound, end) } }
            }
        }
    }

    @Test("killed anywhere, with the same lines in both streams: each line once", arguments: 0..<30)
    func killed(seed: UInt64) async {
        var random = SeededGenerator(seed: seed)
        let out = Stream(.standardOutput, (0..<120).map { $0 % 5 == 0 ? "tick" : "line \($0 / 3) secret-of-mine" })
        let err = Stream(.standardError, (0..<80).map { $0 % 4 == 0 ? "tick" : "line \($0 / 2)" })
        let most: Int64 = seed % 3 == 0 ? 12_000 : 1 << 20
        var rounds = 0
        while [out, err].contains(where: { stream in stream.noted.withLock { $0.count } < stream.lines.count }), rounds < 400 {
            rounds += 1
            let logs = files(most: most)
            let file = logs.file(job: "a", run: 1)
            file.resume(after: [out.stream: out.noted.withLock { $0.end }, err.stream: err.noted.withLock { $0.end }])
            file.line("process 7 continues")
            for stream in [out, err] { file.output([], from: stream.stream) { end in stream.noted.withLock { if $0.end == .none { $0.end = end } } } }
            logs.flush(within: .seconds(60))
            var next = [out.noted.withLock { $0.count }, err.noted.withLock { $0.count }]
            let death = Int.random(in: 0..<6, using: &random)
            for step in 0...death {
                for (index, stream) in [out, err].enumerated() {
                    let end = min(stream.lines.count, next[index] + Int.random(in: 0..<9, using: &random))
                    stream.deliver(next[index]..<end, to: file, isNoted: step < death)
                    next[index] = end
                }
                logs.flush(within: .seconds(60))
            }
            // Killed while it wrote: half a line.
            if Bool.random(using: &random), let text = folder.read("1.log") { try? folder.write("1.log", text + "2026-11-27T06:20:36.000Z out li") }
        }
        #expect(rounds < 400)
        // The end of a log that nobody continues.
        let last = files()
        last.file(job: "a", run: 1).resume(after: [:])
        last.flush(within: .seconds(60))
        let (ours, theirs) = (await texts(.output), await texts(.error))
        let clean = out.lines.map { $0.replacing("secret-of-mine", with: "<secret>") }
        // A rotation may have dropped the first ones, and nothing else.
        func check(_ found: [String], _ wanted: [String]) {
            let wanted = most < 1 << 20 ? wanted.suffix(found.count) : wanted[...]
            let place = zip(found, wanted).enumerated().first { $0.element.0 != $0.element.1 }
            #expect(found == Array(wanted), "\(found.count) of \(wanted.count), differs at \(String(describing: place))")
        }
        check(ours, clean)
        check(theirs, err.lines)
    }

    private struct SeededGenerator: RandomNumberGenerator {
        var state: UInt64
        init(seed: UInt64) { state = seed }
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }
}
