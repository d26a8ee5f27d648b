import Foundation
import JobKit

/// Lines that are in a log already, and are delivered once more: those that a program had written before it could note that it had.
///
/// A process's output is delivered again from the beginning of the first line that was not noted. The lines of its stream that are in the log after
/// the noted end are the first of these.
struct RunLogSurplus {
    private struct Line {
        var text: String
        /// Where the log ends after it.
        var end: LogEnd
    }

    private struct Rest {
        /// Where the log ended before the first of the lines.
        var start: LogEnd
        var lines: ArraySlice<Line>
    }

    private var rests: [LogLine.Source: Rest] = [:]

    init() {}

    /// - Parameters:
    ///   - path: Of the newer file. Blocks as long as the disk does.
    ///   - ends: Where the log ended when the last line of a stream was noted.
    init(path: String, after ends: [LogStream: LogEnd]) {
        for (stream, end) in ends where end.file != 0 {
            let source = LogLine.Source(stream)
            let lines = RunLogSurplus.parts(path, after: end).flatMap { RunLogSurplus.lines($0, from: $1, of: source) }
            if !lines.isEmpty { rests[source] = Rest(start: end, lines: lines[...]) }
        }
    }

    /// Whether the log has the line already. To be asked once for each line, in their order.
    mutating func takes(_ line: LogLine) -> Bool {
        guard let first = rests[line.source]?.lines.first else { return false }
        guard first.text == line.text else {
            // They are others: nothing is left out.
            rests[line.source] = nil
            return false
        }
        rests[line.source]?.start = first.end
        rests[line.source]?.lines.removeFirst()
        if rests[line.source]?.lines.isEmpty == true { rests[line.source] = nil }
        return true
    }

    /// Where the log ended before the lines of a stream that will come once more; nil where none will.
    func end(before stream: LogStream) -> LogEnd? { rests[LogLine.Source(stream)]?.start }

    /// The files that may have lines after an end, with where they begin.
    private static func parts(_ path: String, after end: LogEnd) -> [(String, Int64)] {
        if number(path) == end.file { return [(path, end.size)] }
        // The log was rotated meanwhile.
        let older = StoredLog.older(path)
        return [(older, number(older) == end.file ? end.size : 0), (path, 0)]
    }

    private static func lines(_ path: String, from start: Int64, of source: LogLine.Source) -> [Line] {
        var (lines, end): ([Line], Int64) = ([], start)
        let file = number(path)
        for line in contents(path, from: start).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            end += Int64(line.count) + 1
            let stored = StoredLine.line(line)
            if !line.isEmpty, stored.source == source { lines.append(Line(text: stored.text, end: LogEnd(file: file, size: end))) }
        }
        return lines
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
