package import Foundation
import JobKit
import Settings

/// What happens to scheduled times that were missed while the program was down or the machine asleep: none is made up for, one run stands for
/// all of them, or each gets a run, up to `FireRule.limit`. The raw values are those of the configuration.
package enum CatchUp: String, CaseIterable, Hashable, Sendable {
    case skip, once, all
}

/// A scheduled time to act on.
package struct DueFire: Hashable, Sendable {
    /// Without jitter: with it, the run starts later.
    package var fireTime: Date
    /// How many earlier scheduled times the run accounts for too.
    package var missed: Int
}

/// What a schedule asks for at one instant. Every scheduled time up to the cursor is accounted for: it is in `due`, counted in the `missed` of
/// one of them, or counted in `dropped`.
package struct FirePlan: Hashable, Sendable {
    /// Oldest first.
    package var due: [DueFire]
    /// The newest scheduled time that is accounted for: the `last` of the next plan.
    package var cursor: Date
    /// How many scheduled times the rule gives up.
    package var dropped: Int
    /// The newest of those; nil for none.
    package var newestDropped: Date?
    /// The next instant at which something is due, jitter included; nil for never.
    package var next: Date?
}

/// How a schedule treats times that were missed, and how its runs are spread.
package struct FireRule: Hashable, Sendable {
    /// What happens to missed times.
    package var catchUp: CatchUp
    /// The most runs that `CatchUp.all` makes up for, the newest ones.
    package var limit: Int
    /// Scheduled times older than this are dropped, whatever `catchUp` is, and so are runs that have waited as long; nil for no limit. It counts from the end of
    /// the jitter.
    package var startDeadline: Duration?
    /// Each run is delayed by a part of this, less than the whole, that is always the same for a job and a scheduled time. It is due before the next
    /// scheduled time, however long this is.
    package var jitter: Duration

    package init(catchUp: CatchUp = .once, limit: Int = 100, startDeadline: Duration? = nil, jitter: Duration = .zero) {
        self.catchUp = catchUp
        self.limit = limit
        self.startDeadline = startDeadline
        self.jitter = jitter
    }
}

extension FireRule {
    /// How long after its scheduled time a run may still start; nil for no limit.
    var latestStart: Duration? { startDeadline.map { $0 + jitter } }
}

extension Schedule {
    /// The most scheduled times that are listed; where there are more, only the newest are listed, and the others counted.
    private static let mostListed = 2000

    /// What is due at `now`. Pure; takes little time also after years without a run.
    /// - Parameters:
    ///   - last: The cursor: the newest scheduled time that is accounted for.
    ///   - job: The job's name, which its jitter depends on.
    package func plan(last: Date, now: Date, rule: FireRule = FireRule(), job: String = "") -> FirePlan {
        var fires: [Date] = []
        var earlier = EarlierFires()
        var cursor = last
        var following = next(after: last)
        while let fire = following, start(of: fire, rule, job: job) <= now {
            fires.append(fire)
            cursor = fire
            defer { following = next(after: cursor) }
            if fires.count == Schedule.mostListed, let newest = newest(after: cursor, upTo: now), newest > cursor {
                fires = newestFires(rule.catchUp == .all ? rule.limit : 1, after: last, upTo: newest)
                if let first = fires.first { earlier = earlierFires(after: last, before: first) }
                cursor = newest
            }
        }
        var plan = FirePlan(due: [], cursor: cursor, dropped: 0, newestDropped: nil, next: nil)
        plan.next = following.map { start(of: $0, rule, job: job) }
        plan.choose(among: fires, earlier, now: now, rule: rule)
        return plan
    }

    /// The newest scheduled times in (start, end], oldest first: at least `count` of them where there are so many.
    private func newestFires(_ count: Int, after start: Date, upTo end: Date) -> [Date] {
        var length = 60.0
        while true {
            var cursor = newest(after: start, upTo: end.addingTimeInterval(-length)) ?? start
            let isWhole = cursor == start
            var fires: [Date] = []
            while let fire = next(after: cursor), fire <= end {
                fires.append(fire)
                cursor = fire
            }
            if isWhole || fires.count >= count { return fires }
            length *= 4
        }
    }

    private func earlierFires(after start: Date, before first: Date) -> EarlierFires {
        let end = first.addingTimeInterval(-0.001)
        return EarlierFires(count: count(after: start, upTo: end), newest: newest(after: start, upTo: end))
    }

    /// When the run of a scheduled time is due, jitter included.
    package func start(of fire: Date, _ rule: FireRule, job: String) -> Date { rule.jitter > .zero ? fire.adding(delay(of: fire, job, rule)) : fire }

    /// A delay in [0, jitter), and shorter than the distance to the next scheduled time, that is the same whenever it is asked for.
    private func delay(of fire: Date, _ job: String, _ rule: FireRule) -> Duration {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "\(job) \(Int64(fire.timeIntervalSince1970 * 1000))".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        let distance = next(after: fire).map { $0.since(fire) } ?? rule.jitter
        return .milliseconds(Int64(hash >> 16) % max(1, min(rule.jitter, distance).wholeMilliseconds))
    }
}

/// Scheduled times that are only counted.
private struct EarlierFires {
    var count = 0
    var newest: Date?
}

extension FirePlan {
    /// The program was away when more than one scheduled time is due, or one is due for over a minute.
    fileprivate mutating func choose(among fires: [Date], _ earlier: EarlierFires, now: Date, rule: FireRule) {
        var (fires, earlier) = (fires, earlier)
        if let deadline = rule.latestStart {
            if let newest = earlier.newest, now.since(newest) > deadline { drop(&earlier) }
            drop(&fires, upTo: fires.prefix { now.since($0) > deadline }.count)
        }
        guard let newest = fires.last else { return }
        let late = now.since(newest) - rule.jitter
        let isOnTime = late <= (fires.count + earlier.count == 1 ? .seconds(60) : .seconds(1))
        switch rule.catchUp {
        case .skip:
            drop(&earlier)
            drop(&fires, upTo: isOnTime ? fires.count - 1 : fires.count)
            due = fires.map { DueFire(fireTime: $0, missed: 0) }
        case .once:
            due = [DueFire(fireTime: newest, missed: earlier.count + fires.count - 1)]
        case .all:
            drop(&earlier)
            drop(&fires, upTo: max(0, fires.count - rule.limit))
            due = fires.map { DueFire(fireTime: $0, missed: 0) }
        }
    }

    private mutating func drop(_ earlier: inout EarlierFires) {
        guard earlier.count > 0 else { return }
        dropped += earlier.count
        newestDropped = earlier.newest
        earlier = EarlierFires()
    }

    private mutating func drop(_ fires: inout [Date], upTo count: Int) {
        guard count > 0 else { return }
        dropped += count
        newestDropped = fires[count - 1]
        fires.removeFirst(count)
    }
}
