package import Foundation

/// Instants at which something is due, the earliest first.
///
/// Entries are not removed when what they were for changes: the reader of the earliest one checks that it still holds, and drops it if not.
package struct DueTimes<Key: Hashable & Sendable>: Sendable {
    package struct Entry: Sendable {
        package let at: Date
        package let key: Key
    }

    /// A binary heap: no entry is later than the two below it.
    private var heap: [Entry] = []

    package init() {}

    package var earliest: Entry? { heap.first }

    package mutating func add(_ key: Key, at instant: Date) {
        heap.append(Entry(at: instant, key: key))
        var child = heap.count - 1
        while child > 0, heap[child].at < heap[(child - 1) / 2].at {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeEarliest() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            let (left, right) = (2 * parent + 1, 2 * parent + 2)
            var least = parent
            if left < heap.count, heap[left].at < heap[least].at { least = left }
            if right < heap.count, heap[right].at < heap[least].at { least = right }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    /// Takes out what is due by then, each key once, in no order.
    package mutating func takeDue(by instant: Date) -> Set<Key> {
        guard let first = earliest, first.at <= instant else { return [] }
        var due: Set<Key> = []
        while let next = earliest, next.at <= instant {
            due.insert(next.key)
            removeEarliest()
        }
        return due
    }

    mutating func removeAll() { heap.removeAll() }
}
