import JobKit
import Synchronization

/// A line that shipkeeper and a plug-in have exchanged. A secret may be in it unless its source redacts it.
package struct PluginLine: Hashable, Sendable {
    /// Which way it went.
    package enum Kind: Hashable, Sendable {
        /// From shipkeeper, on standard input.
        case request
        /// From the plug-in, on file descriptor 3.
        case message
        /// From the plug-in, on standard output or standard error.
        case output
    }

    package var kind: Kind
    /// Without its line break; bytes that are not UTF-8 are replaced.
    package var text: String
}

/// Splits the streams into lines, each kind separately.
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

    /// Ends the last lines, which have no line break.
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
