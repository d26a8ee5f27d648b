import JobKit
import Synchronization

/// Cuts what a process prints into lines, stream by stream.
final class OutputLines: Sendable {
    private let pending = Mutex<[LogStream: [UInt8]]>([:])
    private let onLine: @Sendable (String) -> Void

    init(_ onLine: @escaping @Sendable (String) -> Void) { self.onLine = onLine }

    func hear(_ bytes: [UInt8], _ stream: LogStream) {
        let lines = pending.withLock { pending in
            var lines = ((pending[stream] ?? []) + bytes).split(separator: 10, omittingEmptySubsequences: false)
            pending[stream] = Array(lines.removeLast())
            return lines
        }
        for line in lines { onLine(OutputLines.plain(line)) }
    }

    /// Without the marks that colour it on a terminal. See ECMA-48 §5.4.
    private static func plain(_ line: some Collection<UInt8>) -> String {
        let text = String(decoding: line, as: UTF8.self)
        return text.contains("\u{1b}") ? text.replacing(/\u{1b}\[[0-9;?]*[ -\/]*[@-~]/, with: "") : text
    }

    /// What was never ended counts as a line too.
    func finish() {
        let rest = pending.withLock { pending in
            defer { pending = [:] }
            return pending.values.filter { !$0.isEmpty }
        }
        for line in rest { onLine(OutputLines.plain(line)) }
    }
}

extension RunContext {
    /// Runs a process to its end and tells its lines on the way to the log.
    func finish(_ command: ProcessCommand, onLine: @escaping @Sendable (String) -> Void) async throws(JobError) -> ProcessExit {
        let lines = OutputLines(onLine)
        var command = command
        let onOutput = command.onOutput
        command.onOutput = { bytes, stream in
            lines.hear(bytes, stream)
            onOutput(bytes, stream)
        }
        let exit = try await finish(command)
        lines.finish()
        return exit
    }
}
