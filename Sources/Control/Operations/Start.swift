import JobKit
import Scheduler

extension Operations {
    /// Starts a job now, or joins the run that goes on.
    /// - Parameter confirmsEmpty: Whether a backup may store a tree that holds far less than the one before.
    package func start(_ job: String, via road: String, evenIfRunning: Bool, confirmsEmpty: Bool = false) async throws(OperationError) -> StartAnswer {
        StartAnswer(
            await scheduler.ask(.startRequested(job: job, via: road, evenIfRunning: evenIfRunning, confirmsEmpty: confirmsEmpty)), try await suggestion(job))
    }

    /// Starts a run that only shows what it would do.
    package func dryRun(_ job: String, via road: String) async throws(OperationError) -> StartAnswer {
        StartAnswer(await scheduler.ask(.dryRunRequested(job: job, via: road)), try await suggestion(job))
    }

    /// Ends a job's runs; a service stays stopped until somebody starts it.
    package func stop(_ job: String) async throws(OperationError) -> StartAnswer {
        StartAnswer(await scheduler.ask(.stopRequested(job: job)), try await suggestion(job))
    }

    /// Ends what goes on and starts anew.
    package func restart(_ job: String, via road: String) async throws(OperationError) -> StartAnswer {
        StartAnswer(await scheduler.ask(.restartRequested(job: job, via: road)), try await suggestion(job))
    }

    private func suggestion(_ job: String) async throws(OperationError) -> String? {
        guard let overview = await scheduler.overview() else { throw .starting }
        return NearestWord.find(job, in: overview.jobs.map(\.definition.name))
    }
}

extension StartAnswer {
    fileprivate init(_ reply: Reply?, _ suggestion: String?) {
        switch reply {
        case .started(let run): self.init(result: .started, run: run)
        case .joined(let run): self.init(result: .joined, run: run)
        case .stopping(let run): self.init(result: .stopping, run: run)
        case .notRunning: self.init(result: .notRunning)
        case .refused(let message): self.init(result: .refused, message: message)
        case .noSuchJob, nil: self.init(result: .noSuchJob, suggestion: suggestion)
        }
    }
}
