import Foundation
import JobKit
import TestSupport
import Testing
import TimeZones

@testable import Scheduler

@Suite("schedules in virtual time")
struct ScheduleSimulationTests {
    /// 2026-09-21, some six weeks before the clocks go back.
    private static let start = Date(timeIntervalSince1970: 1_790_000_000)

    private func world(_ lengths: [String: Duration] = [:], _ absences: [ScheduleSimulation.Absence] = []) -> ScheduleSimulation.World {
        .init(lengths: lengths, mostParallel: 8, stopBudget: .seconds(8), runsBudget: .seconds(5), absences: absences)
    }

    private func runs(_ jobs: [JobDefinition], _ world: ScheduleSimulation.World, days: Double) throws -> [Run] {
        var simulation = ScheduleSimulation(jobs, world, from: ScheduleSimulationTests.start, until: ScheduleSimulationTests.start + days * 86_400)
        var runs: [Run] = []
        try simulation.run { runs.append($0) }
        return runs
    }

    private func cron(_ name: String, _ text: String, _ zone: String = "Europe/Berlin", overlap: Overlap = .skip, rule: FireRule = FireRule()) throws
        -> JobDefinition
    {
        JobDefinition(
            name: name, triggers: [.schedule(.cron(try CronExpression(text), try ZoneFinder(environment: [:]).zone(zone)), atStart: false)], overlap: overlap,
            fireRule: rule)
    }

    @Test(
        "without absences each scheduled time has its run, over leap days and changes of the clocks",
        arguments: ["0 3 * * *", "30 2 * * *", "0 */6 * * *", "0 0 L * *", "0 12 * * 5L"])
    func each(text: String) throws {
        let job = try cron("a", text)
        let found = try runs([job], world(), days: 730).map(\.scheduledAt)
        var (expected, cursor) = ([Date](), ScheduleSimulationTests.start)
        let schedule = try #require(job.triggers.first?.schedule)
        while let next = schedule.next(after: cursor), next < ScheduleSimulationTests.start + 730 * 86_400 { (cursor, expected) = (next, expected + [next]) }
        #expect(found == expected)
    }

    @Test("nights asleep: one run a day stands for what was missed")
    func asleep() throws {
        let (start, zone) = (ScheduleSimulationTests.start, try ZoneFinder(environment: [:]).zone("Europe/Berlin"))
        let absences = try #require(WrittenAbsence.parse("02:00-09:00", .asleep, in: zone, from: start, until: start + 10 * 86_400))
        #expect(absences.count == 10)
        var tally = SimulatedTally()
        for run in try runs([cron("hourly", "0 * * * *"), cron("never", "0 4 * * *", rule: FireRule(catchUp: .skip))], world([:], absences), days: 10) {
            tally.add(run)
        }
        let hourly = try #require(tally.jobs["hourly"])
        #expect(hourly.caughtUp == 10 && hourly.runs + hourly.servedByLater == 240, "\(hourly)")
        #expect(tally.jobs["never"]?.runs == 0 && tally.jobs["never"]?.missed == 10, "\(tally.jobs)")
    }

    @Test("a run that is longer than the distance is skipped or waits, and a stop cuts off what its budget does not hold")
    func overlaps() throws {
        let start = ScheduleSimulationTests.start
        let down = ScheduleSimulation.Absence(.down, from: start + 86_400 + 60, to: start + 2 * 86_400)
        var tally = SimulatedTally()
        let jobs = try [cron("long", "0 * * * *"), cron("queued", "0 * * * *", overlap: .queue), JobDefinition(name: "last", triggers: [.stop])]
        for run in try runs(jobs, world(["long": .seconds(5400), "queued": .seconds(5400), "last": .seconds(60)], [down]), days: 3) { tally.add(run) }
        #expect((tally.jobs["long"]?.overlaps ?? 0) > 20, "\(tally.jobs)")
        #expect(tally.jobs["queued"]?.overlaps == 0 && tally.jobs["queued"]?.caughtUp == 1 && (tally.jobs["queued"]?.servedByLater ?? 0) > 5, "\(tally.jobs)")
        // One at the stop in the middle, one at the end.
        #expect(tally.jobs["last"]?.cutOff == 2, "\(tally.jobs)")
        #expect(tally.moments.contains { $0.job == "long" && $0.kind == .overlap })
    }

    @Test("a scheduled time is acted on once, whatever the absences", arguments: CatchUp.allCases)
    func once(catchUp: CatchUp) throws {
        var random = SeededRandom(seed: 8)
        let start = ScheduleSimulationTests.start
        for _ in 0..<10 {
            let absences = WrittenAbsence.joined(
                (0..<12).map { _ in
                    let begin = start + Double.random(in: 0...80 * 86_400, using: &random)
                    return .init(random.chance(50) ? .asleep : .down, from: begin, to: begin + Double.random(in: 1...3 * 86_400, using: &random))
                })
            let job = try cron("a", "*/30 1-4 * * *", rule: FireRule(catchUp: catchUp))
            let found = try runs([job], world([:], absences), days: 90)
            #expect(Set(found.map(\.scheduledAt)).count == found.count)
            let count = try #require(job.triggers.first?.schedule).count(after: start, upTo: start + 90 * 86_400 - 1)
            #expect(found.reduce(0) { $0 + 1 + $1.missed } == count, "\(catchUp)")
        }
    }

    @Test("what a change of the clocks does is told before it comes")
    func changes() throws {
        let zone = try ZoneFinder(environment: [:]).zone("Europe/Berlin")
        let changes = zone.changes(from: ScheduleSimulationTests.start, to: ScheduleSimulationTests.start + 365 * 86_400)
        #expect(changes.map { zone.stamp($0.at) } == ["2026-10-25T02:00:00+01:00", "2027-03-28T03:00:00+02:00"])
        func effects(_ text: String) throws -> [CronExpression.ChangeEffect?] { try changes.map { try CronExpression(text).effect(of: $0, in: zone) } }
        #expect(try effects("30 2 * * *") == [.once, .moved(to: changes[1].at)])
        #expect(try effects("*/30 2 * * *") == [.twice, .leftOut])
        #expect(try effects("*/30 * * * *") == [.twice, nil])
        #expect(try effects("0 12 * * *") == [nil, nil])
    }

    @Test("absences as people write them", arguments: ["25:00-26:00", "02:00", "2026-13-01..2026-14-01", "02:00-02:00", "2026-12-02..2026-12-01", ""])
    func written(text: String) {
        #expect(WrittenAbsence.parse(text, .asleep, in: .utc, from: ScheduleSimulationTests.start, until: ScheduleSimulationTests.start + 86_400) == nil)
    }
}
