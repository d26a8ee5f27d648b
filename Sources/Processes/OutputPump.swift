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
        /// To be told once all that is there now has been handed over.
        var flushing: [CInt: [@Sendable () -> Void]] = [:]
    }

    static let shared = OutputPump()
    /// What a pipe holds at most, in bytes.
    private static let mostInPipe = 1 << 20

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

    /// Hands over what is there now, and tells then; at once where the descriptor has ended.
    func flush(_ raw: CInt, _ onDone: @escaping @Sendable () -> Void) {
        let isOpen = state.withLock { state in
            guard state.readers[raw] != nil else { return false }
            state.flushing[raw, default: []].append(onDone)
            return true
        }
        if isOpen { nudge() } else { onDone() }
    }

    private func nudge() {
        if let wake { OwnedFD.writeByte(wake.write) }
    }

    private func loop() {
        while true {
            let flushing = state.withLock { state in
                defer { state.flushing = [:] }
                return state.flushing.map { (raw: $0.key, reader: state.readers[$0.key], listeners: $0.value) }
            }
            for (raw, reader, listeners) in flushing {
                drainOnce(raw, reader)
                for listener in listeners { listener() }
            }
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

    /// Takes as much as a pipe holds, and no more where somebody goes on writing.
    private func drainOnce(_ raw: CInt, _ reader: Reader?) {
        guard let reader else { return }
        var rest = OutputPump.mostInPipe
        while rest > 0, let bytes = OwnedFD.read(raw) {
            if bytes.isEmpty { return end(raw, reader) }
            reader.deliver(bytes)
            rest -= bytes.count
        }
    }

    /// Takes what is there; at the stream's end, or for the last time, closes it, though somebody may go on writing.
    private func drain(_ raw: CInt, _ reader: Reader?, isLast: Bool) {
        guard let reader else { return }
        var rest = isLast ? OutputPump.mostInPipe : 1
        while rest > 0, let bytes = OwnedFD.read(raw) {
            if bytes.isEmpty { return end(raw, reader) }
            reader.deliver(bytes)
            rest -= bytes.count
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
