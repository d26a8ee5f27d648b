import JobKit
import Synchronization

/// What a plug-in has said on file descriptor 3: lines of JSON, each an object with one key.
final class PluginConversation: Sendable {
    /// How a conversation went wrong.
    enum ProtocolViolation: Error, Hashable, Sendable, CustomStringConvertible {
        case garbage(line: Int, String)
        case lineTooLong(line: Int)
        case tooMuch
        case tooMany
        case stateTooLarge
        case second(String)

        var description: String {
            switch self {
            case .garbage(let line, let words): "line \(line) of its messages is invalid: \(words)"
            case .lineTooLong(let line): "line \(line) of its messages is longer than \(PluginConversation.longestLine / 1024) KiB"
            case .tooMuch: "its messages together are larger than \(PluginConversation.mostBytes / 1024 / 1024) MiB"
            case .tooMany: "it says more than \(PluginConversation.mostMessages) things"
            case .stateTooLarge: "what it wants remembered is larger than \(PluginConversation.largestState / 1024) KiB"
            case .second(let what): "it sent its \(what) twice"
            }
        }
    }

    /// What has been reported so far.
    struct PluginResult: Sendable {
        var result: String?
        var error: JobError?
        var outputs: [String: OutputValue] = [:]
        /// Values to be remembered; nil removes.
        var state: [String: String?] = [:]
        var flaw: ProtocolViolation?
    }

    static let longestLine = 64 << 10
    static let mostBytes = 4 << 20
    static let mostMessages = 10_000
    static let largestState = 256 << 10

    private struct State {
        var splitter = LineSplitter(.data, longest: longestLine)
        var lines = 0
        var messages = 0
        var told = PluginResult()
    }

    private let state = Mutex(State())
    private let heard = Mutex(0)
    /// Messages are decoded by a task of its own: the thread that reads them serves other processes too.
    private let (inbox, post) = AsyncStream.makeStream(of: [UInt8].self)
    private let onProgress: @Sendable (RunProgress) -> Void
    private let onNote: @Sendable (String) -> Void
    private let onFlaw: @Sendable () -> Void

    /// - Parameter onFlaw: Called when the protocol is broken: the plug-in must be stopped.
    init(
        onProgress: @escaping @Sendable (RunProgress) -> Void, onNote: @escaping @Sendable (String) -> Void, onFlaw: @escaping @Sendable () -> Void
    ) {
        self.onProgress = onProgress
        self.onNote = onNote
        self.onFlaw = onFlaw
    }

    /// Bytes as they come, cut anywhere.
    func receive(_ bytes: [UInt8]) {
        let total = heard.withLock { heard in
            heard += bytes.count
            return heard
        }
        // A little more than the limit is enough to see that it is passed.
        if total <= PluginConversation.mostBytes + bytes.count { post.yield(bytes) }
    }

    /// Decodes messages until the end.
    func listen() async { for await bytes in inbox { parse(bytes) } }

    private func parse(_ bytes: [UInt8]) {
        let (progress, notes, isFlawed) = state.withLock { state -> ([RunProgress], [String], Bool) in
            guard state.told.flaw == nil else { return ([], [], false) }
            var (progress, notes): ([RunProgress], [String]) = ([], [])
            do throws(ProtocolViolation) {
                if heard.withLock({ $0 }) > PluginConversation.mostBytes { throw .tooMuch }
                try PluginConversation.take(state.splitter.take(bytes), &state, &progress, &notes)
            } catch {
                state.told.flaw = error
            }
            return (progress, notes, state.told.flaw != nil)
        }
        // Of many steps at once the last one counts.
        if let last = progress.last { onProgress(last) }
        for note in notes { onNote(note) }
        if isFlawed { onFlaw() }
    }

    var isFlawed: Bool { state.withLock { $0.told.flaw != nil } }

    /// Everything that was reported, once `listen` has decoded it; a last line without an end counts.
    func end(_ listening: Task<Void, Never>) async -> PluginResult {
        post.finish()
        await listening.value
        parse([10])
        return state.withLock(\.told)
    }

    private static func take(
        _ lines: [LineSplitter.Line], _ state: inout State, _ progress: inout [RunProgress], _ notes: inout [String]
    ) throws(ProtocolViolation) {
        for line in lines {
            state.lines += 1
            let (isWhole, line) = (line.isEnd, line.bytes)
            if !isWhole || line.count > longestLine { throw .lineTooLong(line: state.lines) }
            if line.allSatisfy({ $0 == 32 || $0 == 9 || $0 == 13 }) { continue }
            guard let message = PluginValue(line)?.object, message.count == 1, let (key, value) = message.first else {
                // Not quoted: it may hold anything, a secret too.
                throw .garbage(line: state.lines, "it is not an object with one key")
            }
            // Of steps there may be many; what counts is how much they are together.
            if key != "progress" { state.messages += 1 }
            if state.messages > mostMessages { throw .tooMany }
            try parse(key, value, &state, &progress, &notes)
        }
    }

    private static func parse(
        _ key: String, _ value: PluginValue, _ state: inout State, _ progress: inout [RunProgress], _ notes: inout [String]
    ) throws(ProtocolViolation) {
        func garbage(_ words: String) -> ProtocolViolation { .garbage(line: state.lines, words) }
        switch key {
        case "progress":
            guard let new = RunProgress(value) else { throw garbage("\"progress\" needs \"done\" or \"done_bytes\"") }
            progress.append(new)
        case "output":
            guard let outputs = value.object else { throw garbage("\"output\" is not an object") }
            state.told.outputs.merge(outputs.mapValues(\.output)) { _, new in new }
        case "state":
            guard let values = value.object else { throw garbage("\"state\" is not an object") }
            for (key, value) in values { state.told.state[key] = .some(value == .null ? nil : value.displayText) }
            if state.told.state.reduce(0, { $0 + $1.key.utf8.count + ($1.value?.utf8.count ?? 0) }) > largestState { throw .stateTooLarge }
        case "result":
            guard let summary = value.object?["summary"]?.text else { throw garbage("\"result\" needs \"summary\"") }
            if state.told.result != nil { throw .second("result") }
            state.told.result = summary
        case "error":
            guard let summary = value.object?["summary"]?.text else { throw garbage("\"error\" needs \"summary\"") }
            if state.told.error != nil { throw .second("error") }
            state.told.error = JobError(summary, hint: value.object?["hint"]?.text, retry: value.object?["retry"] == .boolean(true) ? .worthwhile : .pointless)
        // A later version may say more.
        default: notes.append("the plug-in says \"\(key)\", which is not understood here")
        }
    }
}
