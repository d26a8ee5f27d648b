import Dispatch
import Foundation
package import JobKit
import Settings
import Synchronization
import TimeZones

/// The log of the container: one line an event, as text or JSON, on standard output. The one place where lines leave.
///
/// Anyone who has something to say never waits: lines are made on one thread and written on another, and those that nobody
/// reads in time are dropped and counted.
package final class ContainerLog: Sendable {
    package enum Format: Sendable {
        case text
        case json
    }

    package enum Level: String, Sendable {
        case info, warning, error
    }

    private let redactor: Redactor
    private let clock: any WallClock
    private let format: Mutex<Format>
    private let write: @Sendable ([UInt8]) throws -> Void
    /// Lines that could not be written since the last one that was.
    private let unwritten = Mutex(0)
    /// Where lines are made, in the order in which they were said.
    private let making = WorkQueue(name: "shipkeeper-log")
    private let writing = WorkQueue(name: "shipkeeper-out")
    /// The program's own lines share it; runs count from 1.
    private static let ownLane: Int64 = 0

    /// - Parameter write: Gets whole lines, one call at a time, on a thread that may be blocked. Lines for which it throws are lost, and counted.
    package init(
        redactor: Redactor, clock: any WallClock, format: Format, write: @escaping @Sendable ([UInt8]) throws -> Void
    ) {
        self.redactor = redactor
        self.clock = clock
        self.format = Mutex(format)
        self.write = write
    }

    package func use(_ format: Format) { self.format.withLock { $0 = format } }

    /// A line of the program's own.
    package func note(_ message: String, _ level: Level = .info) {
        let time = clock.now
        inOrder(lane: ContainerLog.ownLane, bytes: message.utf8.count, lines: 1) { [self] lines in
            emit(.warning, at: time, "\(lines.grouped) lines were dropped: there were more than could be shown in time", lost: lines)
        } _: { [self] in
            emit(level, at: time, redactor.redacted(message))
        }
    }

    /// Waits until all that was said so far is written, or the time is up. Blocks.
    package func flush(within length: Duration) {
        let end = DispatchTime.now() + length.seconds
        if making.flush(until: end) { _ = writing.flush(until: end) }
    }

    var now: Date { clock.now }

    /// Work on what was said, in the order in which it was said. It must not block.
    func inOrder(_ work: @escaping @Sendable () -> Void) { making.add(work) }

    func inOrder(lane: Int64, bytes: Int, lines: Int, report: @escaping @Sendable (Int) -> Void, _ work: @escaping @Sendable () -> Void) {
        making.add(lane: lane, bytes: bytes, lines: lines, report: report, work)
    }

    /// A line, free of secrets already. Called in order only.
    ///
    /// - Parameter lost: Dropped lines that this one reports. They are counted where it is dropped, too.
    func emit(
        _ level: Level = .info, job: String? = nil, run: Int64? = nil, stream: LogStream? = nil, at time: Date, _ message: String,
        lost: Int = 0
    ) {
        guard let line = line(level, job: job, run: run, stream: stream, at: time, message) else { return }
        writing.add(lane: run ?? ContainerLog.ownLane, bytes: line.count, lines: 1, lost: lost) { [self] lines in
            do { try remark("\(lines.grouped) \(lines == 1 ? "line was" : "lines were") dropped while the log reader did not read") } catch {
                unwritten.withLock { $0 += lines }
            }
        } _: { [self] in
            send(line, counted: max(1, lost))
        }
    }

    private func send(_ line: [UInt8], counted lines: Int) {
        let lost = unwritten.withLock { $0 }
        do {
            if lost > 0 { try remark("\(lost.grouped) \(lost == 1 ? "line" : "lines") could not be written") }
            try write(line)
            unwritten.withLock { $0 = 0 }
        } catch {
            unwritten.withLock { $0 += lines }
        }
    }

    private func remark(_ words: String) throws {
        if let line = line(.warning, job: nil, run: nil, stream: nil, at: clock.now, words) { try write(line) }
    }

    private func line(_ level: Level, job: String?, run: Int64?, stream: LogStream?, at time: Date, _ message: String) -> [UInt8]? {
        switch format.withLock({ $0 }) {
        case .text:
            let mark = level == .info ? "" : "\(level.rawValue): "
            let who = job ?? "shipkeeper"
            return Array("\(ShownTime.stamp(time)) \(who)\(stream == nil ? ":" : " |") \(mark)\(PrintedText.line(message))\n".utf8)
        case .json:
            var fields = ["time": time.formatted(.iso8601), "level": level.rawValue, "message": message]
            fields["job"] = job
            fields["run"] = run.map { "\($0)" }
            fields["stream"] = stream?.rawValue
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return (try? encoder.encode(fields)).map { Array($0) + [10] }
        }
    }
}
