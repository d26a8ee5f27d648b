import Foundation
import JobKit

/// Lines that are in a log already, and are delivered once more: those that a program had written before it could note that it had.
///
/// A process's output is delivered again from the beginning of the first line that was not noted. The lines of its stream that are in the log after
/// the noted end are the first of these.
struct RunLogSurplus {
    private var lines: [LogLine.Source: [String]] = [:]

    init() {}

    /// - Parameters:
    ///   - path: Of the newer file. Blocks as long as the disk does.
    ///   - ends: Where the log ended when the last line of a stream was noted.
    init(path: String, after ends: [LogStream: LogEnd]) {
        for (stream, end) in ends where end.file != 0 {
            let source = LogLine.Source(stream)
            lines[source] = RunLogSurplus.bytes(path, after: end).split(separator: UInt8(ascii: "\n")).map(StoredLine.line)
                .filter { $0.source == source }.map(\.text)
        }
    }

    /// Whether the log has the line already. To be asked once for each line, in their order.
    mutating func takes(_ line: LogLine) -> Bool {
        guard let first = lines[line.source]?.first else { return false }
        guard first == line.text else {
            // They are others: nothing is left out.
            lines[line.source] = nil
            return false
        }
        lines[line.source]?.removeFirst()
        return true
    }

    private static func bytes(_ path: String, after end: LogEnd) -> [UInt8] {
        if number(path) == end.file { return contents(path, from: end.size) }
        // The log was rotated just then.
        if number(StoredLog.older(path)) == end.file { return contents(StoredLog.older(path), from: end.size) + contents(path, from: 0) }
        return contents(path, from: 0)
    }

    private static func contents(_ path: String, from offset: Int64) -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? handle.close() }
        do {
            try handle.seek(toOffset: UInt64(offset))
            return [UInt8](try handle.readToEnd() ?? Data())
        } catch {
            return []
        }
    }

    /// The number of a file on its disk; 0 where there is none.
    static func number(_ path: String) -> UInt64 {
        (try? FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
    }

    /// Cuts off what a program has written last and is not a whole line: it is delivered once more.
    static func cutTornLine(_ path: String) {
        guard let handle = FileHandle(forUpdatingAtPath: path) else { return }
        defer { try? handle.close() }
        do {
            let size = try handle.seekToEnd()
            let start = size > UInt64(StoredLog.pageLength) ? size - UInt64(StoredLog.pageLength) : 0
            try handle.seek(toOffset: start)
            let bytes = [UInt8](try handle.readToEnd() ?? Data())
            guard bytes.last != UInt8(ascii: "\n"), let last = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return }
            try handle.truncate(atOffset: start + UInt64(last) + 1)
        } catch {
            // It can't be written: neither can the next line.
        }
    }
}
