import Foundation
import JobKit
import Scheduler
import Settings
import TimeZones

/// What a simulation has shown, for people and for programs.
struct SimulationReport {
    struct Answer: Encodable {
        struct Job: Encodable {
            var name: String
            var runs: Int
            var overlaps: Int
            var caughtUp: Int
            /// Scheduled times that other runs stand for.
            var servedByLater: Int
            var missed: Int
            var cutOff: Int
            var longestWaitSeconds: Double
            var lengthSeconds: Double
            /// Whether the length is known from runs or given, and not taken for granted.
            var isLengthKnown: Bool
        }

        struct Change: Encodable {
            var at: Date
            var timeZone: String
            /// How far the clocks are set, in seconds; negative for back.
            var shiftSeconds: Int
            var jobs: [Effect]
        }

        struct Effect: Encodable {
            var job: String
            var schedule: String
            var effect: String
        }

        struct Moment: Encodable {
            var at: Date
            var job: String
            var kind: String
            var message: String
        }

        var from: Date
        var until: Date
        var runs: Int
        var jobs: [Job]
        var clockChanges: [Change]
        /// The first ones of each job and kind.
        var moments: [Moment]
    }

    let answer: Answer
    private let zone: Zone

    init(_ jobs: [JobDefinition], _ world: ScheduleSimulation.World, _ tally: SimulatedTally, from start: Date, until end: Date) {
        zone = ShownTime.zone
        let rows = jobs.filter { !$0.isService && $0.disabled == nil }.map { job in
            let counted = tally.jobs[job.name] ?? SimulatedTally.Job()
            return Answer.Job(
                name: job.name, runs: counted.runs, overlaps: counted.overlaps, caughtUp: counted.caughtUp, servedByLater: counted.servedByLater,
                missed: counted.missed, cutOff: counted.cutOff, longestWaitSeconds: counted.longestWait.seconds,
                lengthSeconds: (world.lengths[job.name] ?? world.usualLength).seconds, isLengthKnown: world.lengths[job.name] != nil)
        }
        answer = Answer(
            from: start, until: end, runs: tally.runs, jobs: rows, clockChanges: SimulationReport.changes(jobs, from: start, until: end),
            moments: tally.moments.sorted { ($0.at, $0.job) < ($1.at, $1.job) }.map {
                .init(at: $0.at, job: $0.job, kind: $0.kind.rawValue, message: $0.message)
            })
    }

    /// The changes of the clocks of all zones, with the schedules that they have an effect on.
    private static func changes(_ jobs: [JobDefinition], from start: Date, until end: Date) -> [Answer.Change] {
        var schedules: [Zone: [(job: String, cron: CronExpression)]] = [:]
        for job in jobs where job.disabled == nil {
            for case .cron(let cron, let zone) in job.triggers.compactMap(\.schedule) { schedules[zone, default: []].append((job.name, cron)) }
        }
        return schedules.flatMap { zone, crons in
            zone.changes(from: start, to: end).map { change in
                let effects = crons.compactMap { job, cron in
                    cron.effect(of: change, in: zone).map { Answer.Effect(job: job, schedule: cron.text, effect: words(for: $0, zone)) }
                }
                return Answer.Change(at: change.at, timeZone: zone.name, shiftSeconds: change.after - change.before, jobs: effects)
            }
        }.sorted { ($0.at, $0.timeZone) < ($1.at, $1.timeZone) }
    }

    private static func words(for effect: CronExpression.ChangeEffect, _ zone: Zone) -> String {
        switch effect {
        case .moved(let to): "comes at \(zone.text(to)), just after the gap"
        case .leftOut: "does not come on that day"
        case .once: "comes once, the first time"
        case .twice: "comes both times"
        }
    }

    // MARK: For people

    func lines(width: Int) -> [String] {
        var table = TextTable(["JOB", "RUNS", "OVERLAPS", "CAUGHT UP", "MISSED", "CUT OFF", "LONGEST WAIT", "LENGTH"], flexible: 0)
        for job in answer.jobs {
            func cell(_ number: Int, _ colour: Console.Colour? = .yellow) -> TextTable.Cell {
                .init(number == 0 ? "-" : "\(number)", number == 0 ? nil : colour)
            }
            table.add([
                .init(job.name, .bold), cell(job.runs, nil), cell(job.overlaps), cell(job.caughtUp, nil), cell(job.missed), cell(job.cutOff),
                .init(DurationText.readable(.milliseconds(Int64(job.longestWaitSeconds * 1000)))),
                .init(DurationText.readable(.milliseconds(Int64(job.lengthSeconds * 1000))) + (job.isLengthKnown ? "" : " (not measured)")),
            ])
        }
        let head = "\(answer.runs.counted("run")) from \(zone.text(answer.from)) to \(zone.text(answer.until))"
        return [head] + table.lines(width: width) + changeLines + momentLines(width: width)
    }

    private var changeLines: [String] {
        answer.clockChanges.flatMap { change -> [String] in
            let direction = change.shiftSeconds > 0 ? "forward" : "back"
            let length = DurationText.readable(.seconds(abs(change.shiftSeconds)))
            let head = "\(zone.text(change.at)): the clocks of \(change.timeZone) go \(direction) by \(length)"
            return [head + (change.jobs.isEmpty ? ", which no schedule notices" : "")] + change.jobs.map { "  \($0.job) (\($0.schedule)) \($0.effect)" }
        }
    }

    private func momentLines(width: Int) -> [String] {
        guard !answer.moments.isEmpty else { return [] }
        var table = TextTable(["WHEN", "JOB", "WHAT", "WHY"], flexible: 3)
        for moment in answer.moments { table.add([.init(zone.text(moment.at)), .init(moment.job, .bold), .init(moment.kind), .init(moment.message)]) }
        return ["The first of each kind:"] + table.lines(width: width)
    }
}
