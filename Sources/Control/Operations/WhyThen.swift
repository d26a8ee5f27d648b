import Foundation
import JobKit
import Scheduler
import Settings
import TimeZones

/// What became of one scheduled time, and why. A value: what is known in, lines out.
struct WhyThen {
    let view: SchedulerSnapshot.JobView
    /// Newest first.
    let events: [Event]
    /// Of each schedule of the job.
    let records: [ScheduleRecord]
    var wanted: WrittenInstant
    let now: Date

    /// - Parameter runs: All that are known, in any order, skipped ones included.
    init(view: SchedulerSnapshot.JobView, runs: [Run], events: [Event], wanted: WrittenInstant, now: Date) {
        self.view = view
        self.events = events
        self.wanted = wanted
        self.now = now
        records = view.definition.triggers.compactMap(\.schedule).map { ScheduleRecord($0, runs) }
    }

    /// What became of it. Each scheduled time has exactly one.
    enum Fate: Equatable {
        /// The schedule has no such time; the nearest ones.
        case notScheduled(before: Date?, after: Date?)
        case toCome(Date)
        case ran(Run)
        /// The run that was made for it came late, for a reason.
        case caughtUp(Run, Absence)
        /// A later run stands for it.
        case servedBy(Run, Absence?)
        /// It was given up, for the reason that the run says.
        case skipped(Run)
        case paused(since: Date)
        case unknown
    }

    /// Why nothing was decided at the time.
    enum Absence: Equatable {
        case notRunning
        case paused
        case asleep

        var displayText: String {
            switch self {
            case .notRunning: "shipkeeper was not running"
            case .paused: "its schedules were paused"
            case .asleep: "the host was asleep or too busy"
            }
        }
    }

    /// Above this a run counts as late: the program was away.
    private static let punctual = Duration.seconds(60)

    /// The scheduled time that is meant, and what is on record of its schedule.
    private var fire: (date: Date, record: ScheduleRecord)? {
        for record in records {
            let known = record.first(from: wanted.start)?.scheduledAt ?? view.cursors[record.schedule.name]
            if let date = record.schedule.first(from: wanted.start, known: known), date < wanted.end { return (date, record) }
        }
        return nil
    }

    var fate: Fate {
        guard let (date, record) = fire else {
            let before = records.compactMap { $0.last(before: wanted.start)?.scheduledAt }.max()
            let after = records.compactMap { $0.first(from: wanted.end)?.scheduledAt }.min()
            return .notScheduled(before: before, after: after ?? view.upcoming.map(\.next).min())
        }
        let run = record.first(from: date)
        // The second is the time that a decision may take.
        if record.schedule.start(of: date, view.definition.fireRule, job: view.definition.name) > now.addingTimeInterval(-1),
            run.map({ !record.isOf($0, date) }) ?? true
        {
            return .toCome(date)
        }
        guard let run else {
            if let pause = view.pause, pause.since <= date { return .paused(since: pause.since) }
            return .unknown
        }
        let absence = absence(from: date, to: run.createdAt)
        if record.isOf(run, date) {
            if run.state.outcome == .skipped { return .skipped(run) }
            return absence.map { .caughtUp(run, $0) } ?? .ran(run)
        }
        guard record.accounts(run, for: date) else { return .unknown }
        return run.state.outcome == .skipped ? .skipped(run) : .servedBy(run, absence)
    }

    /// Why nothing was decided between a scheduled time and the making of its run; nil where it was on time.
    private func absence(from date: Date, to made: Date) -> Absence? {
        guard made.since(date) > WhyThen.punctual + view.definition.fireRule.jitter else { return nil }
        let isPaused = [nil, view.definition.name].contains { (scope: String?) in
            let last = events.first { [.pause, .resume].contains($0.kind) && $0.job == scope && $0.at <= date }
            return last?.kind == .pause
        }
        if isPaused { return .paused }
        return events.contains { $0.kind == .boot && $0.at > date && $0.at <= made.addingTimeInterval(1) } ? .notRunning : .asleep
    }

    // MARK: In words

    var lines: [WhyAnswer.Line] {
        if let reason = view.definition.disabled { return [.init(.verdict, "disabled: \(reason)")] }
        guard !records.isEmpty else {
            return [
                .init(.verdict, "has no schedule"),
                .init(.next, (view.definition.triggers.map(\.readable) + ["when started manually"]).joined(separator: ", or ")),
            ]
        }
        let (verdict, detail) = words
        return [.init(.verdict, verdict), detail.map { .init(.cause, $0) }].compactMap(\.self)
    }

    private var words: (verdict: String, cause: String?) {
        let shown = text(fire?.date ?? wanted.start)
        switch fate {
        case .notScheduled(let before, let after):
            let near = [before.map { "the one before was \(text($0))" }, after.map { "the next one \($0 > now ? "is" : "was") \(text($0))" }].compactMap(\.self)
                .joined(separator: ", ")
            return ("nothing was scheduled at \(shown)", near.isEmpty ? nil : near)
        case .toCome(let date):
            let pause = view.pause.map { "; paused \($0.until.map { "until \(text($0))" } ?? "until it is resumed")" } ?? ""
            return ("\(shown) is still to come, in \(DurationText.readable(date.since(now)))\(pause)", nil)
        case .ran(let run): return ("\(shown): \(outcome(run))", result(run))
        case .caughtUp(let run, let absence):
            return (
                "\(shown): caught up \(DurationText.readable(run.createdAt.since(fire?.date ?? run.scheduledAt))) later, \(outcome(run))",
                join(absence.displayText, result(run))
            )
        case .servedBy(let run, let absence):
            let one = absence.map { "\($0.displayText); run \(run.id) made up for it" } ?? "the run before it went on, and run \(run.id) stands for it"
            return ("\(shown): no run of its own; run \(run.id), due at \(text(run.scheduledAt)), stands for it and \(outcome(run))", join(one, result(run)))
        case .skipped(let run): return ("\(shown): skipped (run \(run.id))", run.summary)
        case .paused(let since): return ("\(shown): not run", "paused \(DurationText.readable(now.since(since))) ago; judged by catch_up when it is resumed")
        case .unknown:
            return (
                "\(shown): nothing is on record",
                "the schedule was not in force then, the job was disabled, or its history has been removed (see \"retention\")"
            )
        }
    }

    private func outcome(_ run: Run) -> String { "\(run.state.outcome?.rawValue ?? run.state.word) (run \(run.id))" }
    private func result(_ run: Run) -> String? { (run.error ?? run.summary).flatMap { $0.isEmpty ? nil : $0 } }
    private func join(_ first: String, _ second: String?) -> String { second.map { "\(first); then: \($0)" } ?? first }
    private func text(_ date: Date) -> String { view.definition.zone.text(date) }
}
