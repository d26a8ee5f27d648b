import Foundation
import JobKit
import TestSupport
import Testing
import TimeZones

@testable import Scheduler

/// What `simulate` says is what the scheduler does: the same jobs in the same virtual time, with its loop, its record and attempts that are tasks.
@Suite("simulate and the scheduler", .waiting)
struct VirtualDaemonTests {
    private static let start = Date(timeIntervalSince1970: 1_792_000_000)

    /// What is compared of a run.
    private struct Fire: Hashable, CustomStringConvertible {
        let id: Int64
        let job: String
        let cause: RunCause
        let scheduledAt: Date
        let missed: Int
        let createdAt: Date
        let startedAt: Date?
        let finishedAt: Date?
        let outcome: RunOutcome?
        let summary: String?

        init(_ run: Run) {
            (id, job, cause, scheduledAt, missed) = (run.id, run.job, run.cause, run.scheduledAt, run.missed)
            (createdAt, startedAt, finishedAt, outcome) = (run.createdAt, run.startedAt, run.finishedAt, run.state.outcome)
            summary = run.state.outcome == .skipped ? run.summary : nil
        }

        var description: String {
            func text(_ date: Date?) -> String { date.map { Zone.utc.stamp($0) } ?? "-" }
            return "run \(id) of \(job) (\(cause.displayText)), due \(text(scheduledAt)) with \(missed) more, made \(text(createdAt)), "
                + "\(text(startedAt)) to \(text(finishedAt)), \(outcome?.rawValue ?? "unfinished"): \(summary ?? "")"
        }
    }

    /// Every policy that needs no failure; no two things happen in the same second, so that nothing depends on which is noticed first.
    private func jobs() throws -> [JobDefinition] {
        let zone = try ZoneFinder(environment: [:]).zone("Europe/Berlin")
        func cron(_ text: String) throws -> Trigger { .schedule(.cron(try CronExpression(text), zone), atStart: false) }
        return [
            JobDefinition(name: "restore", triggers: [.boot]),
            JobDefinition(name: "app", isService: true, triggers: [.boot], needs: ["restore"]),
            JobDefinition(
                name: "backup", triggers: [try cron("7 * * * *"), .stop], needs: ["restore"], timeout: .seconds(500), group: "disk", exclusive: ["tree//data"]),
            JobDefinition(name: "long", triggers: [try cron("13 */2 * * *")], overlap: .queue, group: "disk", priority: 3),
            JobDefinition(name: "each", triggers: [try cron("*/15 * * * *")], overlap: .all, fireRule: FireRule(catchUp: .all, limit: 5)),
            JobDefinition(name: "newest", triggers: [try cron("0,20,40 * * * *")], overlap: .replace, fireRule: FireRule(catchUp: .skip)),
            JobDefinition(name: "spread", triggers: [try cron("30 2 * * *")], fireRule: FireRule(startDeadline: .seconds(7200), jitter: .seconds(1800))),
            JobDefinition(name: "interval", triggers: [.schedule(.every(.seconds(3637)), atStart: true)], needs: ["app"]),
            JobDefinition(name: "report", triggers: [.after(job: "backup", .succeeded)]),
            JobDefinition(name: "limited", triggers: [try cron("0 4 L * *")], fireRule: FireRule(startDeadline: .seconds(300)), exclusive: ["tree//data/a"]),
        ]
    }

    private let lengths: [String: Duration] = [
        "restore": .milliseconds(2100), "backup": .milliseconds(431_300), "long": .milliseconds(9_000_700), "each": .milliseconds(1_203_100),
        "newest": .milliseconds(1_500_900), "spread": .milliseconds(61_300), "interval": .milliseconds(3_100_500), "report": .milliseconds(1700),
        "limited": .milliseconds(37_900),
    ]

    private func absences() -> [ScheduleSimulation.Absence] {
        let start = VirtualDaemonTests.start
        func days(_ count: Double) -> Date { start + count * 86_400 + 11.25 }
        return [
            .init(.asleep, from: days(2.1), to: days(2.5)), .init(.down, from: days(5.02), to: days(5.3)), .init(.asleep, from: days(9), to: days(9.01)),
            // Within it the clocks go back.
            .init(.down, from: days(9.9), to: days(11.2)), .init(.asleep, from: days(13), to: days(14.5)),
        ]
    }

    @Test("agree fire by fire over eighteen days with sleeps, stops and a change of the clocks", .limited)
    func equal() async throws {
        let (jobs, end) = (try jobs(), VirtualDaemonTests.start + 18 * 86_400 + 5.5)
        let world = ScheduleSimulation.World(
            lengths: lengths, mostParallel: 4, stopBudget: .seconds(600), runsBudget: .seconds(500), absences: absences())
        var simulation = ScheduleSimulation(jobs, world, from: VirtualDaemonTests.start, until: end)
        var simulated: [Fire] = []
        try simulation.run { simulated.append(Fire($0)) }
        let daemon = VirtualDaemon(jobs, world, at: VirtualDaemonTests.start)
        try await daemon.run(until: end)
        let real = daemon.store.allRuns.map(Fire.init)
        simulated.sort { $0.id < $1.id }
        #expect(real.count > 3000 && Set(real.compactMap(\.outcome)).isSuperset(of: [.succeeded, .skipped, .cancelled]))
        for (one, other) in zip(simulated, real) where one != other {
            Issue.record("simulated: \(one)\nscheduler: \(other)")
            return
        }
        #expect(simulated.count == real.count)
    }
}
