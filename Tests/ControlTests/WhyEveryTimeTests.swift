import Foundation
import JobKit
import TestSupport
import Testing
import TimeZones

@testable import Control
@testable import Scheduler

@Suite("why, for every scheduled time")
struct WhyEveryTimeTests {
    private static let start = WhyWorld.start
    private static let end = start + 30 * 86_400
    /// Runs may still wait for this long at the end.
    private static let settled = end - 86_400

    private let zone: Zone

    init() throws { zone = try ZoneFinder(environment: [:]).zone("Europe/Berlin") }

    /// Every policy is on: deadlines, jitter, retries, timeouts, groups, exclusive resources, needs, priorities.
    private func jobs(_ overlap: Overlap, _ catchUp: CatchUp) throws -> [JobDefinition] {
        func cron(_ text: String) throws -> [Trigger] { [.schedule(.cron(try CronExpression(text), zone), atStart: false)] }
        let retry = RetryPolicy(attempts: 3, backoff: .seconds(30), backoffCap: .seconds(600), on: [.error, .timeout, .interrupted])
        let plain = FireRule(catchUp: catchUp)
        return [
            JobDefinition(name: "long", triggers: try cron("*/20 * * * *"), overlap: overlap, fireRule: plain),
            JobDefinition(name: "night", triggers: try cron("30 2 * * *"), retry: retry, overlap: overlap, fireRule: plain, priority: 5),
            JobDefinition(
                name: "late", triggers: try cron("*/30 * * * *"), timeout: .seconds(1000), retry: retry, overlap: overlap,
                fireRule: FireRule(catchUp: catchUp, limit: 10, startDeadline: .seconds(7200)), group: "disk"),
            JobDefinition(
                name: "spread", triggers: try cron("10,40 * * * *"), overlap: overlap, fireRule: FireRule(catchUp: catchUp, jitter: .seconds(3600)),
                group: "disk", exclusive: ["tree//data"]),
            JobDefinition(name: "needy", triggers: try cron("0 */3 * * 1-5"), needs: ["base"], overlap: overlap, fireRule: plain, exclusive: ["tree//data/a"]),
            JobDefinition(name: "base", triggers: [.boot], priority: 9),
            JobDefinition(name: "interval", triggers: [.schedule(.every(.seconds(2700)), atStart: false)], overlap: overlap, fireRule: plain),
        ]
    }

    private static let lengths: [String: Duration] = [
        "long": .seconds(3000), "late": .seconds(900), "spread": .seconds(1500), "needy": .seconds(5000), "interval": .seconds(600),
    ]

    @Test("each of thirty days with all that can come between has exactly one verdict", arguments: Overlap.allCases, CatchUp.allCases)
    func all(overlap: Overlap, catchUp: CatchUp) async throws {
        let jobs = try jobs(overlap, catchUp)
        var world = WhyWorld(jobs, lengths: WhyEveryTimeTests.lengths, troubles: WhyWorld.Trouble.allCases, seed: 30)
        try await world.run(until: WhyEveryTimeTests.end)
        // Where the clock is set an interval begins anew, so its times are known from its runs alone.
        try await check(world, jobs.map(\.name).filter { $0 != "interval" })
    }

    @Test("so has each time of an interval, while the clock is right", arguments: Overlap.allCases, CatchUp.allCases)
    func interval(overlap: Overlap, catchUp: CatchUp) async throws {
        var world = WhyWorld(
            try jobs(overlap, catchUp), lengths: WhyEveryTimeTests.lengths, troubles: [.crash, .stop, .pause, .pauseOfAll, .start, .limit], seed: 31)
        try await world.run(until: WhyEveryTimeTests.end)
        try await check(world, ["interval"])
    }

    private func check(_ world: WhyWorld, _ names: [String]) async throws {
        let snapshot = SchedulerSnapshot(world.engine, at: world.now, position: 0) { _ in nil }
        let (runs, events) = (world.store.allRuns, try await world.store.events(limit: .max))
        for view in snapshot.jobs where names.contains(view.definition.name) {
            guard let schedule = view.definition.triggers.compactMap(\.schedule).first else { continue }
            let own = runs.filter { $0.job == view.definition.name }
            var wanted = try #require(WrittenInstant.parse("2026-10-01", in: zone, now: world.now))
            var then = WhyThen(view: view, runs: own, events: events, wanted: wanted, now: world.now)
            var (times, time) = ([Date](), schedule.first(from: WhyEveryTimeTests.start + 1, known: WhyEveryTimeTests.start))
            while let date = time, date < WhyEveryTimeTests.settled {
                times.append(date)
                time = schedule.next(after: date)
                wanted = try #require(WrittenInstant.parse(zone.stamp(date), in: zone, now: world.now))
                then.wanted = wanted
                #expect(isVerdict(then.fate), "\(view.definition.name) at \(zone.text(date)): \(then.lines)")
            }
            // No time is accounted for twice.
            let accounts = own.filter { $0.cause == .schedule(schedule.readable) }.reduce(0) { $0 + 1 + $1.missed }
            let known = schedule.count(after: WhyEveryTimeTests.start, upTo: view.cursors[schedule.name] ?? WhyEveryTimeTests.start)
            #expect(accounts == known, "\(view.definition.name): \(accounts) of \(known)")
            #expect(times.count > 20)
        }
    }

    /// Whether something is known to have become of it.
    private func isVerdict(_ fate: WhyThen.Fate) -> Bool {
        switch fate {
        case .ran, .caughtUp, .servedBy, .skipped, .paused: true
        case .notScheduled, .toCome, .unknown: false
        }
    }
}
