import Foundation
import JobKit
import Synchronization

/// The newest events, for any number of listeners.
///
/// Events are kept once, in bounded memory, and a listener is no more than a position among them: a slow one delays nobody, takes no memory
/// and gets `missed` where it has fallen too far behind. Publishing never waits.
final class EventFeed: Sendable {
    /// The least number of events that are held, and at most twice as many.
    static let capacity = 1024
    /// How many runs the newest progress and log event are held of.
    static let stateCapacity = 512

    fileprivate struct StateKey: Hashable {
        var run: Int64
        var isLog: Bool
    }

    fileprivate struct State {
        var newest: Int64
        /// In order of their positions.
        var events: [SchedulerEvent] = []
        /// Events of which only the newest counts.
        var states: [StateKey: SchedulerEvent] = [:]
        /// The highest position that is no longer held.
        var dropped: Int64
        var bells: [Int64: AsyncStream<Void>.Continuation] = [:]
        var nextListener: Int64 = 0
        var isClosed = false
    }

    private let state: Mutex<State>

    /// - Parameter start: When the program started; positions follow it, so that those of an earlier start are known as old.
    init(start: Date) {
        let first = Int64(start.timeIntervalSince1970 * 1_000_000)
        state = Mutex(State(newest: first, dropped: first))
    }

    /// The position of the newest event; events after it are those that come from now on.
    var position: Int64 { state.withLock { $0.newest } }

    func publish(_ content: SchedulerEvent.Content) {
        let bells = state.withLock { state in
            guard !state.isClosed else { return [AsyncStream<Void>.Continuation]() }
            state.newest += 1
            state.add(SchedulerEvent(position: state.newest, content: content))
            return Array(state.bells.values)
        }
        for bell in bells { bell.yield() }
    }

    /// Nothing is published from now on: listeners get what is held, and then the end.
    func close() {
        let bells = state.withLock { state in
            state.isClosed = true
            defer { state.bells = [:] }
            return Array(state.bells.values)
        }
        for bell in bells { bell.finish() }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    enum Reading {
        case event(SchedulerEvent)
        case nothing
        case ended
    }

    /// The first event after a position.
    func read(after position: Int64) -> Reading {
        state.withLock { state in
            if position < state.dropped || position > state.newest { return .event(SchedulerEvent(position: state.newest, content: .missed)) }
            if let event = state.first(after: position) { return .event(event) }
            return state.isClosed ? .ended : .nothing
        }
    }

    /// Rings once for any number of events that came since it was heard, and finishes when the feed is closed.
    func listen() -> (listener: Int64, bell: AsyncStream<Void>) {
        let (bell, ring) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let listener = state.withLock { state in
            state.nextListener += 1
            if state.isClosed { ring.finish() } else { state.bells[state.nextListener] = ring }
            return state.nextListener
        }
        return (listener, bell)
    }

    func leave(_ listener: Int64) {
        let bell = state.withLock { $0.bells.removeValue(forKey: listener) }
        bell?.finish()
    }
}

extension EventFeed.State {
    fileprivate mutating func add(_ event: SchedulerEvent) {
        switch event.content {
        case .progress(_, let run, _): states[.init(run: run, isLog: false)] = event
        case .log(_, let run): states[.init(run: run, isLog: true)] = event
        case .run, .service, .message, .configured, .missed: events.append(event)
        }
        if events.count > 2 * EventFeed.capacity {
            dropped = max(dropped, events[EventFeed.capacity - 1].position)
            events.removeFirst(EventFeed.capacity)
        }
        if states.count > EventFeed.stateCapacity, let oldest = states.min(by: { $0.value.position < $1.value.position }) {
            dropped = max(dropped, oldest.value.position)
            states[oldest.key] = nil
        }
    }

    fileprivate func first(after position: Int64) -> SchedulerEvent? {
        var (low, high) = (0, events.count)
        while low < high {
            let middle = (low + high) / 2
            if events[middle].position > position { high = middle } else { low = middle + 1 }
        }
        let recorded = low < events.count ? events[low] : nil
        let reported = states.values.filter { $0.position > position }.min { $0.position < $1.position }
        guard let recorded, let reported else { return recorded ?? reported }
        return recorded.position < reported.position ? recorded : reported
    }
}

/// Events after a position, in order, until the scheduler has ended or the task is cancelled.
///
/// What was recorded before a listener began to wait is not lost to it: the position decides, not the instant at which it listens.
package struct SchedulerEvents: AsyncSequence, Sendable {
    package typealias Failure = Never

    let feed: EventFeed
    let position: Int64

    package struct Iterator: AsyncIteratorProtocol {
        private final class Listening: Sendable {
            let feed: EventFeed
            let listener: Int64

            init(_ feed: EventFeed, _ listener: Int64) { (self.feed, self.listener) = (feed, listener) }

            deinit { feed.leave(listener) }
        }

        private let listening: Listening
        private var bell: AsyncStream<Void>.Iterator
        /// Of the last event that was given.
        package private(set) var position: Int64

        init(_ feed: EventFeed, _ position: Int64) {
            let (listener, bell) = feed.listen()
            listening = Listening(feed, listener)
            self.bell = bell.makeAsyncIterator()
            self.position = position
        }

        /// The next event where there is one already; nil else. Does not wait.
        package mutating func nextIfHeld() -> SchedulerEvent? {
            guard case .event(let event) = listening.feed.read(after: position) else { return nil }
            position = event.position
            return event
        }

        /// The next event; nil once there will be none, or the task is cancelled.
        package mutating func next() async -> SchedulerEvent? {
            while !Task.isCancelled {
                switch listening.feed.read(after: position) {
                case .event(let event):
                    position = event.position
                    return event
                case .ended: return nil
                case .nothing: if await bell.next(isolation: #isolation) == nil, Task.isCancelled { return nil }
                }
            }
            return nil
        }
    }

    package func makeAsyncIterator() -> Iterator { Iterator(feed, position) }
}
