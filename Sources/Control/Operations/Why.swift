import Foundation
import JobKit
import Scheduler
import Settings
import TimeZones

package enum WhyOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "job": ParameterNote("The job's name"),
            "at": ParameterNote(
                "A scheduled time to explain: `03:00`, the last time the wall showed it; `2026-11-27 03:00`; or an instant such as `2026-11-27T03:00:00+08:00`. Where it is missing, how the job stands now is explained",
                .instant),
        ]

        package var job: String
        package var at: String?

        package init(job: String, at: String? = nil) {
            self.job = job
            self.at = at
        }
    }

    package static let name = "why"
    package static let path = "jobs/{job}/why"
    package static let summary = "Explain why a job ran, did not run, or when it will."
    package static let effect = OperationEffect.reads
    package static let disclosure = OperationDisclosure.state

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> WhyAnswer {
        if let at = request.at { return try await program.why(request.job, at: at) }
        return try await program.why(request.job)
    }
}

extension Operations {
    /// How far back it is looked for what led to the present.
    private static let mostHistory = 20

    /// How a job stands, what led to it, and what comes next.
    package func why(_ name: String) async throws(OperationError) -> WhyAnswer {
        let view = try await job(name)
        do {
            let runs = try await history.store.runs(of: name, limit: Operations.mostHistory)
            let subject = view.current ?? view.verdict ?? view.last
            let attempts = if let subject { try await history.store.attempts(of: subject.id) } else { [Attempt]() }
            return WhyAnswer(name, Why(view: view, runs: runs, attempts: attempts, now: clock.now).lines)
        } catch {
            throw .store(error)
        }
    }

    /// What became of one scheduled time.
    package func why(_ name: String, at text: String) async throws(OperationError) -> WhyAnswer {
        let view = try await job(name)
        let zone = view.definition.zone
        guard let wanted = WrittenInstant.parse(text, in: zone, now: clock.now) else {
            throw .invalidParameter("\"\(text)\" is not a time; write 03:00, \"2026-11-27 03:00\" or 2026-11-27T03:00:00+08:00")
        }
        do {
            let (runs, events) = (try await history.store.runs(of: name, limit: 10_000), try await history.store.events(limit: 10_000))
            return WhyAnswer(name, WhyThen(view: view, runs: runs, events: events, wanted: wanted, now: clock.now).lines)
        } catch {
            throw .store(error)
        }
    }
}

extension WhyAnswer {
    /// - Parameter lines: What is said, the verdict first.
    init(_ job: String, _ lines: [Line]) {
        self.init(
            job: job, answer: lines.map { $0.about == .verdict ? "\(job): \($0.text)" : "\($0.about.rawValue): \($0.text)" }.joined(separator: "\n"),
            lines: lines)
    }
}

extension JobDefinition {
    /// In which its times are shown: that of its schedule, where it has one.
    var zone: Zone { triggers.lazy.compactMap { $0.schedule?.zone }.first ?? ShownTime.zone }
}

/// How a job stands and what led to it. A value: what is known in, lines out.
struct Why {
    let view: SchedulerSnapshot.JobView
    /// The newest ones, newest first, skipped ones included.
    let runs: [Run]
    /// Of the run under way; where there is none, of the one that says how the job stands.
    let attempts: [Attempt]
    let now: Date

    var lines: [WhyAnswer.Line] {
        if let reason = view.definition.disabled { return [.init(.verdict, "disabled: \(reason)"), reason.hint.map { .init(.next, $0) }].compactMap(\.self) }
        return [
            .init(.verdict, verdict), cause.map { .init(.cause, $0) }, history.map { .init(.history, $0) }, later.map { .init(.later, $0) },
            view.ownProblems.isEmpty
                ? nil : .init(.problem, view.ownProblems.map { "\($0.kind.rawValue) since \(time($0.since)): \($0.message)" }.joined(separator: "; ")),
            view.nextAlarm.map { .init(.deadline, "\($0.kind.rawValue) at \(time($0.at))\($0.kind == .slow ? "" : ", unless something happens before")") },
            future.map { .init(.next, $0) },
        ].compactMap(\.self)
    }

    /// The run that the explanation is about.
    private var subject: Run? { view.current ?? view.verdict ?? view.last }

