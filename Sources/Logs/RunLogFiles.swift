package import Foundation
package import JobKit
import Synchronization

/// Keeps the output of every run in a file of its own, and sends it to the container log.
package final class RunLogFiles: Sendable {
    /// Folder of the files; nil where none can be written.
    private let folder: String?
    private let container: ContainerLog
    private let redactor: Redactor
    private let mostPerRun: Mutex<Int64>
    /// Bytes that rotation took from the front of a log.
    private let dropped = Mutex<[Int64: Int64]>([:])

    package init(folder: String?, container: ContainerLog, redactor: Redactor, mostPerRun: Int64) {
        self.folder = folder
        self.container = container
        self.redactor = redactor
        self.mostPerRun = Mutex(mostPerRun)
    }

    package func use(mostPerRun: Int64) { self.mostPerRun.withLock { $0 = mostPerRun } }

    package func note(_ line: String, isWarning: Bool) { container.note(line, isWarning ? .warning : .info) }

    package func redacted(_ text: String) -> String { redactor.redacted(text) }

    package func file(job: String, run: Int64) -> RunLogFile {
        RunLogFile(
            job: job, run: run, path: path(of: run), most: mostPerRun.withLock { $0 }, container: container,
            redactor: redactor, onDrop: { [self] bytes in dropped.withLock { $0[run, default: 0] += bytes } })
    }

    /// The newer and, where the log was rotated, the older file of a run.
    private func path(of run: Int64) -> String? { folder.map { "\($0)/\(run).log" } }

    package func forget(runs: [Int64]) {
        for run in runs {
            dropped.withLock { $0[run] = nil }
            guard let path = path(of: run) else { continue }
            for file in [path, RunLogFile.older(path)] { try? FileManager.default.removeItem(atPath: file) }
        }
    }

    /// The text of a run's log from a byte on, and where it ends now. Offsets count from the log's first byte ever, so
    /// a reader that follows sees what it missed and goes on after a rotation.
    package func read(run: Int64, from offset: Int64) -> (bytes: Data, end: Int64)? {
        guard let path = path(of: run) else { return nil }
        guard let newer = FileManager.default.contents(atPath: path) else { return nil }
        let older = FileManager.default.contents(atPath: RunLogFile.older(path)) ?? Data()
        let all = older + newer
        let gone = dropped.withLock { $0[run] ?? 0 }
        let start = min(max(0, offset - gone), Int64(all.count))
        return (all.dropFirst(Int(start)), gone + Int64(all.count))
    }
}

/// The log of one run. Beyond its cap the oldest half is dropped.
package final class RunLogFile: Sendable {
    private struct State {
        var handle: FileHandle?
        var written: Int64 = 0
        var assemblers: [LogStream: LineAssembler] = [:]
    }

    private let job: String
    private let run: Int64
    private let path: String?
    private let most: Int64
    private let container: ContainerLog
    private let redactor: Redactor
    private let onDrop: @Sendable (Int64) -> Void
    private let state = Mutex(State())

    init(
        job: String, run: Int64, path: String?, most: Int64, container: ContainerLog, redactor: Redactor,
        onDrop: @escaping @Sendable (Int64) -> Void
    ) {
        self.job = job
        self.run = run
        self.path = path
        self.most = most
        self.container = container
        self.redactor = redactor
        self.onDrop = onDrop
        guard let path else { return }
        state.withLock { state in
            if !FileManager.default.fileExists(atPath: path) { _ = FileManager.default.createFile(atPath: path, contents: nil) }
            state.handle = FileHandle(forWritingAtPath: path)
            state.written = Int64((try? state.handle?.seekToEnd()) ?? 0)
        }
    }

    static func older(_ path: String) -> String { path + ".1" }

    package func line(_ text: String) { keep(redactor.redacted(text), stream: nil) }

    package func output(_ bytes: [UInt8], from stream: LogStream) {
        let lines = state.withLock { state in
            state.assemblers[stream, default: LineAssembler(redactor: redactor)].take(bytes)
        }
        for line in lines { keep(line, stream: stream) }
    }

    package func close() {
        for stream in [LogStream.standardOutput, .standardError] {
            let lines = state.withLock { $0.assemblers[stream]?.finish() ?? [] }
            for line in lines { keep(line, stream: stream) }
        }
        state.withLock { state in
            try? state.handle?.close()
            state.handle = nil
        }
    }

    private func keep(_ line: String, stream: LogStream?) {
        container.line(line, job: job, run: run, stream: stream)
        state.withLock { state in
            let bytes = Data("\(stream == nil ? "# " : "")\(line)\n".utf8)
            if state.written + Int64(bytes.count) > most / 2 { rotate(&state) }
            try? state.handle?.write(contentsOf: bytes)
            state.written += Int64(bytes.count)
        }
    }

    /// Half the cap is full: that half becomes the older file, and what was older is gone.
    private func rotate(_ state: inout State) {
        guard let path, state.handle != nil else { return }
        try? state.handle?.close()
        let older = try? FileManager.default.attributesOfItem(atPath: RunLogFile.older(path))[.size] as? Int64
        onDrop(older ?? 0)
        try? FileManager.default.removeItem(atPath: RunLogFile.older(path))
        try? FileManager.default.moveItem(atPath: path, toPath: RunLogFile.older(path))
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        state.handle = FileHandle(forWritingAtPath: path)
        state.written = 0
    }
}
