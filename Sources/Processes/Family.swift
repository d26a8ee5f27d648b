import CProcess
import Glibc
import JobKit
import Synchronization

/// What belongs to one started process: it, all that descend from it, and what they leave behind.
///
/// A child of ours that is not known is an orphan, and belongs to the family that has seen its session, or to the only one that
/// lived when it was started. What descends from a member is a member.
final class Family: Sendable {
    private struct State {
        var main: Int32
        var endedAt: UInt64?
        /// Sessions that members were seen in.
        var sessions: Set<Int32>
        var lastSessions: Set<Int32> = []
        var peakBytes: Int64 = 0
        /// Members that were seen.
        var known: Set<ProcessKey> = []
    }

    /// Ticks are rounded down, and an orphan's start is compared with a clock.
    private static let slack: UInt64 = 2

    let mark: String
    let isProbe: Bool
    /// The pipes that it writes to, as descriptors show them.
    let pipes: Set<String>
    /// In the ticks of the kernel's clock.
    let startedAt: UInt64
    private let state: Mutex<State>

    /// - Parameter main: The process, which leads a session of its own.
    init(main: Int32, mark: String, isProbe: Bool = false, pipes: Set<String>, startedAt: UInt64) {
        self.mark = mark
        self.isProbe = isProbe
        self.pipes = pipes
        self.startedAt = startedAt
        state = Mutex(State(main: main, sessions: [main]))
    }

    /// The process whose end is the family's; nil once that has ended.
    var main: Int32? { state.withLock { $0.endedAt == nil ? $0.main : nil } }

    /// The most resident memory of a main process that has ended, in bytes.
    var peakBytes: Int64 { state.withLock { $0.peakBytes } }

    /// The main process has ended.
    func end(peakBytes: Int64 = 0) {
        state.withLock { state in
            state.endedAt = cprocess_boot_ticks()
            state.peakBytes = peakBytes
        }
    }

    /// Another member is the main process from now on.
    func hand(over successor: Int32) {
        state.withLock { state in
            state.main = successor
            state.endedAt = nil
        }
    }

    func hasSeen(_ entry: ProcessTable.Entry) -> Bool {
        state.withLock { $0.sessions.contains(entry.session) || $0.sessions.contains(entry.group) || $0.known.contains(entry.key) }
    }

    /// An orphan is a member.
    func note(_ entry: ProcessTable.Entry) { state.withLock { _ = $0.sessions.insert(entry.session) } }

    /// Whether a process is younger.
    func isOlder(than entry: ProcessTable.Entry) -> Bool { entry.startedAt + Family.slack >= startedAt }

    /// Whether it lived when a process was started.
    func lived(when entry: ProcessTable.Entry) -> Bool {
        state.withLock { state in
            isOlder(than: entry) && state.endedAt.map { entry.startedAt <= $0 + Family.slack } ?? true
        }
    }

    /// Walks from the main process and other roots over all that descend from them, and notes what is there.
    /// - Returns: The members that have not ended.
    func walk(orphans: [Int32]) -> [ProcessTable.Entry] {
        let (main, known) = state.withLock { ($0.endedAt == nil ? $0.main : nil, $0.known) }
        // What was seen before may be below a process that is no member.
        let seen = known.filter { ProcessTable.entry($0.id)?.key == $0 }.map(\.id)
        let members = ProcessTable.tree(from: [main].compactMap(\.self) + orphans + seen)
        state.withLock { state in
            state.known = Set(members.map(\.key))
            let present = Set(members.map(\.session)).union([state.main])
            // Who was forked by a member that is gone may be an orphan that is not known yet.
            state.sessions = present.union(state.lastSessions)
            state.lastSessions = present
        }
        return members
    }
}
