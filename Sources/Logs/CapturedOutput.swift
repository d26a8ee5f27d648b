package import JobKit
import Synchronization

/// What a program prints, kept as a whole: its last lines, with secrets taken out. Its memory is bounded.
package final class CapturedOutput: Sendable {
    private struct State {
        var assemblers: [LogStream: LineAssembler]
        var lines: [String] = []
        var bytes = 0
        var cut: Int64 = 0

        mutating func add(_ new: [String], _ most: Int) {
            for line in new { bytes += line.utf8.count + 1 }
            lines += new
            if bytes > 2 * most || lines.count > most / 8 { trim(most) }
        }

        /// Leaves lines out at the beginning until the others have at most so many bytes.
        mutating func trim(_ most: Int) {
            var dropped = 0
            while bytes > most, dropped < lines.count {
                let length = lines[dropped].utf8.count + 1
                bytes -= length
                cut += Int64(length)
                dropped += 1
            }
            lines.removeFirst(dropped)
        }
    }

    private let most: Int
    private let state: Mutex<State>

    /// - Parameter most: The most bytes that are kept.
    package init(redactor: Redactor, most: Int) {
        self.most = most
        state = Mutex(
            State(assemblers: [.standardOutput: LineAssembler(redactor: redactor), .standardError: LineAssembler(redactor: redactor)]))
    }

    /// Takes in bytes of one of the two streams, cut anywhere.
    package func take(_ bytes: [UInt8], from stream: LogStream) {
        state.withLock { state in
            let lines = state.assemblers[stream]?.take(bytes) ?? []
            state.add(lines, most)
        }
    }

    /// Everything so far, lines that have no end included, and how many bytes were left out before it. To be called once the program has ended.
    package func finish() -> (text: String, cut: Int64) {
        state.withLock { state in
            for stream in [LogStream.standardOutput, .standardError] {
                let rest = state.assemblers[stream]?.finish() ?? []
                state.add(rest, most)
            }
            state.trim(most)
            return (state.lines.map { $0 + "\n" }.joined(), state.cut)
        }
    }
}
