import Foundation

/// The unfinished runs, found by what the engine asks for without a look at all of them.
package struct RunTable: Sendable {
    /// The order in which waiting runs get slots.
    private struct Place: Comparable, Sendable {
        let priority: Int
        let scheduledAt: Date
        let job: String
        let id: Int64

        init(_ run: Run, _ priorities: [String: Int]) {
            priority = priorities.isEmpty ? 0 : priorities[run.job] ?? 0
            scheduledAt = run.scheduledAt
            job = run.job
            id = run.id
        }

        static func < (left: Place, right: Place) -> Bool {
            (right.priority, left.scheduledAt, left.job, left.id) < (left.priority, right.scheduledAt, right.job, right.id)
        }
    }

    private var byID: [Int64: Run] = [:]
    /// The ids of each job's runs, in ascending order.
    private var byJob: [String: [Int64]] = [:]
    private var waitingPlaces: [Place] = []
    private var activeIDs: Set<Int64> = []
    /// Of the jobs that have one besides 0.
    private var priorities: [String: Int] = [:]

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
            let old = byID[id]
            byID[id] = newValue
            // Most changes are of a run's state: then the list of its job stays as it is.
            if old?.job != newValue?.job {
                if let old { forget(old.id, of: old.job) }
                if let run = newValue { add(run.id, of: run.job) }
            }
            if (old?.state.activeAttempt == nil) != (newValue?.state.activeAttempt == nil) {
                if newValue?.state.activeAttempt == nil { activeIDs.remove(id) } else { activeIDs.insert(id) }
            }
            let (oldPlace, place) = (old.flatMap(place), newValue.flatMap(place))
            guard oldPlace != place else { return }
            if let oldPlace { waitingPlaces.remove(at: RunTable.position(of: oldPlace, in: waitingPlaces)) }
            if let place { waitingPlaces.insert(place, at: RunTable.position(of: place, in: waitingPlaces)) }
        }
    }

    /// Where a run waits; nil where it does not.
    private func place(_ run: Run) -> Place? { run.state.isWaiting ? Place(run, priorities) : nil }

    private mutating func add(_ id: Int64, of job: String) {
        let position = byJob[job].map { RunTable.position(of: id, in: $0) } ?? 0
        byJob[job, default: []].insert(id, at: position)
    }

    private mutating func forget(_ id: Int64, of job: String) {
        guard let ids = byJob[job] else { return }
        let position = RunTable.position(of: id, in: ids)
        if ids.count == 1 { byJob[job] = nil } else { byJob[job]?.remove(at: position) }
    }

    /// Orders those that wait again. To be called when the definitions of jobs have changed.
    mutating func use(_ priorities: [String: Int]) {
        guard priorities != self.priorities else { return }
        self.priorities = priorities
        waitingPlaces = byID.values.filter(\.state.isWaiting).map { Place($0, priorities) }.sorted()
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
