import Buckets
import Synchronization

/// Adds up how far objects have come whose parts are sent side by side.
final class UploadCounter: Sendable {
    private struct Key: Hashable {
        var object: Int
        var part: Int
    }

    private struct State {
        var parts: [Key: Int64] = [:]
        var sum: Int64 = 0

        mutating func set(_ key: Key, _ bytes: Int64) {
            sum += bytes - (parts.updateValue(bytes, forKey: key) ?? 0)
        }
    }

    private let total: Int64
    /// Held while progress is reported, so that reports come in order.
    private let state = Mutex(State())
    private let onProgress: StoreProgress?

    /// - Parameter onProgress: Must not block.
    init(total: Int64, _ onProgress: StoreProgress?) {
        self.total = total
        self.onProgress = onProgress
    }

    /// The parts of one object.
    struct Parts: Sendable {
        let counter: UploadCounter
        let object: Int

        /// Takes how many bytes of a part have been sent; fewer again where they are sent again.
        func part(_ number: Int) -> @Sendable (Int64) -> Void {
            let key = Key(object: object, part: number)
            return { [counter] bytes in counter.report { $0.set(key, bytes) } }
        }
    }

    func parts(of object: Int) -> Parts { Parts(counter: self, object: object) }

    /// The object is there, by whatever way.
    func finished(_ object: Int, _ size: Int64) {
        report { state in
            for key in state.parts.keys where key.object == object { state.set(key, 0) }
            state.set(Key(object: object, part: 0), size)
        }
    }

    private func report(_ change: (inout sending State) -> Void) {
        guard let onProgress else { return }
        state.withLock { state in
            change(&state)
            onProgress(min(state.sum, total), total)
        }
    }
}
