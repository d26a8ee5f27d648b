import Glibc
import JobKit

/// Carries what a process writes to one of its streams to anyone who listens, until the last writer is gone.
final class OutputPipe: Sendable {
    let writeEnd: CInt
    private let stream: OutputPump.ID
    private let ended = Gate<Void>()

    convenience init(_ stream: LogStream, _ deliver: @escaping @Sendable ([UInt8], LogStream) -> Void) throws(LaunchShortage) {
        try self.init { deliver($0, stream) }
    }

    init(_ deliver: @escaping @Sendable ([UInt8]) -> Void) throws(LaunchShortage) {
        guard let ends = OwnedFD.pipe() else { throw .descriptors }
        let ended = ended
        guard let stream = OutputPump.shared.add(ends.read, deliver: deliver, onEnd: { ended.open(()) }) else {
            for raw in [ends.read, ends.write] { Glibc.close(raw) }
            throw .descriptors
        }
        self.stream = stream
        writeEnd = ends.write
    }

    /// Returns once all that was written so far has been handed over.
    func flush() async {
        if ended.value != nil { return }
        let stream = stream
        await withCheckedContinuation { done in OutputPump.shared.flush(stream) { done.resume() } }
    }

    /// Closes our own end for writing, which nobody else has closed.
    func release() { Glibc.close(writeEnd) }

    /// Both ends, before anybody got one.
    func discard() {
        release()
        close()
    }

    /// Reads no more, whatever still writes.
    func close() { OutputPump.shared.remove(stream) }
}
