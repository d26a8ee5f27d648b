import JobKit
import Scheduler

/// How a run, a job or a service stands, in the words of the API.
package enum StateName: String, Codable, Sendable, CaseIterable {
    case waiting, running, stopping, deferred, finished
    case waitingToRetry = "waiting to try again"
    /// Of jobs: `idle` where none of its runs has come to an end by itself.
    case idle, disabled
    /// Of jobs that are not running: how the newest run ended that came to an end by itself.
    case ok, incomplete, failed, interrupted
    case timedOut = "timed out"
    /// Of services.
    case stopped, starting, ready, unready
    case backingOff = "backing off"
    case givenUp = "given up"

    init(_ state: RunState) {
        self =
            switch state {
            case .queued: .waiting
            case .running: .running
            case .ending: .stopping
            case .waitingToRetry: .waitingToRetry
            case .deferred: .deferred
            case .finished: .finished
            }
    }

    /// Of a job that is not running.
    /// - Parameter verdict: Of its newest run that came to an end by itself.
    init(verdict: RunOutcome?) {
        self =
            switch verdict {
            case .succeeded: .ok
            case .incomplete: .incomplete
            case .failed: .failed
            case .timedOut: .timedOut
            case .interrupted: .interrupted
            case .cancelled, .skipped, nil: .idle
            }
    }

    /// Of a service that is not running.
    init(serviceVerdict verdict: RunOutcome?) {
        self =
            switch verdict {
            case .succeeded: .ok
            case .failed, .timedOut: .givenUp
            case .cancelled, .skipped, .incomplete, .interrupted: .stopped
            case nil: .idle
            }
    }

    init(_ state: ServiceStatus.State) {
        self =
            switch state {
            case .stopped: .stopped
            case .starting: .starting
            case .ready: .ready
            case .unready: .unready
            case .backingOff: .backingOff
            case .givenUp: .givenUp
            case .stopping: .stopping
            }
    }
}
