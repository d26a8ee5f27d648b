import JobKit
import Synchronization

/// Cuts what a process prints into lines without the marks that colour them on a terminal, stream by stream. Longer lines
/// come in parts.
final class OutputLines: Sendable {
    /// In bytes.
    private static let longest = 16 << 10

    private let splitters = Mutex<[LogStream: LineSplitter]>([:])
    private let onLine: @Sendable (String) -> Void

    init(_ onLine: @escaping @Sendable (String) -> Void) { self.onLine = onLine }

    func hear(_ bytes: [UInt8], _ stream: LogStream) {
        tell(splitters.withLock { $0[stream, default: LineSplitter(.text, longest: OutputLines.longest)].take(bytes) })
    }

    /// A last line without a line break counts too.
    func finish() {
        tell(
            splitters.withLock { splitters in
                [LogStream.standardOutput, .standardError].flatMap { splitters[$0]?.finish() ?? [] }
            })
    }

    private func tell(_ lines: [LineSplitter.Line]) {
        for line in lines { onLine(String(decoding: PrintedText.plain(line.bytes), as: UTF8.self)) }
    }
}

extension RunContext {
    /// Runs a process to its end and reports its lines on the way to the log.
    func finish(_ command: ProcessCommand, onLine: @escaping @Sendable (String) -> Void) async throws(JobError) -> ProcessExit {
        let lines = OutputLines(onLine)
        var command = command
        let onOutput = command.onOutput
        command.onOutput = { bytes, stream, whenKept in
            lines.hear(bytes, stream)
            onOutput(bytes, stream, whenKept)
        }
        let exit = try await finish(command)
        lines.finish()
        return exit
    }
}
