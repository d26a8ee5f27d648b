import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing
import TimeZones

@Suite("fire plans")
struct FirePlanTests {
    private let t0 = Date(timeIntervalSince1970: 1_790_000_000)
    private let hourly = Schedule.every(.seconds(3600))

    @Test("three hours asleep", arguments: zip([CatchUp.skip, .once, .all], [0, 1, 3]))
    func catchUp(policy: CatchUp, runs: Int) {
        let plan = hourly.plan(last: t0, now: t0 + 3 * 3600 + 5, rule: FireRule(catchUp: policy))
        #expect(plan.due.count == runs)
        #expect(plan.cursor == t0 + 3 * 3600)
        #expect(plan.next == t0 + 4 * 3600)
        #expect(plan.dropped + plan.due.reduce(0) { $0 + 1 + $1.missed } == 3)
    }

    @Test("on time, every policy runs", arguments: CatchUp.allCases)
    func onTime(policy: CatchUp) {
        let due = hourly.plan(last: t0, now: t0 + 3602, rule: FireRule(catchUp: policy)).due
        #expect(due.map(\.fireTime) == [t0 + 3600])
        #expect(due.map(\.missed) == [0])
    }

    @Test("all is bounded and keeps the newest, oldest first")
    func bounded() {
        let plan = hourly.plan(last: t0, now: t0 + 500 * 3600, rule: FireRule(catchUp: .all, limit: 100))
        #expect(plan.due.count == 100)
        #expect(plan.due.first?.fireTime == t0 + 401 * 3600)
        #expect(plan.dropped == 400)
    }

    @Test("fire times past the start deadline are dropped")
    func deadline() {
        let plan = hourly.plan(last: t0, now: t0 + 3 * 3600 + 1800, rule: FireRule(startDeadline: .seconds(600)))
        #expect(plan.due.isEmpty)
        #expect(plan.dropped == 3)
    }

    @Test("an interval does not drift over a year of seconds")
    func drift() {
        let second = Schedule.every(.seconds(1))
        var cursor = t0
        for step in stride(from: 1000, through: 31_536_000, by: 1_000_000) {
            cursor = second.plan(last: cursor, now: t0 + Double(step) + 0.4, rule: FireRule(catchUp: .once)).cursor
            #expect(cursor == t0 + Double(step))
        }
    }

    @Test("years asleep cost little and still find the newest fire time")
    func years() throws {
        let minutely = Schedule.cron(try CronExpression("* * * * *"), .utc)
        let plan = minutely.plan(last: t0, now: t0 + 10 * 365 * 86_400, rule: FireRule(catchUp: .once))
        #expect(plan.due.map(\.fireTime) == [plan.cursor])
        #expect(t0 + 10 * 365 * 86_400 - plan.cursor.timeIntervalSince1970 < Date(timeIntervalSince1970: 60))
    }

    @Test(
        "every fire time of a long sleep has its verdict, and the newest runs", arguments: CatchUp.allCases,
        ["* * * * *", "*/7 1-5 * * *", "30 2 * * *", "every"])
    func longSleep(policy: CatchUp, text: String) throws {
        let zone = try ZoneFinder(environment: [:]).zone("Europe/Berlin")
        let schedule = text == "every" ? Schedule.every(.seconds(7)) : Schedule.cron(try CronExpression(text), zone)
        for days in [3.0, 40, 400] {
            let now = t0 + days * 86_400 + 0.5
            let plan = schedule.plan(last: t0, now: now, rule: FireRule(catchUp: policy, limit: 100))
            let all = fires(of: schedule, upTo: now)
            let stoodFor = plan.due.reduce(0) { $0 + 1 + $1.missed }
            #expect(plan.dropped + stoodFor == all.count)
            let kept = [CatchUp.skip: 0, .once: 1, .all: 100][policy] ?? 0
            #expect(plan.due.map(\.fireTime) == Array(all.suffix(kept)))
        }
    }

    private func fires(of schedule: Schedule, upTo end: Date) -> [Date] {
        var (found, cursor) = ([Date](), t0)
        while let fire = schedule.next(after: cursor), fire <= end {
            found.append(fire)
            cursor = fire
        }
        return found
    }

    @Test("jitter is stable, below its bound, and differs between jobs")
    func jitter() {
        let rule = FireRule(jitter: .seconds(30))
        var delays = Set<TimeInterval>()
        for job in ["a", "b", "c", "d"] {
            let next = hourly.plan(last: t0, now: t0, rule: rule, job: job).next
            #expect(next == hourly.plan(last: t0, now: t0 + 1, rule: rule, job: job).next)
            let delay = (next ?? t0).timeIntervalSince(t0 + 3600)
            #expect((0..<30).contains(delay))
            delays.insert(delay)
        }
        #expect(delays.count > 1)
    }

    @Test("a clock set back brings no fire time twice")
    func setBack() {
        let plan = hourly.plan(last: t0, now: t0 - 7200)
        #expect(plan.due.isEmpty)
        #expect(plan.cursor == t0)
        #expect(plan.next == t0 + 3600)
    }
}