    private var verdict: String {
        guard let run = view.current else { return pastVerdict }
        let id = "(run \(run.id))"
        switch run.state {
        case .running(_, let since):
            let state = view.service?.state.rawValue ?? "running"
            return "\(state) for \(length(since)) \(id)" + (view.service?.note.map { ": \($0)" } ?? "")
        case .ending(_, _, let reason): return "stopping, because \(reason.displayText) \(id)"
        case .queued: return "waiting: it \(view.obstacle ?? "waits for a free place") \(id)"
        case .waitingToRetry(let attempt, let at):
            return "failed, and is tried again in \(DurationText.readable(at.since(now))), attempt \(attempt) \(id): \(run.error ?? "")"
        case .deferred(_, let until):
            return "deferred for \(DurationText.readable(until.since(now))) \(id): \(run.error ?? "a server asked to wait")"
        case .finished: return pastVerdict
        }
    }

    private var pastVerdict: String {
        if let at = view.stoppedAt { return "stopped manually \(ago(at))" }
        guard let run = view.verdict ?? view.last, let outcome = run.state.outcome else { return "has not run yet" }
        let word = view.definition.isService ? StateName(serviceVerdict: outcome).rawValue : outcome == .succeeded ? "ok" : outcome.rawValue
        return "\(word), \(ago(run.finishedAt ?? run.createdAt)) (run \(run.id))" + (words(of: run).map { ": \($0)" } ?? "")
    }

    /// Why that run exists.
    private var cause: String? {
        guard let run = subject else { return nil }
        var parts: [String] = []
        if case .schedule = run.cause { parts.append("\(run.cause.clause), due \(time(run.scheduledAt))") } else { parts.append(run.cause.clause) }
        if let reason = run.reason { parts.append("reason: \(reason)") }
        if run.missed > 0 { parts.append("it stands for \(run.missed.counted("earlier scheduled time")) too") }
        let before = runs.first { $0.id < run.id && $0.state.outcome != .skipped }
        if let before, before.state.outcome == .interrupted {
            parts.append("shipkeeper had ended while run \(before.id) was \(view.definition.isService ? "up" : "under way")")
        }
        return parts.joined(separator: "; ")
    }

    /// What happened within that run: earlier attempts, or of a service earlier lives.
    private var history: String? {
        let ended = attempts.filter { $0.endedAt != nil }
        if view.definition.isService {
            guard view.current != nil, let last = ended.last, let at = last.endedAt else { return nil }
            return "restarted \(ended.count)× in this run, last \(ago(at)): it \(last.result ?? "ended")"
        }
        guard attempts.count > 1 || (view.current != nil && !ended.isEmpty) else { return nil }
        let shown = ended.suffix(Why.mostAttempts)
        let left = ended.count - shown.count
        let texts = shown.map { "attempt \($0.number): \($0.result ?? "ended")" }
        return ((left > 0 ? ["\(left.counted("attempt")) before"] : []) + texts).joined(separator: "; ")
    }

    private static let mostAttempts = 3

    /// What happened after that run without changing how the job stands.
    private var later: String? {
        guard let newest = runs.first, newest.id != subject?.id, let outcome = newest.state.outcome, outcome == .skipped || outcome == .cancelled else {
            return nil
        }
        let missed = newest.missed == 0 ? "" : "; it stands for \(newest.missed.counted("earlier scheduled time")) too"
        let what =
            outcome == .skipped
            ? "the scheduled time \(ago(newest.scheduledAt)) was skipped" : "run \(newest.id) was cancelled \(ago(newest.finishedAt ?? now))"
        return what + (words(of: newest).map { ": \($0)" } ?? "") + missed
    }

    private var future: String? {
        if let next = view.nextFire { return "in \(DurationText.readable(next.since(now))), at \(time(next))" }
        if let pause = view.pause {
            let whose = pause.job == nil ? "all schedules are" : "it is"
            let end = pause.until.map { "until \(time($0))" } ?? "until it is resumed (shipkeeper resume \(pause.job ?? "--all"))"
            return "\(whose) paused (\(pause.via), \(ago(pause.since))), \(end)"
        }
        guard view.current == nil else { return nil }
        if view.stoppedAt != nil { return "shipkeeper start \(view.definition.name)" }
        let triggers = view.definition.triggers.map(\.readable).joined(separator: ", ")
        return triggers.isEmpty ? "when started manually" : "\(triggers), or when started manually"
    }

    private func words(of run: Run) -> String? { (run.error ?? run.summary).flatMap { $0.isEmpty ? nil : $0 } }
    private func time(_ date: Date) -> String { view.definition.zone.text(date) }
    private func length(_ since: Date) -> String { DurationText.readable(now.since(since)) }
    private func ago(_ date: Date) -> String { "\(length(date)) ago" }
}
