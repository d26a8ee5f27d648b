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

    private let redactor: Redactor
    private let clock: any WallClock
    private let format: Mutex<Format>
    private let write: @Sendable ([UInt8]) throws -> Void
    /// Lines that could not be written since the last one that was.
    private let unwritten = Mutex(0)
    /// Where lines are made, in the order in which they were said.
    private let making = WorkQueue(name: "shipkeeper-log", mostInLane: 4 << 20, most: 16 << 20)
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
    package func note(_ message: String, _ level: LogNotice.Level = .info) { note(LogNotice(message, level)) }

    package func note(_ notice: LogNotice) {
        let time = clock.now
        inOrder(lane: ContainerLog.ownLane, bytes: notice.message.utf8.count, lines: 1) { [self] lines in
            emit(LogNotice("\(lines.grouped) lines were dropped: there were more than could be shown in time", .warning), at: time, lost: lines)
        } _: { [self] in
            var clean = notice
            clean.message = redactor.redacted(notice.message)
            emit(clean, at: time)
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

    /// A line of the program's own, free of secrets already. Called in order only.
    ///
    /// - Parameter lost: Dropped lines that this one reports. They are counted where it is dropped, too.
    func emit(_ notice: LogNotice, at time: Date, lost: Int = 0) {
        emit(bytes([notice.message], notice, stream: nil, at: time), lane: notice.run ?? ContainerLog.ownLane, lines: 1, lost: lost)
    }

    /// Lines of a run, free of secrets already. Called in order only.
    ///
    /// - Parameters:
    ///   - stream: Of the process that wrote them; nil for lines of the program's own.
    ///   - lost: Dropped lines that they report. They are counted where they are dropped, too.
    func emit(_ texts: [String], job: String, run: Int64, stream: LogStream?, at time: Date, lost: Int = 0) {
        emit(bytes(texts, LogNotice("", job: job, run: run), stream: stream, at: time), lane: run, lines: texts.count, lost: lost)
    }

    private func emit(_ bytes: [UInt8], lane: Int64, lines: Int, lost: Int) {
        writing.add(lane: lane, bytes: bytes.count, lines: lines, lost: lost) { [self] lines in
            do { try remark("\(lines.grouped) \(lines == 1 ? "line was" : "lines were") dropped while the log reader did not read") } catch {
                unwritten.withLock { $0 += lines }
            }
        } _: { [self] in
            send(bytes, counted: lost > 0 ? lost : lines)
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

    private func remark(_ words: String) throws { try write(bytes([words], LogNotice(words, .warning), stream: nil, at: clock.now)) }

    /// - Parameters:
    ///   - texts: A line each.
    ///   - about: What they are about; its message is not looked at.
    private func bytes(_ texts: [String], _ about: LogNotice, stream: LogStream?, at time: Date) -> [UInt8] {
        switch format.withLock({ $0 }) {
        case .text: ContainerLine.text(texts, about, stream: stream, at: time)
        case .json: ContainerLine.json(texts, about, stream: stream, at: time)
        }
    }
}
