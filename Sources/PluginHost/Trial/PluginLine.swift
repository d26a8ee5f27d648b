import JobKit
import Synchronization

/// A line of what goes to and fro between the program and a plug-in.
package struct PluginLine: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// What the plug-in is told.
        case request
        /// What it says on file descriptor 3.
        case message
        /// What it prints.
        case output
    }

    package var kind: Kind
    package var text: String
}

/// Cuts what comes into lines, each kind for itself.
final class LineHearing: Sendable {
    /// A request as a whole, so that no secret in it is cut in two.
    private static let longest = ProcessCommand.Conversation.most

    private let splitters = Mutex<[PluginLine.Kind: LineSplitter]>([:])
    private let onLine: @Sendable (PluginLine) -> Void

    init(_ onLine: @escaping @Sendable (PluginLine) -> Void) { self.onLine = onLine }

    /// Bytes as they come, cut anywhere.
    func hear(_ bytes: [UInt8], _ kind: PluginLine.Kind) {
        let lines = splitters.withLock { $0[kind, default: LineSplitter(.text, longest: LineHearing.longest)].take(bytes) }
        tell(lines, kind)
    }

    /// Lines that were begun and never ended.
    func finish() {
        let left = splitters.withLock { splitters in
            [PluginLine.Kind.request, .output, .message].map { kind in (kind, splitters[kind]?.finish() ?? []) }
        }
        for (kind, lines) in left { tell(lines, kind) }
    }

    private func tell(_ lines: [LineSplitter.Line], _ kind: PluginLine.Kind) {
        for line in lines { onLine(PluginLine(kind: kind, text: String(decoding: line.bytes, as: UTF8.self))) }
    }
}
