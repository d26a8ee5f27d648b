import CProcess
import Foundation
import Glibc
import Synchronization

/// Reads the output of all processes on one thread, and hands it over as it comes.
final class OutputPump: Sendable {
    private struct Reader {
        var deliver: @Sendable ([UInt8]) -> Void
        var onEnd: @Sendable () -> Void
    }

    private struct State {
        var readers: [CInt: Reader] = [:]
        var closing: Set<CInt> = []
    }

    static let shared = OutputPump()

    private let state = Mutex(State())
    private let wake: (read: CInt, write: CInt)?

    private init() {
        wake = OwnedFD.pipe()
        let thread = Thread { [self] in loop() }
        thread.name = "shipkeeper-output"
        thread.stackSize = 256 * 1024
        thread.start()
    }

    /// Reads a descriptor to its end and closes it then. `onEnd` is called once.
    func add(_ raw: CInt, deliver: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable () -> Void) {
        state.withLock { $0.readers[raw] = Reader(deliver: deliver, onEnd: onEnd) }
        nudge()
    }

    /// Reads no more of a descriptor, whoever still writes.
    func remove(_ raw: CInt) {
        state.withLock { state in
            if state.readers[raw] != nil { state.closing.insert(raw) }
        }
        nudge()
    }

    private func nudge() {
        if let wake { OwnedFD.writeByte(wake.write) }
    }

    private func loop() {
        while true {
            let (readers, closing) = state.withLock { state in
                defer { state.closing = [] }
                return (state.readers, state.closing)
            }
            for raw in closing { drain(raw, readers[raw], isLast: true) }
            let open = readers.keys.filter { !closing.contains($0) }
            for raw in OwnedFD.waitUntilReadable(open + (wake.map { [$0.read] } ?? [])) {
                if raw == wake?.read { _ = OwnedFD.read(raw) } else { drain(raw, readers[raw], isLast: false) }
            }
        }
    }

    /// Takes what is there; at the stream's end, or for the last time, closes it.
    private func drain(_ raw: CInt, _ reader: Reader?, isLast: Bool) {
        guard let reader else { return }
        while let bytes = OwnedFD.read(raw) {
            if bytes.isEmpty { return end(raw, reader) }
            reader.deliver(bytes)
            if !isLast { return }
        }
        if isLast { end(raw, reader) }
    }

    private func end(_ raw: CInt, _ reader: Reader) {
        state.withLock { state in
            state.readers[raw] = nil
            state.closing.remove(raw)
        }
        // First told, then closed: the number may be somebody else's right after.
        reader.onEnd()
        close(raw)
    }
}
