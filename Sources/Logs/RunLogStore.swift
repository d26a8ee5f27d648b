import Foundation
import Synchronization

/// The files of run logs. Everything here blocks as long as the disk does: called on one thread, which has nothing else to do.
final class RunLogStore: Sendable {
    private struct Log {
        var handle: FileHandle?
        var written: Int64 = 0
        var most: Int64
        /// Lines that could not be written since the last one that was.
        var missing = 0
    }

    private struct State {
        var open: [Int64: Log] = [:]
        /// Bytes that rotation took from the front of a log.
        var dropped: [Int64: Int64] = [:]
    }

    private let folder: String?
    private let state = Mutex(State())

    init(folder: String?) { self.folder = folder }

    /// The newer file of a run; the older one, where the log was rotated, has `.1` behind it.
    private func path(of run: Int64) -> String? { folder.map { "\($0)/\(run).log" } }

    private static func older(_ path: String) -> String { path + ".1" }

    func begin(_ run: Int64, most: Int64) { state.withLock { $0.open[run] = Log(most: most) } }

    func end(_ run: Int64) {
        state.withLock { state in
            try? state.open[run]?.handle?.close()
            state.open[run] = nil
        }
    }

    /// Lines of a run that could not be handed over in time.
    func miss(_ lines: Int, of run: Int64) { state.withLock { $0.open[run]?.missing += lines } }

    func append(_ text: String, to run: Int64) {
        guard let path = path(of: run) else { return }
        state.withLock { state in
            guard var log = state.open[run] else { return }
            defer { state.open[run] = log }
            let note = log.missing == 0 ? "" : "# \(log.missing.grouped) lines are missing: they could not be written\n"
            let bytes = Data((note + text).utf8)
            if log.handle == nil { RunLogStore.open(path, &log) }
            if log.written + Int64(bytes.count) > log.most / 2 { state.dropped[run, default: 0] += RunLogStore.rotate(path, &log) }
            do {
                guard let handle = log.handle else { throw CocoaError(.fileWriteUnknown) }
                try handle.write(contentsOf: bytes)
                log.written += Int64(bytes.count)
                log.missing = 0
            } catch {
                // No room, mostly: what was written of it is cut off, so that lines stay whole.
                try? log.handle?.truncate(atOffset: UInt64(log.written))
                log.missing += 1
            }
        }
    }

    private static func open(_ path: String, _ log: inout Log) {
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        }
        log.handle = FileHandle(forWritingAtPath: path)
        log.written = Int64((try? log.handle?.seekToEnd()) ?? 0)
    }

    /// Half the cap is full: that half becomes the older file, and what was older is gone. Gives how many bytes that was.
    private static func rotate(_ path: String, _ log: inout Log) -> Int64 {
        guard log.handle != nil, log.written > 0 else { return 0 }
        try? log.handle?.close()
        let gone = size(older(path))
        try? FileManager.default.removeItem(atPath: older(path))
        try? FileManager.default.moveItem(atPath: path, toPath: older(path))
        open(path, &log)
        return gone
    }

    private static func size(_ path: String) -> Int64 {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.int64Value ?? 0
    }

    /// What the files hold from an offset on, counted from the log's first byte ever, and where they end.
    func read(_ run: Int64, from offset: Int64) -> (bytes: Data, end: Int64)? {
        guard let path = path(of: run), FileManager.default.fileExists(atPath: path) else { return nil }
        let gone = state.withLock { $0.dropped[run] ?? 0 }
        let (older, newer) = (RunLogStore.size(RunLogStore.older(path)), RunLogStore.size(path))
        let start = min(max(0, offset - gone), older + newer)
        let bytes = RunLogStore.bytes(RunLogStore.older(path), from: start) + RunLogStore.bytes(path, from: max(0, start - older))
        return (bytes, gone + start + Int64(bytes.count))
    }

    private static func bytes(_ path: String, from offset: Int64) -> Data {
        guard let handle = FileHandle(forReadingAtPath: path) else { return Data() }
        defer { try? handle.close() }
        do {
            try handle.seek(toOffset: UInt64(offset))
            return try handle.readToEnd() ?? Data()
        } catch {
            return Data()
        }
    }

    func forget(_ runs: [Int64]) {
        for run in runs {
            state.withLock { $0.dropped[run] = nil }
            guard let path = path(of: run) else { continue }
            for file in [path, RunLogStore.older(path)] { try? FileManager.default.removeItem(atPath: file) }
        }
    }
}
