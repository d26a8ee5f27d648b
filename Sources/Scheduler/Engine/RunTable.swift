import Foundation

/// The unfinished runs, found by what the engine asks for without a look at all of them.
package struct RunTable: Sendable {
    /// The order in which waiting runs get slots.
    private struct Place: Comparable, Sendable {
        let scheduledAt: Date
        let job: String
        let id: Int64

        init(_ run: Run) {
            scheduledAt = run.scheduledAt
            job = run.job
            id = run.id
        }

        static func < (left: Place, right: Place) -> Bool { (left.scheduledAt, left.job, left.id) < (right.scheduledAt, right.job, right.id) }
    }

    private var byID: [Int64: Run] = [:]
    /// The ids of each job's runs, in ascending order.
    private var byJob: [String: [Int64]] = [:]
    private var waitingPlaces: [Place] = []
    private var activeIDs: Set<Int64> = []

    package var values: Dictionary<Int64, Run>.Values { byID.values }
    package var isEmpty: Bool { byID.isEmpty }

    /// Runs whose attempt is under way, oldest first.
    package var active: [Run] { activeIDs.sorted().compactMap { byID[$0] } }

    /// Runs that wait for a slot or for their next attempt, in the order in which they get slots.
    package var waiting: [Run] { waitingPlaces.compactMap { byID[$0.id] } }
    var hasWaiting: Bool { !waitingPlaces.isEmpty }

    /// All runs, oldest first.
    var inOrder: [Run] { byID.values.sorted { $0.id < $1.id } }

    /// The runs of a job, oldest first.
    package func of(_ job: String) -> [Run] { (byJob[job] ?? []).compactMap { byID[$0] } }

    package subscript(_ id: Int64) -> Run? {
        get { byID[id] }
        set {
            if let old = byID[id] { forget(old) }
            byID[id] = newValue
            if let run = newValue { index(run) }
        }
    }

    private mutating func index(_ run: Run) {
        byJob[run.job, default: []].insert(run.id, at: RunTable.position(of: run.id, in: byJob[run.job] ?? []))
        if run.state.activeAttempt != nil { activeIDs.insert(run.id) }
        if run.state.isWaiting { waitingPlaces.insert(Place(run), at: RunTable.position(of: Place(run), in: waitingPlaces)) }
    }

    private mutating func forget(_ run: Run) {
        if let ids = byJob[run.job] {
            let position = RunTable.position(of: run.id, in: ids)
            if ids.count == 1 { byJob[run.job] = nil } else { byJob[run.job]?.remove(at: position) }
        }
        activeIDs.remove(run.id)
        if run.state.isWaiting { waitingPlaces.remove(at: RunTable.position(of: Place(run), in: waitingPlaces)) }
    }

    /// The first index whose element is not less than `element`, in an array in ascending order.
    private static func position<Element: Comparable>(of element: Element, in array: [Element]) -> Int {
        var (low, high) = (0, array.count)
        while low < high {
            let middle = (low + high) / 2
            if array[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension RunState {
    /// Whether the run waits: for a slot, or for the instant of its next attempt.
    fileprivate var isWaiting: Bool {
        switch self {
        case .queued, .waitingToRetry, .deferred: true
        case .running, .ending, .finished: false
        }
    }
}
