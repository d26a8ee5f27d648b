import Foundation
import JobKit
import Scheduler
import Settings

package enum StartOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "job": ParameterNote("The job's name"),
            "new": ParameterNote("Whether to ask for a run of its own even if one goes on"),
            "dry_run": ParameterNote("Whether the run only shows what it would do"),
            "wait": ParameterNote("How many seconds to wait for the end of the run, or until a service is ready; 0 where it is missing", .range(0...600)),
            "confirm_empty": ParameterNote("Whether a backup may store a tree that is empty, or much smaller than the last one"),
            "key": ParameterNote(
                "A word of the caller's choice: another request with the same key gets the same run, whatever became of it, so that one whose answer was lost can be sent again. A dry run changes nothing, and has no use for it",
                .word),
        ]

        package var job: String
        package var new: Bool?
        package var dryRun: Bool?
        package var confirmEmpty: Bool?
        package var wait: Int64?
        package var key: String?

        package init(job: String, new: Bool? = nil, dryRun: Bool? = nil, confirmEmpty: Bool? = nil, wait: Int64? = nil, key: String? = nil) {
            self.job = job
            self.new = new
            self.dryRun = dryRun
            self.confirmEmpty = confirmEmpty
            self.wait = wait
            self.key = key
        }
    }

    package static let name = "start"
    package static let path = "jobs/{job}/start"
    package static let summary = "Start a job now."
    package static let effect = OperationEffect.changes

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> StartAnswer {
        var answer =
            if request.dryRun == true { try await program.dryRun(request.job, via: caller.rawValue) } else {
                try await program.start(
                    request.job, via: caller.rawValue, evenIfRunning: request.new == true, confirmsEmpty: request.confirmEmpty == true, key: request.key)
            }
        if let wait = request.wait, wait > 0, let run = answer.run { answer.state = try await program.settled(run, of: request.job, within: .seconds(wait)) }
        return answer
    }
}

package enum StopOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "job": ParameterNote("The job's name")
        ]

        package var job: String

        package init(job: String) {
            self.job = job
        }
    }

    package static let name = "stop"
    package static let path = "jobs/{job}/stop"
    package static let summary = "End a job's run; a service stays stopped until it is started."
    package static let effect = OperationEffect.changes

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> StartAnswer {
        try await program.stop(request.job)
    }
}

package enum RestartOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "job": ParameterNote("The job's name"),
            "reason": ParameterNote("Why, in the words of whoever asks: it is kept with the run. Up to 200 characters", .length(200)),
        ]

        package var job: String
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

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> StartAnswer {
        let reason = PrintedText.line(request.reason ?? "").trimmingCharacters(in: .whitespaces)
        guard reason.count <= longestReason else {
            throw .invalidParameter("the reason has \(reason.count) characters; up to \(longestReason) are kept")
        }
        return try await program.restart(request.job, via: caller.rawValue, reason: reason.isEmpty ? nil : reason)
    }
}

extension Operations {
    /// Starts a job now, or joins the run that goes on.
    /// - Parameters:
    ///   - confirmsEmpty: Whether a backup may store a tree that holds far less than the one before.
    ///   - key: Another request with the same one gets the same run.
    package func start(
        _ job: String, via origin: String, evenIfRunning: Bool, confirmsEmpty: Bool = false, key: String? = nil
    ) async throws(OperationError) -> StartAnswer {
        try await answer(
            await scheduler.ask(.startRequested(job: job, via: origin, evenIfRunning: evenIfRunning, confirmsEmpty: confirmsEmpty, key: key)), job)
    }

    /// Starts a run that only shows what it would do.
    package func dryRun(_ job: String, via origin: String) async throws(OperationError) -> StartAnswer {
        try await answer(await scheduler.ask(.dryRunRequested(job: job, via: origin)), job)
    }

    /// Ends a job's runs; a service stays stopped until somebody starts it.
    package func stop(_ job: String) async throws(OperationError) -> StartAnswer {
        try await answer(await scheduler.ask(.stopRequested(job: job)), job)
    }

    /// Ends the run that is under way and starts another one.
    /// - Parameter reason: In the words of whoever asks.
    package func restart(_ job: String, via origin: String, reason: String? = nil) async throws(OperationError) -> StartAnswer {
        try await answer(await scheduler.ask(.restartRequested(job: job, via: origin, reason: reason)), job)
    }

    /// A run once it has ended, or its service is ready; as it is when the time is up.
    fileprivate func settled(_ run: Int64, of job: String, within length: Duration) async throws(OperationError) -> RunAnswer {
        let end = clock.uptime + length
        while true {
            let state = try await self.run(run)
            let left = end - clock.uptime
            if state.isFinished || state.service == .ready || left <= .zero || scheduler.hasEnded { return state }
            _ = await events(after: state.position, EventFilter(job: job), wait: left)
        }
    }

    private func answer(_ reply: Reply?, _ job: String) async throws(OperationError) -> StartAnswer {
        switch reply {
        case .started(let run): StartAnswer(result: .started, run: run)
        case .joined(let run): StartAnswer(result: .joined, run: run)
        case .stopping(let run): StartAnswer(result: .stopping, run: run)
        case .notRunning, .done: StartAnswer(result: .notRunning)
        case .refused(let message): StartAnswer(result: .refused, message: message)
        case .noSuchJob, nil: throw .noSuchJob(job, nearest: try await nearestJob(job))
        }
    }
}
