import Synchronization

/// What waits for the scheduler. Anyone who takes, takes all there is.
final class Inbox<Element: Sendable>: Sendable {
    private struct State {
        var waiting: [Element] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    /// Rings once for any number of elements that came since it was heard.
    let bell: AsyncStream<Void>
    private let ring: AsyncStream<Void>.Continuation

    init() { (bell, ring) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// False once the inbox is closed: the element was not taken.
    @discardableResult
    func post(_ element: Element) -> Bool {
        let isTaken = state.withLock { state in
            if !state.isClosed { state.waiting.append(element) }
            return !state.isClosed
        }
        if isTaken { ring.yield() }
        return isTaken
    }

    /// All that waits, oldest first.
    func takeAll() -> [Element] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    /// Takes nothing from now on, and gives what still waits.
    func close() -> [Element] {
        ring.finish()
        return state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting
        }
    }
}
