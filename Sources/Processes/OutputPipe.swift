import Glibc
import JobKit

/// Carries what a process writes to one of its streams to whoever listens, until the last writer is gone.
final class OutputPipe: Sendable {
    let writeEnd: CInt
    private let readEnd: CInt
    private let ended = Gate<Void>()

    /// Nil where the system has no descriptors left.
    init?(_ stream: LogStream, _ deliver: @escaping @Sendable ([UInt8], LogStream) -> Void) {
        guard let ends = OwnedFD.pipe() else { return nil }
        (readEnd, writeEnd) = (ends.read, ends.write)
        let ended = ended
        OutputPump.shared.add(readEnd, deliver: { deliver($0, stream) }, onEnd: { ended.open(()) })
    }

    /// A pipe with a name, which the process opens itself; nil where it can't be made.
    init?(named path: String, _ deliver: @escaping @Sendable ([UInt8]) -> Void) {
        guard let ends = OwnedFD.namedPipe(path) else { return nil }
        (readEnd, writeEnd) = (ends.read, ends.write)
        let ended = ended
        OutputPump.shared.add(readEnd, deliver: deliver, onEnd: { ended.open(()) })
    }

    /// Returns once all that was written so far has been handed over.
    func flush() async {
        if ended.value != nil { return }
        let (pump, raw) = (OutputPump.shared, readEnd)
        await withCheckedContinuation { done in pump.flush(raw) { done.resume() } }
    }

    /// Closes our own end for writing, which nobody else has closed.
    func release() { Glibc.close(writeEnd) }

    /// Both ends, before anybody got one.
    func discard() {
        release()
        close()
    }

    /// Reads no more, whoever still writes.
    func close() {
        if ended.value == nil { OutputPump.shared.remove(readEnd) }
    }
}
