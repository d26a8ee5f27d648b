import Foundation
import JobKit
import Scheduler
import Settings

package enum StartOperation: ControlOperation {
    package struct Request: Codable, Sendable {
        package var job: String
        /// Whether to ask for a run of its own even if one goes on.
        package var new: Bool?
        /// Whether the run only shows what it would do.
        package var dryRun: Bool?
        /// Whether a backup may store a tree that is empty, or much smaller than the last one.
        package var confirmEmpty: Bool?

        package init(job: String, new: Bool? = nil, dryRun: Bool? = nil, confirmEmpty: Bool? = nil) {
            self.job = job
            self.new = new
            self.dryRun = dryRun
            self.confirmEmpty = confirmEmpty
        }
    }

    package static let name = "start"
    package static let path = "jobs/{job}/start"
    package static let summary = "Start a job now."
    package static let effect = OperationEffect.changes

    package static func run(_ request: Request, on program: Operations, via caller: String) async throws(OperationError) -> StartAnswer {
        if request.dryRun == true { return try await program.dryRun(request.job, via: caller) }
        return try await program.start(request.job, via: caller, evenIfRunning: request.new == true, confirmsEmpty: request.confirmEmpty == true)
    }
}

package enum StopOperation: ControlOperation {
    package struct Request: Codable, Sendable {
        package var job: String

        package init(job: String) {
            self.job = job
        }
    }

    package static let name = "stop"
    package static let path = "jobs/{job}/stop"
    package static let summary = "End a job's run; a service stays stopped until it is started."
    package static let effect = OperationEffect.changes

    package static func run(_ request: Request, on program: Operations, via caller: String) async throws(OperationError) -> StartAnswer {
        try await program.stop(request.job)
    }
}

package enum RestartOperation: ControlOperation {
    package struct Request: Codable, Sendable {
        package var job: String
        /// Why, in the words of whoever asks: it is kept with the run. Up to 200 characters.
        package var reason: String?

        package init(job: String, reason: String? = nil) {
            self.job = job
            self.reason = reason
        }
    }

    package static let name = "restart"
    package static let path = "jobs/{job}/restart"
    package static let summary = "End a job's run and start it again."
    package static let effect = OperationEffect.changes
    static let longestReason = 200

    package static func run(_ request: Request, on program: Operations, via caller: String) async throws(OperationError) -> StartAnswer {
        let reason = PrintedText.line(request.reason ?? "").trimmingCharacters(in: .whitespaces)
        guard reason.count <= longestReason else {
            throw .invalidParameter("the reason has \(reason.count) characters; up to \(longestReason) are kept")
        }
        return try await program.restart(request.job, via: caller, reason: reason.isEmpty ? nil : reason)
    }
}

extension Operations {
    /// Starts a job now, or joins the run that goes on.
    /// - Parameter confirmsEmpty: Whether a backup may store a tree that holds far less than the one before.
    package func start(_ job: String, via origin: String, evenIfRunning: Bool, confirmsEmpty: Bool = false) async throws(OperationError) -> StartAnswer {
        StartAnswer(
            await scheduler.ask(.startRequested(job: job, via: origin, evenIfRunning: evenIfRunning, confirmsEmpty: confirmsEmpty)), try await suggestion(job))
    }

    /// Starts a run that only shows what it would do.
    package func dryRun(_ job: String, via origin: String) async throws(OperationError) -> StartAnswer {
        StartAnswer(await scheduler.ask(.dryRunRequested(job: job, via: origin)), try await suggestion(job))
    }

    /// Ends a job's runs; a service stays stopped until somebody starts it.
    package func stop(_ job: String) async throws(OperationError) -> StartAnswer {
        StartAnswer(await scheduler.ask(.stopRequested(job: job)), try await suggestion(job))
    }

    /// Ends what goes on and starts anew.
    /// - Parameter reason: In the words of whoever asks.
    package func restart(_ job: String, via origin: String, reason: String? = nil) async throws(OperationError) -> StartAnswer {
        StartAnswer(await scheduler.ask(.restartRequested(job: job, via: origin, reason: reason)), try await suggestion(job))
    }

    private func suggestion(_ job: String) async throws(OperationError) -> String? {
        guard let snapshot = await scheduler.snapshot() else { throw .starting }
        return NearestWord.find(job, in: snapshot.jobs.map(\.definition.name))
    }
}

extension StartAnswer {
    fileprivate init(_ reply: Reply?, _ suggestion: String?) {
        switch reply {
        case .started(let run): self.init(result: .started, run: run)
        case .joined(let run): self.init(result: .joined, run: run)
        case .stopping(let run): self.init(result: .stopping, run: run)
        case .notRunning, .done: self.init(result: .notRunning)
        case .refused(let message): self.init(result: .refused, message: message)
        case .noSuchJob, nil: self.init(result: .noSuchJob, suggestion: suggestion)
        }
    }
}
