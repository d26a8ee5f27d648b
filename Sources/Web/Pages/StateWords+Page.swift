import Control
import JobKit
import Scheduler

/// As the page shows them: with the class that gives them colour and shape.
extension StateWords {
    static func tone(_ state: StateName) -> String {
        switch state {
        case .ok, .ready: "good"
        case .waiting, .running, .stopping, .deferred, .starting, .finished: "busy"
        case .waitingToRetry, .incomplete, .failed, .interrupted, .timedOut, .unready, .backingOff, .givenUp: "bad"
        case .idle, .disabled, .stopped: "idle"
        }
    }

    static func text(_ run: RunAnswer, _ language: Language) -> String {
        guard let outcome = run.outcome else { return text(run.state, language) }
        return text(outcome, language)
    }

    static func tone(_ run: RunAnswer) -> String {
        switch run.outcome {
        case .succeeded: "good"
        case .incomplete, .failed, .timedOut, .interrupted: "bad"
        case .cancelled, .skipped: "idle"
        case nil: tone(run.state)
        }
    }
}
