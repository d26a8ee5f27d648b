import CProcess
import Glibc
package import JobKit
import Synchronization

/// A stream's bytes on their way from a pipe to a log, in memory that outlives this program where something else holds its descriptor.
///
/// The kernel moves each byte from the pipe, so it is in one of the two whenever this program dies. The first bytes say up to where the log has
/// what follows: a successor delivers the rest, beginning with a line. What is kept is given back. Every `unsafe` word about it is in this file.
///
/// The file: the position up to which all is kept, and the number and the size of the log's file then, of eight bytes each, in the machine's order;
/// from `start` on the stream's bytes.
package final class Spool: Sendable {
    package struct Piece: Sendable {
        /// Empty at the end of the stream.
        package var bytes: [UInt8]
        /// The position after the last line that is whole.
        package var lineEnd: Int64
    }

    private struct State {
        /// Where the next bytes are, and where the file ends.
        var next, end: Int64
        var lineEnd: Int64
        var kept: Int64
        var punched: Int64
        var logEnd = LogEnd.none
        /// The system can't move bytes here: they are read, and what is under way is lost with this program.
        var isPlain = false
    }

    private enum Found {
        case bytes, end, nothing
    }

    package static let start: Int64 = 4096
    private static let mostAtOnce = 65_536
    /// The bytes of a piece, and what it may cost: short lines cost more than their bytes.
    private static let mostInPiece = 16 << 10
    private static let mostCost = 64 << 10
    /// A line that is longer is not begun again by a successor.
    private static let longestLine: Int64 = 4 << 20
    private static let punchAfter: Int64 = 1 << 20

    package let raw: CInt
    private let state: Mutex<State>

    /// An empty one; nil where the system has no file in memory.
    package init?() {
        raw = unsafe cprocess_memory_file("shipkeeper-output")
        guard raw >= 0 else { return nil }
        state = Mutex(State(next: Spool.start, end: Spool.start, lineEnd: Spool.start, kept: Spool.start, punched: Spool.start))
        if ftruncate(raw, Int(Spool.start)) != 0 { return nil }
    }

    /// That of a program that is gone. The descriptor is the spool's from now on.
    package init(adopting raw: CInt) {
        self.raw = raw
        var info = stat()
        let end = unsafe fstat(raw, &info) == 0 ? max(Spool.start, Int64(info.st_size)) : Spool.start
        let written = Spool.header(of: raw)[0]
        let kept = (Spool.start...end).contains(written) ? written : Spool.start
        state = Mutex(State(next: kept, end: end, lineEnd: kept, kept: kept, punched: kept - kept % Spool.start))
    }

    deinit { close(raw) }

    /// The next bytes; nil where there are none just now.
    package func take(from pipe: CInt) -> Piece? {
        state.withLock { state in
            if state.next == state.end {
                if state.isPlain { return OwnedFD.read(pipe).map { Piece(bytes: $0, lineEnd: state.lineEnd) } }
                switch fill(&state, from: pipe) {
                case .bytes where state.isPlain: return OwnedFD.read(pipe).map { Piece(bytes: $0, lineEnd: state.lineEnd) }
                case .bytes: break
                case .nothing: return nil
                case .end: return Piece(bytes: [], lineEnd: state.lineEnd)
                }
            }
            return stored(&state)
        }
    }

    private func fill(_ state: inout State, from pipe: CInt) -> Found {
        let count = cprocess_move(pipe, raw, state.end, Spool.mostAtOnce)
        if count > 0 {
            state.end += Int64(count)
            return .bytes
        }
        if count == 0 { return .end }
        if errno == EAGAIN || errno == EINTR { return .nothing }
        state.isPlain = true
        return .bytes
    }

    private func stored(_ state: inout State) -> Piece {
        let (from, wanted) = (state.next, min(Spool.mostInPiece, Int(state.end - state.next)))
        var bytes = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
            count = unsafe max(0, pread(raw, buffer.baseAddress, wanted, Int(from)))
        }
        if OutputFlow.cost(of: bytes) > Spool.mostCost { bytes.removeLast(max(0, bytes.count - Spool.mostCost / (OutputFlow.costOfLine + 1))) }
        // A file in memory can be read as far as it goes; if not, nothing of it is left to be had.
        state.next = bytes.isEmpty ? state.end : from + Int64(bytes.count)
        if let last = bytes.lastIndex(of: 10) { state.lineEnd = from + Int64(last) + 1 }
        if state.next - state.lineEnd > Spool.longestLine { state.lineEnd = state.next }
        return Piece(bytes: bytes, lineEnd: state.lineEnd)
    }

    /// The end of the log when all before the position that is kept was in it.
    package static func logEnd(of raw: CInt) -> LogEnd {
        let header = header(of: raw)
        return LogEnd(file: UInt64(bitPattern: header[1]), size: header[2])
    }

    private static func header(of raw: CInt) -> [Int64] {
        var header: [Int64] = [0, 0, 0]
        let length = header.count * MemoryLayout<Int64>.size
        let count = unsafe pread(raw, &header, length, 0)
        return count == length ? header : [0, 0, 0]
    }

    /// Nothing of the stream is in the log, which ends there.
    package func begin(log end: LogEnd) {
        state.withLock { state in
            state.logEnd = end
            note(state.kept, &state)
        }
    }

    /// A piece, and all before it, is in the log as far as it is whole lines, or is given up; the log ends there.
    package func keep(_ piece: Piece, log end: LogEnd) {
        state.withLock { state in
            state.logEnd = end
            note(piece.lineEnd, &state)
        }
    }

    /// A piece was handed over to a stalled log: nobody waits until it is kept.
    package func giveUp(_ piece: Piece) { state.withLock { note(piece.lineEnd, &$0) } }

    private func note(_ position: Int64, _ state: inout State) {
        guard position >= state.kept else { return }
        state.kept = position
        let header = [position, Int64(bitPattern: state.logEnd.file), state.logEnd.size]
        unsafe _ = pwrite(raw, header, header.count * MemoryLayout<Int64>.size, 0)
        let whole = position - position % Spool.start
        guard whole - state.punched >= Spool.punchAfter else { return }
        _ = cprocess_punch(raw, state.punched, whole - state.punched)
        state.punched = whole
    }
}
