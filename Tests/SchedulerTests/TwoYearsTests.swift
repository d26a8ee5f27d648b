import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing
import TimeZones

/// Twenty-four months with changes of the clocks, a leap day, sleeps, a stop, and a clock that is set: what is due is written down here, line by line.
@Suite("two years")
struct TwoYearsTests {
    private let zone: Zone

    init() throws { zone = try ZoneFinder(environment: [:]).zone("Europe/Berlin") }

    private func date(_ text: String) throws -> Date { try #require(WrittenInstant.parse(text, in: zone, now: EngineWorld.start)?.start, "\(text)") }

    private func job(_ name: String, _ cron: String, _ rule: FireRule = FireRule()) throws -> JobDefinition {
        JobDefinition(name: name, triggers: [.schedule(.cron(try CronExpression(cron), zone), atStart: false)], fireRule: rule)
    }

    /// What comes between, in the order of time.
    private enum Trouble {
        /// The host sleeps from here to there.
        case sleep(from: String, to: String)
        /// The program is killed, and started again there.
        case down(from: String, to: String)
        /// The clock shows another time from here on.
        case set(at: String, to: String)
    }

    private let troubles: [Trouble] = [
        .sleep(from: "2027-06-29 22:00", to: "2027-07-01 07:30"),
        .down(from: "2027-12-31 01:00", to: "2028-01-02 10:00"),
        // Two days ahead by mistake, and right again an hour later.
        .set(at: "2028-04-29 12:00", to: "2028-05-01 12:00"), .set(at: "2028-05-01 13:00", to: "2028-04-29 13:00"),
        // Back by half an hour, just after a time that was acted on.
        .set(at: "2028-08-31 03:10", to: "2028-08-31 02:40"),
        // Asleep over the change of the clocks.
        .sleep(from: "2028-10-28 20:00", to: "2028-10-29 08:15"),
        // Forward over a time.
        .set(at: "2028-10-31 02:50", to: "2028-10-31 03:20"),
    ]

    private func play(_ jobs: [JobDefinition], _ troubles: [Trouble]) async throws -> [String] {
        var world = EngineWorld(jobs, at: try date("2027-03-01"))
        func live(until text: String) throws {
            let end = try date(text)
            while world.now < end {
                let wake = min(world.engine.nextWake(after: world.now) ?? end, end)
                world.handle(.tick, after: wake.timeIntervalSince(world.now))
                for run in world.engine.runs.active { world.end(run.job, good, took: 0) }
            }
        }
        for trouble in troubles {
            switch trouble {
            case .sleep(let start, let end):
                try live(until: start)
                world.handle(.tick, after: try date(end).timeIntervalSince(world.now))
            case .down(let start, let end):
                try live(until: start)
                try await world.kill(after: try date(end).timeIntervalSince(world.now))
            case .set(let start, let end):
                try live(until: start)
                let jump = try date(end).timeIntervalSince(world.now)
                world.handle(.clockJumped(.seconds(jump)), after: jump)
            }
            for run in world.engine.runs.active { world.end(run.job, good, took: 0) }
        }
        try live(until: "2029-03-01")
        return world.store.allRuns.map { run in
            let late = run.createdAt.timeIntervalSince(run.scheduledAt) > 1 ? ", made \(zone.text(run.createdAt))" : ""
            return "\(run.job): \(zone.text(run.scheduledAt))\(late)\(run.missed > 0 ? ", stands for \(run.missed) more" : "")"
                + (run.state.outcome == .succeeded ? "" : ", \(run.state.outcome?.rawValue ?? "unfinished")")
        }
    }

    @Test("the last day of each month, the leap day, and the nights in which the clocks change")
    func list() async throws {
        let jobs = [
            try job("last", "0 3 L * *"), try job("leap", "0 12 29 2 *"), try job("night", "30 2 * 3,10 0L"),
            try job("quarter", "15 6 1 */3 *", FireRule(catchUp: .skip)),
        ]
        // In their order by time, as the wall of Berlin shows it.
        #expect(
            try await play(jobs, troubles) == [
                "night: 2027-03-28 03:00 +02:00",  // 02:30 does not exist: just after the gap.
                "last: 2027-03-31 03:00 +02:00",
                "quarter: 2027-04-01 06:15 +02:00",
                "last: 2027-04-30 03:00 +02:00",
                "last: 2027-05-31 03:00 +02:00",
                "last: 2027-06-30 03:00 +02:00, made 2027-07-01 07:30 +02:00",  // The host slept.
                "quarter: 2027-07-01 06:15 +02:00, made 2027-07-01 07:30 +02:00, skipped",
                "last: 2027-07-31 03:00 +02:00",
                "last: 2027-08-31 03:00 +02:00",
                "last: 2027-09-30 03:00 +02:00",
                "quarter: 2027-10-01 06:15 +02:00",
                "night: 2027-10-31 02:30 +02:00",  // Twice on the wall, and once here: the first time.
                "last: 2027-10-31 03:00 +01:00",
                "last: 2027-11-30 03:00 +01:00",
                "last: 2027-12-31 03:00 +01:00, made 2028-01-02 10:00 +01:00",  // The program was down.
                "quarter: 2028-01-01 06:15 +01:00, made 2028-01-02 10:00 +01:00, skipped",
                "last: 2028-01-31 03:00 +01:00",
                "last: 2028-02-29 03:00 +01:00",
                "leap: 2028-02-29 12:00 +01:00",
                "night: 2028-03-26 03:00 +02:00",
                "last: 2028-03-31 03:00 +02:00",
                "quarter: 2028-04-01 06:15 +02:00",
                "last: 2028-04-30 03:00 +02:00, made 2028-05-01 12:00 +02:00",  // By a clock that was two days ahead.
                "last: 2028-04-30 03:00 +02:00",  // And in truth.
                "last: 2028-05-31 03:00 +02:00",
                "last: 2028-06-30 03:00 +02:00",
                "quarter: 2028-07-01 06:15 +02:00",
                "last: 2028-07-31 03:00 +02:00",
                "last: 2028-08-31 03:00 +02:00",  // Not again at the second 03:00.
                "last: 2028-09-30 03:00 +02:00",
                "quarter: 2028-10-01 06:15 +02:00",
                "night: 2028-10-29 02:30 +02:00, made 2028-10-29 08:15 +01:00",  // Asleep.
                "last: 2028-10-31 03:00 +01:00, made 2028-10-31 03:20 +01:00",  // The clock was set over it.
                "last: 2028-11-30 03:00 +01:00",
                "last: 2028-12-31 03:00 +01:00",
                "quarter: 2029-01-01 06:15 +01:00",
                "last: 2029-01-31 03:00 +01:00",
                "last: 2029-02-28 03:00 +01:00",
            ])
    }

