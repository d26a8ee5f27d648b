import Foundation
import JobKit
import Scheduler
import Settings
import TimeZones

package enum WhyOperation: ControlOperation {
    package struct Request: Codable, Sendable {
        package var job: String

        package init(job: String) {
            self.job = job
        }
    }

    package static let name = "why"
    package static let path = "jobs/{job}/why"
    package static let summary = "Explain in one line why a job ran, did not run, or when it will."
    package static let effect = OperationEffect.reads

    package static func run(_ request: Request, on program: Operations, via caller: String) async throws(OperationError) -> WhyAnswer {
        try await program.why(request.job)
    }
}

extension Operations {
    /// One line: why a job runs, does not run, or when it will.
    package func why(_ name: String) async throws(OperationError) -> WhyAnswer {
        let view = try await job(name)
        let runs: [Run]
        do { runs = try await store.runs(of: name, limit: 1) } catch { throw .store(error) }
        return WhyAnswer(job: name, answer: Why(view: view, newest: runs.first, now: clock.now).sentence)
    }
}

/// Puts the state of a job into one sentence.
struct Why {
    let view: SchedulerSnapshot.JobView
    /// The newest record, skipped ones included.
    let newest: Run?
    let now: Date

    var sentence: String {
        if let reason = view.definition.disabled { return "\(view.definition.name) does not run: \(reason)." }
        return [present, past, future].compactMap(\.self).joined(separator: " ")
    }

    private var name: String { view.definition.name }

    private var present: String? {
        guard let run = view.current else { return nil }
        switch run.state {
        case .running(_, let since):
            let service = view.service.map { " (\($0.state.rawValue)\($0.note.map { ": \($0)" } ?? ""))" } ?? ""
            return "\(name) has been running since \(time(since))\(service), because of \(cause(run)) (run \(run.id))."
        case .ending(_, _, let reason): return "\(name) is stopping, because \(reason.displayText) (run \(run.id))."
        case .queued: return "\(name) is due because of \(cause(run)) but \(view.obstacle ?? "waits for a free place") (run \(run.id))."
        case .waitingToRetry(let attempt, let at):
            return "\(name) failed (\(run.error ?? "")) and is tried again at \(time(at)), attempt \(attempt) (run \(run.id))."
        case .deferred(_, let until): return "\(name) is deferred until \(time(until)): \(run.error ?? "a server asked to wait") (run \(run.id))."
        case .finished: return nil
        }
    }

    private var past: String? {
        guard view.current == nil || newest?.state.outcome == .skipped else { return nil }
        guard let run = newest, let outcome = run.state.outcome else {
            return view.current == nil ? "\(name) has not run yet." : nil
        }
        let words = (run.error ?? run.summary).map { ": \($0)" } ?? ""
        let missed = run.missed == 0 ? "" : "; it stands for \(run.missed) more fire time\(run.missed == 1 ? "" : "s")"
        if outcome == .skipped { return "The fire time \(time(run.scheduledAt)) was skipped\(words)\(missed)." }
        return
            "\(name) last ran at \(time(run.startedAt ?? run.createdAt)) because of \(cause(run)) and \(outcome.verb)\(words) (run \(run.id)\(missed))."
    }

    private var future: String? {
        if let next = view.nextFire {
            return "It is next due at \(time(next)), in \(DurationText.readable(next.since(now)))."
        }
        if let pause = view.pause {
            let whose = pause.job == nil ? "All schedules are" : "It is"
            let end = pause.until.map { "until \(time($0))" } ?? "until it is resumed (shipkeeper resume \(pause.job ?? "--all"))"
            return "\(whose) paused since \(time(pause.since)) (\(pause.via)), \(end)."
        }
        guard view.current == nil else { return nil }
        let triggers = view.definition.triggers.map(\.readable).joined(separator: ", ")
        return triggers.isEmpty ? "It runs only when started manually." : "It runs \(triggers), or when started manually."
    }

    private func cause(_ run: Run) -> String {
        guard case .schedule = run.cause else { return run.cause.clause }
        return "\(run.cause.clause), fire time \(time(run.scheduledAt))"
    }

    /// In the zone of the job's schedule, where it has one.
    private func time(_ date: Date) -> String {
        (view.definition.triggers.lazy.compactMap { $0.schedule?.zone }.first ?? ShownTime.zone).text(date)
    }
}

extension RunOutcome {
    /// As it is told in a sentence: "and …".
    fileprivate var verb: String {
        switch self {
        case .succeeded, .failed, .timedOut: rawValue
        case .incomplete: "ended incomplete"
        case .cancelled, .skipped, .interrupted: "was \(rawValue)"
        }
    }
}
