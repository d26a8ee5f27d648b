import Foundation
import Scheduler

/// The runs that one schedule has made, found by scheduled time. Each accounts for its own time and for the `missed` ones right before it.
struct ScheduleRecord {
    let schedule: Schedule
    /// In the order of their scheduled times; of two for the same time the first that was made comes first.
    private let runs: [Run]

    /// Instants are rounded where they are stored.
    private static let precision = 0.01
    /// More times than this are not counted.
    private static let mostCounted = 100_000

    /// - Parameter runs: In any order; those of other schedules and causes are left out.
    init(_ schedule: Schedule, _ runs: [Run]) {
        self.schedule = schedule
        let cause = RunCause.schedule(schedule.readable)
        self.runs = runs.filter { $0.cause == cause }.sorted { ($0.scheduledAt, $0.id) < ($1.scheduledAt, $1.id) }
    }

    /// The first run that may account for a scheduled time: that of the time itself, or of the next one that has a run.
    func first(from date: Date) -> Run? {
        let position = position(of: date)
        return position < runs.count ? runs[position] : nil
    }

    /// The last run whose scheduled time is earlier.
    func last(before date: Date) -> Run? {
        let position = position(of: date)
        return position > 0 ? runs[position - 1] : nil
    }

    /// Whether a run was made for this very time.
    func isOf(_ run: Run, _ date: Date) -> Bool { abs(run.scheduledAt.timeIntervalSince(date)) < ScheduleRecord.precision }

    /// Whether a run accounts for a scheduled time that is not later than its own.
    func accounts(_ run: Run, for date: Date) -> Bool {
        var (count, time) = (0, Date?.some(date))
        while let next = time, next.timeIntervalSince(run.scheduledAt) < -ScheduleRecord.precision, count < ScheduleRecord.mostCounted {
            (count, time) = (count + 1, schedule.next(after: next))
        }
        return count <= run.missed
    }

    /// The index of the first run that is not earlier.
    private func position(of date: Date) -> Int {
        let start = date.addingTimeInterval(-ScheduleRecord.precision)
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].scheduledAt < start { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
