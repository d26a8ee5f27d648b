import Foundation
import JobKit
import Settings

/// What the log of the container and listeners learn of what is recorded.
extension JobScheduler {
    /// Reports a change to the log and to listeners, once it is recorded.
    func publish(_ change: StoreChange) {
        switch change {
        case .save(let run):
            feed.publish(.run(run))
            announce(run)
        case .service(let job, let status, _): feed.publish(.service(job: job, status))
        case .event(let event):
            // That the program was started, whoever starts it has said.
            guard event.kind != .boot else { break }
            let text = event.job.map { "\($0): \(event.message)" } ?? event.message
            feed.publish(.message(topic: (event.kind == .resume ? .pause : event.kind).stored, text: text))
            let about = LogNotice.Event(rawValue: event.kind.stored)
            ports.logs.note(LogNotice(event.message, about == .defect || about == .problem ? .warning : .info, event: about, job: event.job))
        case .saveAttempt, .cursor, .forgetCursor, .serviceStopped, .serviceWanted, .pause, .resume, .problem, .problemOver, .deadline, .request: break
        }
    }

    private func announce(_ run: Run) {
        if let at = run.state.nextAttemptAt, at > decidedAt {
            let words = [run.error, run.isDeferred ? nil : run.hint].compactMap { $0 }.joined(separator: "; ")
            let wait = "\(run.isDeferred ? "deferred for" : "retrying in") \(DurationText.readable(at.since(decidedAt)))"
            ports.logs.note(
                LogNotice(
                    "\(words); \(wait) (run \(run.id))", run.isDeferred ? .info : .warning, event: run.isDeferred ? .runDeferred : .runRetrying,
                    job: run.job, run: run.id))
        }
        guard case .finished(let outcome, _) = run.state else { return }
        if run.cause == .stop, outcome == .succeeded {
            // The second run at a stop is news only where services have written something since the first.
            let isFirst = finishedAtStop.insert(run.job).inserted
            if !isFirst, run.result?.isUnchanged == true { return }
        }
        let words = [run.error ?? run.summary, run.hint].compactMap { $0 }.joined(separator: "; ")
        let isBad = [.failed, .timedOut, .interrupted, .incomplete].contains(outcome) || (run.cause == .stop && outcome != .succeeded)
        ports.logs.note(
            LogNotice(
                "\(outcome.rawValue)\(words.isEmpty ? "" : ": \(words)") (run \(run.id))", isBad ? .warning : .info, event: .runFinished, job: run.job,
                run: run.id, outcome: outcome.rawValue))
    }
}