    @Test("half hours in the nights in which the clocks change follow elapsed time")
    func halfHours() async throws {
        func times(_ day: String, _ offset: (Int) -> String, _ walls: [String]) -> [String] {
            walls.enumerated().map { "half: \(day) \($0.element) \(offset($0.offset))" }
        }
        let forward = ["01:00", "01:30", "03:00", "03:30"]
        let back = ["01:00", "01:30", "02:00", "02:30", "02:00", "02:30", "03:00", "03:30"]
        #expect(
            try await play([try job("half", "*/30 1-3 * 3,10 0L")], []) == times("2027-03-28", { $0 < 2 ? "+01:00" : "+02:00" }, forward)
                + times("2027-10-31", { $0 < 4 ? "+02:00" : "+01:00" }, back) + times("2028-03-26", { $0 < 2 ? "+01:00" : "+02:00" }, forward)
                + times("2028-10-29", { $0 < 4 ? "+02:00" : "+01:00" }, back))
    }

    @Test("a daily job comes once on each date, whatever is between", arguments: ["30 2 * * *", "0 0 * * *", "15 3 * * *"])
    func daily(cron: String) async throws {
        let found = try await play([try job("daily", cron)], troubles.filter { if case .set = $0 { false } else { true } })
        let stands = found.reduce(0) { sum, line in sum + 1 + (line.firstMatch(of: /stands for (\d+) more/).flatMap { Int($0.output.1) } ?? 0) }
        #expect(stands == 731)
        #expect(Set(found).count == found.count)
    }
}
