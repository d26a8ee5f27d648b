import Dispatch
import JobKit

/// Carries what a process writes to one of its streams to whoever listens, until the last writer is gone.
final class OutputPipe: Sendable {
    let writeEnd: CInt
    // Sources are made for use from any thread; Dispatch only doesn't say so to the compiler on Linux.
    private nonisolated(unsafe) let source: any DispatchSourceRead
    private let ended: Gate<Void>

    /// Nil where the system has no descriptors left.
    init?(_ stream: LogStream, _ deliver: @escaping @Sendable ([UInt8], LogStream) -> Void) {
        guard let ends = OwnedFD.pipe() else { return nil }
        writeEnd = ends.write
        let (raw, ended) = (ends.read, Gate<Void>())
        self.ended = ended
        let queue = DispatchQueue(label: "shipkeeper.output")
        let source = DispatchSource.makeReadSource(fileDescriptor: raw, queue: queue)
        unsafe self.source = source
        source.setEventHandler {
            guard let bytes = OwnedFD.read(raw) else { return }
            if bytes.isEmpty { source.cancel() } else { deliver(bytes, stream) }
        }
        source.setCancelHandler {
            _ = OwnedFD(raw)
            ended.open(())
        }
        source.activate()
    }

    /// Returns when the last writer is gone, or when `clock` says it has been long enough.
    func waitUntilEnded(atMost length: Duration, _ clock: any WallClock) async {
        let giveUp = Task { [ended] in
            try? await clock.sleep(for: length)
            if !Task.isCancelled { ended.open(()) }
        }
        await ended.wait()
        giveUp.cancel()
    }

    /// Reads no more, whoever still writes.
    func close() { unsafe source.cancel() }
}
