import Foundation
import JobKit
import TimeZones

/// The files of one run's log, read as one: the newer one, and before it the older one where the log was rotated. Everything here blocks as long
/// as the disk does.
struct StoredLog {
    /// What is read at once, in bytes: more than the longest line.
    static let pageLength: Int64 = 256 * 1024

    /// The newer file; the older one has `.1` behind it.
    let path: String
    private let olderSize: Int64
    private let size: Int64

    static func older(_ path: String) -> String { path + ".1" }

    /// Nil where there is no log.
    init?(path: String) {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        self.path = path
        olderSize = StoredLog.size(StoredLog.older(path))
        size = olderSize + StoredLog.size(path)
    }

    /// The size of a file, in bytes; 0 where there is none.
    static func size(_ path: String) -> Int64 {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.int64Value ?? 0
    }

    /// Whole lines from an offset on, which counts from the first byte that is still there.
    func page(from offset: Int64) -> LogPage {
        let start = min(max(0, offset), size)
        var bytes = read(from: start, count: StoredLog.pageLength)
        let reachesEnd = start + Int64(bytes.count) >= size
        // A line that was torn by a crash ends with the file.
        if !reachesEnd, let last = bytes.lastIndex(of: UInt8(ascii: "\n")) { bytes.removeSubrange((last + 1)...) }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(StoredLine.line)
        let isCut = bytes.last == UInt8(ascii: "\n") || bytes.isEmpty
        let next = start + Int64(bytes.count)
        return LogPage(lines: isCut ? lines.dropLast() : lines, next: next, isLast: next >= size)
    }

    /// - Parameter dropped: Bytes that rotation took from the front, which offsets count from.
    func offset(of start: LogStart, afterDropping dropped: Int64 = 0) -> Int64 {
        switch start {
        case .offset(let offset): max(0, max(0, offset) - dropped)
        case .last(let count): self.offset(ofLast: count)
        case .since(let instant): self.offset(since: instant)
        }
    }

    /// Where the last so many lines begin.
    private func offset(ofLast count: Int) -> Int64 {
        guard count > 0 else { return size }
        var (end, found) = (size, 0)
        while end > 0 {
            let start = max(0, end - StoredLog.pageLength)
            let block = read(from: start, count: end - start)
            guard !block.isEmpty else { return end }
            for (index, byte) in block.enumerated().reversed() where byte == UInt8(ascii: "\n") {
                let lineStart = start + Int64(index) + 1
                // The line break at the very end begins no line.
                guard lineStart < size else { continue }
                found += 1
                if found == count { return lineStart }
            }
            end = start
        }
        return 0
    }

    /// Where the first line begins that was written at an instant or later; the end where there is none. Reads the whole log up to there: the
    /// clock may have been set meanwhile, so stamps need not grow.
    private func offset(since instant: Date) -> Int64 {
        let stamp = UTCStamp.bytes(instant)
        var start: Int64 = 0
        while start < size {
            let block = read(from: start, count: StoredLog.pageLength)
            guard !block.isEmpty else { break }
            var lineStart = 0
            while lineStart < block.count, let lineEnd = block[lineStart...].firstIndex(of: UInt8(ascii: "\n")) {
                if StoredLine.isAtOrAfter(stamp, block[lineStart..<lineEnd]) { return start + Int64(lineStart) }
                lineStart = lineEnd + 1
            }
            if lineStart == 0 {
                // A line that was torn by a crash, at the end.
                return StoredLine.isAtOrAfter(stamp, block) ? start : size
            }
            start += Int64(lineStart)
        }
        return size
    }

    private func read(from offset: Int64, count: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        if offset < olderSize { bytes = StoredLog.read(StoredLog.older(path), from: offset, count: min(count, olderSize - offset)) }
        let rest = count - Int64(bytes.count)
        return rest > 0 ? bytes + StoredLog.read(path, from: max(0, offset - olderSize), count: rest) : bytes
    }

    private static func read(_ path: String, from offset: Int64, count: Int64) -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? handle.close() }
        do {
            try handle.seek(toOffset: UInt64(offset))
            return [UInt8](try handle.read(upToCount: Int(count)) ?? Data())
        } catch {
            return []
        }
    }
}
