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

    /// Returns when the last writer is gone, or when it has been long enough.
    func waitUntilEnded(atMost length: Duration, _ clock: any WallClock) async {
        let end = clock.uptime + length
        while ended.value == nil, clock.uptime < end { try? await clock.sleep(for: .milliseconds(5)) }
    }

    /// Reads no more, whoever still writes.
    func close() {
        if ended.value == nil { OutputPump.shared.remove(readEnd) }
    }
}
