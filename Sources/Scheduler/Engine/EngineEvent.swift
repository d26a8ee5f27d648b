package import Foundation
package import JobKit

/// What the engine learns.
package enum EngineEvent: Sendable {
    case tick
    case attemptEnded(run: Int64, AttemptResult)
    case service(run: Int64, ServiceNews)
    /// - Parameters:
    ///   - confirmsEmpty: Whether a backup may store a tree that holds far less than the one before.
    ///   - key: Chosen by the caller: another request with the same key gets the same run, also when that has ended.
    case startRequested(job: String, via: String, evenIfRunning: Bool, confirmsEmpty: Bool = false, key: String? = nil)
    case dryRunRequested(job: String, via: String)
    /// - Parameter because: `restore` where the caller starts the job again: a service then does not count as stopped.
    case stopRequested(job: String, because: EndReason = .person)
    /// - Parameter reason: In the words of the caller; nil where none was given.
    case restartRequested(job: String, via: String, reason: String? = nil)
    /// A folder that the job watches has changed, last at `at`, and come to rest.
    case changed(job: String, path: String, at: Date)
    /// The wall clock moved by this against the clock that does not jump.
    case clockJumped(Duration)
    case reloaded([JobDefinition])
    /// The most runs at once is now this.
    case limitChanged(Int)
    /// How much the machine keeps processes waiting just now, in percent of the time.
    case pressure(Double)
    /// The schedules of a job, or of all jobs, start nothing until then, or until it is resumed.
    case pauseRequested(job: String?, until: Date?, via: String)
    case resumeRequested(job: String?)
    /// From now on only `holder` may start the named jobs and those that need them. No reply, or `refused` while another one holds them.
    case holdRequested(Hold)
    /// What `holder` held may be started again.
    case releaseRequested(holder: String)
    /// Another program takes over: this one ends without stopping services. `refused` while runs are under way that are none of a service.
    case handOver
    /// Runs may continue until `runsUntil`; then services are stopped. All is to be over by `end`.
    case shutdown(runsUntil: Date, end: Date)
}

/// Keeps jobs from being started while something works on what they use.
package struct Hold: Hashable, Sendable {
    /// The jobs, besides those that need them.
    package var jobs: Set<String>
    /// Who may still start them: the `via` of its requests.
    package var holder: String
    /// Why, as a clause: `a restore is under way`.
    package var reason: String
    /// The run with whose end the hold ends too; nil where it is released by request only.
    package var run: Int64?

    package init(jobs: Set<String>, holder: String, reason: String, run: Int64? = nil) {
        self.jobs = jobs
        self.holder = holder
        self.reason = reason
        self.run = run
    }
}

/// What a supervisor says of its service.
package enum ServiceNews: Sendable {
    /// A process was launched: the run's next attempt. The first is part of the run's start.
    case launched(number: Int)
    case ended(ProcessExit, number: Int)
    case status(ServiceStatus)
    /// Another process is to take its place, for this reason; it runs until then.
    case wantsReplacement(reason: String)
}

/// How an attempt ended.
package enum AttemptResult: Sendable {
    case succeeded(RunReport)
    case failed(JobError)
}

/// What the engine wants done, after what it decided is recorded.
package enum Effect: Hashable, Sendable {
    case start(Run, attempt: Int)
    /// The run of a service continues with the process that is there.
    case adopt(Run, attempt: Int)
    case end(run: Int64, because: EndReason)
    /// Nothing is left to do: the program may exit.
    case done
}

/// The answer to someone's request.
package enum Reply: Hashable, Sendable {
    case started(run: Int64)
    /// The job is running already; this is that run.
    case joined(run: Int64)
    case stopping(run: Int64)
    case notRunning
    /// What was asked for is done; no run belongs to it.
    case done
    case refused(String)
    case noSuchJob
}

extension Reply {
    /// The run that it is about; nil for none.
    package var run: Int64? {
        switch self {
        case .started(let run), .joined(let run), .stopping(let run): run
        case .notRunning, .done, .refused, .noSuchJob: nil
        }
    }
}

/// What one event led to: to be recorded in one transaction, and then carried out.
package struct Decision: Sendable {
    package var changes: [StoreChange] = []
    package var effects: [Effect] = []
    package var reply: Reply?
}

extension AttemptResult {
    /// The same with every secret's value taken out of its words.
    func redacted(by clean: (String) -> String) -> AttemptResult {
        switch self {
        case .succeeded(let report): .succeeded(report.redacted(by: clean))
        case .failed(let error):
            .failed(JobError(clean(error.summary), hint: error.hint.map(clean), retry: error.retry, exitCode: error.exitCode))
        }
    }
}
