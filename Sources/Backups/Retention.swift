package import Foundation

/// Which versions stay: how many of the newest, and how many hours, days, weeks and months, counted from the newest version back, for each of
/// which the newest version stays. Periods without a version do not count. 0 switches a rule off. Pure.
package struct Retention: Hashable, Sendable {
    /// How many of the newest stay.
    package var last: Int
    /// Clock hours, in UTC.
    package var hourly: Int
    /// Calendar days, in UTC.
    package var daily: Int
    /// ISO 8601 weeks, which begin on Monday, in UTC.
    package var weekly: Int
    /// Calendar months, in UTC.
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
    package func kept(_ dates: [Date]) -> Set<Date> { Set(reasons(dates).keys) }

    /// The same, with all reasons why each of them stays.
    package func reasons(_ dates: [Date]) -> [Date: [KeepReason]] {
        let sorted = dates.sorted(by: >)
        var reasons: [Date: [KeepReason]] = [:]
        if let newest = sorted.first { reasons[newest] = [.latest] }
        for date in sorted.prefix(last) where date != sorted.first { reasons[date, default: []].append(.last) }
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = .gmt
        let rules: [(KeepReason, Int, Set<Calendar.Component>)] = [
            (.hourly, hourly, [.year, .month, .day, .hour]), (.daily, daily, [.year, .month, .day]),
            (.weekly, weekly, [.yearForWeekOfYear, .weekOfYear]), (.monthly, monthly, [.year, .month]),
        ]
        for (reason, count, components) in rules {
            var periods = Set<DateComponents>()
            for date in sorted where periods.count < count {
                if periods.insert(calendar.dateComponents(components, from: date)).inserted { reasons[date, default: []].append(reason) }
            }
        }
        return reasons
    }
}

/// Why a backup stays. The raw values are part of the output of `backups` and its JSON.
package enum KeepReason: String, Hashable, Sendable, Codable {
    /// The newest.
    case latest
    /// One of the newest ones, as many as `keep.last` says.
    case last
    /// The newest of its hour, day, week or month.
    case hourly, daily, weekly, monthly
    /// A much smaller tree was stored after it.
    case pinned
    /// Those after it are incomplete.
    case lastComplete = "last complete"
}
