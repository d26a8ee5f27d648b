package import Foundation

/// Which versions stay.
package struct Retention: Hashable, Sendable {
    package var last: Int
    package var hourly: Int
    package var daily: Int
    package var weekly: Int
    package var monthly: Int

    package init(last: Int = 10, hourly: Int = 0, daily: Int = 7, weekly: Int = 4, monthly: Int = 0) {
        self.last = last
        self.hourly = hourly
        self.daily = daily
        self.weekly = weekly
        self.monthly = monthly
    }

    /// The instants to keep: the newest ones, and the newest of each of the latest hours, days, weeks and months that have one.
    /// The newest of all always stays.
    package func kept(_ dates: [Date]) -> Set<Date> {
        let sorted = dates.sorted(by: >)
        var kept = Set(sorted.prefix(max(1, last)))
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = .gmt
        let rules: [(Int, Set<Calendar.Component>)] = [
            (hourly, [.year, .month, .day, .hour]), (daily, [.year, .month, .day]),
            (weekly, [.yearForWeekOfYear, .weekOfYear]), (monthly, [.year, .month]),
        ]
        for (count, components) in rules {
            var periods = Set<DateComponents>()
            for date in sorted where periods.count < count {
                if periods.insert(calendar.dateComponents(components, from: date)).inserted { kept.insert(date) }
            }
        }
        return kept
    }
}
