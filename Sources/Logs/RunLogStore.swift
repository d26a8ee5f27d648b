import Foundation
import JobKit
import Synchronization

/// The files of run logs. Everything here blocks as long as the disk does: called on one thread, which has nothing else to do.
final class RunLogStore: Sendable {
    private struct Log {
        var handle: FileHandle?
        var written: Int64 = 0
        var most: Int64
        /// Lines that could not be written since the last one that was.
        var missing = 0
        /// Its number on its disk.
        var file: UInt64 = 0
        /// What is in it already, and will come once more.
        var surplus = RunLogSurplus()
    }

    private struct State {
        var open: [Int64: Log] = [:]
        /// Bytes that rotation took from the front of a log.
        var dropped: [Int64: Int64] = [:]
    }

    private let folder: String?
    private let state = Mutex(State())

    init(folder: String?) { self.folder = folder }

    private func path(of run: Int64) -> String? { folder.map { RunLogStore.path(of: run, in: $0) } }

    /// The newer file of a run's log.
    static func path(of run: Int64, in folder: String) -> String { "\(folder)/\(run).log" }

    func begin(_ run: Int64, most: Int64) { state.withLock { $0.open[run] = Log(most: most) } }

    /// Continues the log of a program that is gone, whose processes' output is delivered once more from where it was noted.
    func resume(_ run: Int64, after ends: [LogStream: LogEnd]) {
        guard let path = path(of: run) else { return }
        RunLogSurplus.cutTornLine(path)
        let surplus = RunLogSurplus(path: path, after: ends)
        state.withLock { $0.open[run]?.surplus = surplus }
    }

    /// Where the log ends now, or before the first line of a stream that is in it and will come once more.
    func place(of run: Int64, for stream: LogStream) -> LogEnd {
        guard let path = path(of: run) else { return .none }
        return state.withLock { state in
            guard var log = state.open[run] else { return .none }
            defer { state.open[run] = log }
            if let end = log.surplus.end(before: stream) { return end }
            if log.handle == nil { RunLogStore.open(path, &log) }
            return LogEnd(file: log.file, size: log.written)
        }
    }

    func end(_ run: Int64) {
        state.withLock { state in
            try? state.open[run]?.handle?.close()
            state.open[run] = nil
        }
    }

    /// Lines of a run that could not be handed over in time.
    func miss(_ lines: Int, of run: Int64) { state.withLock { $0.open[run]?.missing += lines } }

    func append(_ lines: [LogLine], to run: Int64) {
        guard let path = path(of: run) else { return }
        state.withLock { state in
            guard var log = state.open[run] else { return }
            defer { state.open[run] = log }
            var (bytes, count, writer): ([UInt8], Int, StoredLine.Writer) = ([], 0, StoredLine.Writer())
            for line in lines where !log.surplus.takes(line) {
                if log.handle == nil { RunLogStore.open(path, &log) }
                if log.missing > 0, bytes.isEmpty {
                    let text = "\(log.missing.grouped) lines are missing: they could not be written"
                    _ = writer.append(LogLine(at: line.at, source: .own, text: text), to: &bytes, most: .max)
                }
                if !writer.append(line, to: &bytes, most: log.most / 2 - log.written) {
                    RunLogStore.write(bytes, count, &log)
                    (bytes, count) = ([], 0)
                    state.dropped[run, default: 0] += RunLogStore.rotate(path, &log)
                    // A log that is smaller than its line holds that one.
                    _ = writer.append(line, to: &bytes, most: .max)
                }
                count += 1
            }
            RunLogStore.write(bytes, count, &log)
        }
    }

    /// Writes lines in one call, all or none of them.
    private static func write(_ bytes: [UInt8], _ count: Int, _ log: inout Log) {
        guard count > 0 else { return }
        do {
            guard let handle = log.handle else { throw CocoaError(.fileWriteUnknown) }
            try handle.write(contentsOf: Data(bytes))
            log.written += Int64(bytes.count)
            log.missing = 0
        } catch {
            // No room, mostly: what was written of it is cut off, so that lines stay whole.
            try? log.handle?.truncate(atOffset: UInt64(log.written))
            log.missing += count
        }
    }

    private static func open(_ path: String, _ log: inout Log) {
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        }
        log.handle = FileHandle(forUpdatingAtPath: path)
        log.written = Int64((try? log.handle?.seekToEnd()) ?? 0)
        log.file = RunLogSurplus.number(path)
        endTornLine(&log)
    }

    /// What a killed program has written last may be half a line: the next one begins after it.
    private static func endTornLine(_ log: inout Log) {
        guard log.written > 0, let handle = log.handle else { return }
        do {
            try handle.seek(toOffset: UInt64(log.written - 1))
            if try handle.read(upToCount: 1) != Data([10]) {
                try handle.write(contentsOf: Data([10]))
                log.written += 1
            }
        } catch {
            // It can't be written: neither can the next line.
        }
    }

    /// Half the cap is full: that half becomes the older file, and what was older is gone. Gives how many bytes that was.
    private static func rotate(_ path: String, _ log: inout Log) -> Int64 {
        guard log.handle != nil, log.written > 0 else { return 0 }
        try? log.handle?.close()
        let gone = StoredLog.size(StoredLog.older(path))
        try? FileManager.default.removeItem(atPath: StoredLog.older(path))
        try? FileManager.default.moveItem(atPath: path, toPath: StoredLog.older(path))
        open(path, &log)
        return gone
    }

    /// What the files hold from a place on, with offsets that count from the log's first byte ever.
    func read(_ run: Int64, from start: LogStart) -> LogPage? {
        guard let path = path(of: run), let log = StoredLog(path: path) else { return nil }
        let gone = state.withLock { $0.dropped[run] ?? 0 }
        var page = log.page(from: log.offset(of: start, afterDropping: gone))
        page.next += gone
        return page
    }

    func forget(_ runs: [Int64]) {
        for run in runs {
            state.withLock { $0.dropped[run] = nil }
            guard let path = path(of: run) else { continue }
            for file in [path, StoredLog.older(path)] { try? FileManager.default.removeItem(atPath: file) }
        }
    }
}
