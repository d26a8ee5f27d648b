import Dispatch
import Synchronization
import Threads

/// Work that may block, in turn, on a thread of its own. Who adds to it never waits: beyond its bounds the oldest is dropped
/// and counted.
final class WorkQueue: Sendable {
    /// What a line costs beyond its bytes.
    static let costOfLine = 64
    private static let stack = 512 << 10
    /// Between two tries to start the thread.
    private static let pause = Duration.seconds(1)

    fileprivate enum Entry: Sendable {
        case work(@Sendable () -> Void, Droppable?)
        case dropped(lines: Int, report: @Sendable (Int) -> Void)
        case gone
    }

    fileprivate struct Droppable: Sendable {
        var lane: Int64
        var cost: Int
        var lines: Int
        var report: @Sendable (Int) -> Void
    }

    fileprivate struct Lane {
        var cost = 0
        /// Where the entries are that may be dropped, oldest first, and the first of them that is still there.
        var places: [Int] = []
        var first = 0
        /// Where drops are reported.
        var gap: Int?
    }

    fileprivate struct State {
        let mostInLane: Int
        let most: Int
        var entries: [Entry] = []
        var lanes: [Int64: Lane] = [:]
        var cost = 0
        var oldest = 0
        /// Places of what was dropped and needs no word of its own.
        var gone = 0
    }

    /// So many places of dropped work are kept before they are given back.
    private static let mostGone = 4096

    private let name: String
    private let state: Mutex<State>
    private let thread = Mutex(Worker.none)
    private let filled = DispatchSemaphore(value: 0)

    private enum Worker {
        case none
        /// The system had no room for a thread.
        case refused(at: ContinuousClock.Instant)
        case running
    }

    /// - Parameters:
    ///   - name: Of its thread, which is started with the first work.
    ///   - mostInLane: What one lane may have waiting, in bytes.
    ///   - most: What all of them together may.
    init(name: String, mostInLane: Int = 1 << 20, most: Int = 4 << 20) {
        self.name = name
        state = Mutex(State(mostInLane: mostInLane, most: most))
    }

    /// Adds work that is never dropped.
    func add(_ work: @escaping @Sendable () -> Void) { enter(.work(work, nil)) }

    /// Adds work on some lines of a lane.
    ///
    /// - Parameter lost: Lines that the work only reports as dropped: counted in its place where it is dropped.
    /// - Parameter report: Called in its place with the number of lines, if it was dropped with others of its lane.
    func add(
        lane: Int64, bytes: Int, lines: Int, lost: Int = 0, report: @escaping @Sendable (Int) -> Void, _ work: @escaping @Sendable () -> Void
    ) {
        let counted = lost > 0 ? lost : lines
        enter(.work(work, Droppable(lane: lane, cost: bytes + lines * WorkQueue.costOfLine, lines: counted, report: report)))
    }

    /// Waits until all that was added so far is done; false if it is not by then. Blocks.
    func flush(until end: DispatchTime) -> Bool {
        let done = DispatchSemaphore(value: 0)
        add { done.signal() }
        return done.wait(timeout: end) == .success
    }

    private func enter(_ entry: Entry) {
        let wasEmpty = state.withLock { state in
            let wasEmpty = state.entries.isEmpty
            state.entries.append(entry)
            if case .work(_, let droppable?) = entry {
                state.cost += droppable.cost
                state.lanes[droppable.lane, default: Lane()].cost += droppable.cost
                state.lanes[droppable.lane, default: Lane()].places.append(state.entries.count - 1)
                while state.lanes[droppable.lane]?.cost ?? 0 > state.mostInLane { state.dropOldest(of: droppable.lane) }
                while state.cost > state.most, let lane = state.laneOfOldest() { state.dropOldest(of: lane) }
            }
            if state.gone > WorkQueue.mostGone, state.gone > state.entries.count / 2 { state.compact() }
            return wasEmpty
        }
        if wasEmpty { filled.signal() }
        startWorker()
    }

    /// Where there is no room for a thread, what is added waits within the bounds until a later one can be started.
    private func startWorker() {
        thread.withLock { worker in
            switch worker {
            case .running: return
            case .refused(let instant) where ContinuousClock.now - instant < WorkQueue.pause: return
            case .none, .refused: break
            }
            do throws(ThreadError) {
                try SystemThread.start(name, stackBytes: WorkQueue.stack) { [self] in work() }
                worker = .running
            } catch {
                worker = .refused(at: .now)
            }
        }
    }

    private func work() {
        while true {
            filled.wait()
            let entries = state.withLock { state in
                defer { state = State(mostInLane: state.mostInLane, most: state.most) }
                return state.entries
            }
            for entry in entries {
                switch entry {
                case .work(let work, _): work()
                case .dropped(let lines, let report): report(lines)
                case .gone: break
                }
            }
        }
    }
}

extension WorkQueue.State {
    /// Gives back the places of dropped work: a reader that never reads must not fill the memory with them.
    fileprivate mutating func compact() {
        var places = [Int](repeating: 0, count: entries.count)
        var kept: [WorkQueue.Entry] = []
        for (place, entry) in entries.enumerated() {
            if case .gone = entry { continue }
            places[place] = kept.count
            kept.append(entry)
        }
        for (name, lane) in lanes {
            var moved = lane
            moved.places = lane.places[lane.first...].map { places[$0] }
            moved.first = 0
            moved.gap = lane.gap.map { places[$0] }
            lanes[name] = moved
        }
        (entries, oldest, gone) = (kept, 0, 0)
    }

    fileprivate mutating func laneOfOldest() -> Int64? {
        while oldest < entries.count {
            if case .work(_, let droppable?) = entries[oldest] { return droppable.lane }
            oldest += 1
        }
        return nil
    }

    fileprivate mutating func dropOldest(of name: Int64) {
        guard var lane = lanes[name], lane.first < lane.places.count else { return }
        let place = lane.places[lane.first]
        lane.first += 1
        guard case .work(_, let droppable?) = entries[place] else { return }
        lane.cost -= droppable.cost
        cost -= droppable.cost
        if let gap = lane.gap, case .dropped(let lines, let report) = entries[gap] {
            entries[gap] = .dropped(lines: lines + droppable.lines, report: report)
            entries[place] = .gone
            gone += 1
        } else {
            entries[place] = .dropped(lines: droppable.lines, report: droppable.report)
            lane.gap = place
        }
        lanes[name] = lane
    }
}

extension Int {
    /// With commas between thousands.
    var grouped: String {
        let digits = Array(String(self))
        return String(digits.enumerated().flatMap { index, digit in index > 0 && (digits.count - index) % 3 == 0 ? [",", digit] : [digit] })
    }
}
