import Glibc
import JobKit

/// Carries what a process writes to one of its streams to anyone who listens, until the last writer is gone.
final class OutputPipe: Sendable {
    /// Of a pipe that was made here, until it is released.
    private let writer: CInt?
    /// What a successor needs to read on: the end to read, and the spool.
    let keepsakes: [CInt]
    private let stream: OutputPump.ID
    private let ended = Gate<Void>()

    /// One for a stream whose bytes are kept.
    convenience init(_ stream: LogStream, _ deliver: @escaping ProcessCommand.Output) throws(LaunchShortage) {
        try self.init(making: .log { deliver($0, stream, $1) })
    }

    /// One for messages, which are taken at once.
    convenience init(_ deliver: @escaping @Sendable ([UInt8]) -> Void) throws(LaunchShortage) { try self.init(making: .messages(deliver)) }

    /// One that is read on by a successor of this program.
    convenience init(_ stream: LogStream, surviving deliver: @escaping ProcessCommand.Output) throws(LaunchShortage) {
        // Where there can be no spool, nothing is to survive.
        if let spool = Spool() {
            // Before anything is read: what the log has by then is none of this stream's.
            deliver([], stream) { spool.begin(log: $0) }
            try self.init(making: .spooledLog(spool) { deliver($0, stream, $1) })
        } else {
            try self.init(stream, deliver)
        }
    }

    private init(making receiver: OutputPump.Receiver) throws(LaunchShortage) {
        guard let ends = OwnedFD.pipe() else { throw .descriptors }
        let ended = ended
        guard let stream = OutputPump.shared.add(ends.read, receiver, onEnd: { ended.open(()) }) else {
            for raw in [ends.read, ends.write] { Glibc.close(raw) }
            throw .descriptors
        }
        self.stream = stream
        writer = ends.write
        if case .spooledLog(let spool, _) = receiver { keepsakes = [ends.read, spool.raw] } else { keepsakes = [] }
    }

    /// Reads on where a program that is gone has stopped.
    /// - Parameters:
    ///   - end: The end to read, which is the pipe's from now on.
    ///   - spool: Likewise.
    init(adopting end: CInt, spool: CInt, _ stream: LogStream, _ deliver: @escaping ProcessCommand.Output) throws(LaunchShortage) {
        let ended = ended
        let spool = Spool(adopting: spool)
        guard let id = OutputPump.shared.add(end, .spooledLog(spool) { deliver($0, stream, $1) }, onEnd: { ended.open(()) }) else {
            Glibc.close(end)
            throw .descriptors
        }
        self.stream = id
        writer = nil
        keepsakes = [end, spool.raw]
    }

    /// The child's descriptor.
    var writeEnd: CInt { writer ?? -1 }

    /// Returns once all that was written so far has been handed over.
    func flush() async {
        if ended.value != nil { return }
        let stream = stream
        await withCheckedContinuation { done in OutputPump.shared.flush(stream) { done.resume() } }
    }

    /// Closes our own end for writing, which nobody else has closed.
    func release() { if let writer { Glibc.close(writer) } }

    /// Both ends, before anybody got one.
    func discard() {
        release()
        close()
    }

    /// Reads no more, whatever still writes.
    func close() { OutputPump.shared.remove(stream) }
}
