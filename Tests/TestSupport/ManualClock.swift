package import Foundation
import JobKit
import Synchronization

/// A clock that moves only when told to.
package final class ManualClock: WallClock {
    private struct Sleeper {
        var until: Date
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now: Date
        var uptime = Duration.zero
        var sleepers: [UInt64: Sleeper] = [:]
        var cancelled: Set<UInt64> = []
        var nextID: UInt64 = 0
        var watchers: [(isMet: @Sendable ([Date]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: Mutex<State>

    package init(_ now: Date = Date(timeIntervalSince1970: 1_790_000_000)) { state = Mutex(State(now: now)) }

    package var now: Date { state.withLock { $0.now } }
    package var uptime: Duration { state.withLock { $0.uptime } }

    package func sleep(until instant: Date) async throws(CancellationError) {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.now >= instant || state.cancelled.contains(id) { return true }
                    state.sleepers[id] = Sleeper(until: instant, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume() } else { tellWatchers() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.cancelled.insert(id)
                return state.sleepers.removeValue(forKey: id)
            }
            sleeper?.continuation.resume()
        }
        if Task.isCancelled { throw CancellationError() }
    }

    /// Returns once so many are asleep.
    package func waitForSleepers(_ count: Int) async { await wait { $0.count >= count } }

    /// Returns once one is asleep that wakes this long from now, whoever else is.
    package func waitForSleeper(for length: Duration) async {
        let instant = now.adding(length)
        await wait { $0.contains(instant) }
    }

    /// - Parameter isMet: Asked with the times at which sleepers wake, under the lock.
    private func wait(until isMet: @escaping @Sendable ([Date]) -> Bool) async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.watchers.append((isMet, continuation)) }
            tellWatchers()
        }
    }

    private func tellWatchers() {
        let ready = state.withLock { state in
            let times = state.sleepers.values.map(\.until)
            let ready = state.watchers.filter { $0.isMet(times) }
            state.watchers.removeAll { $0.isMet(times) }
            return ready
        }
        for watcher in ready { watcher.continuation.resume() }
    }

    /// Puts the time of day forward or back: no time goes by, and whoever sleeps until then wakes.
    package func jump(by length: Duration) {
        state.withLock { $0.now = $0.now.adding(length) }
        advance(to: now)
    }

    /// Lets time go by and wakes whoever is due.
    package func advance(by length: Duration) { advance(to: now.adding(length)) }

    /// Lets time go by until exactly this instant, and wakes whoever is due.
    package func advance(to instant: Date) {
        let due = state.withLock { state in
            state.uptime += instant.since(state.now)
            state.now = instant
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.sorted { $0.until < $1.until }
        }
        for sleeper in due { sleeper.continuation.resume() }
    }
}
