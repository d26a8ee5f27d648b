import Foundation
import JobKit
import Scheduler
import Settings
import TimeZones

package enum PauseOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "job": ParameterNote("All jobs where it is missing"),
            "length": ParameterNote("How long, such as `1h`; until the job is resumed where it is missing", .duration),
        ]

        package var job: String?
        package var length: String?

        package init(job: String? = nil, length: String? = nil) {
            self.job = job
            self.length = length
        }
    }

    package static let name = "pause"
    package static let path = "pause"
    package static let summary = "Keep schedules and watched folders from starting a job, or any job."
    package static let effect = OperationEffect.changes

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> PauseAnswer {
        var until: Date?
        if let text = request.length {
            guard let length = DurationText.parse(text), length > .zero else {
                throw .invalidParameter("\"length\" is \"\(text)\"; write a length of time such as 30m or 1h")
            }
            until = program.clock.now.adding(length)
        }
        return try await program.pauseAnswer(.pauseRequested(job: request.job, until: until, via: caller.rawValue), request.job)
    }
}

package enum ResumeOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "job": ParameterNote("The pause of all jobs where it is missing")
        ]

        package var job: String?

        package init(job: String? = nil) { self.job = job }
    }

    package static let name = "resume"
    package static let path = "resume"
    package static let summary = "End a pause."
    package static let effect = OperationEffect.changes

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> PauseAnswer {
        try await program.pauseAnswer(.resumeRequested(job: request.job), request.job)
    }
}

extension Operations {
    fileprivate func pauseAnswer(_ event: EngineEvent, _ job: String?) async throws(OperationError) -> PauseAnswer {
        // A job that is not there is an error here, and not one of the engine's replies.
        if let job { _ = try await self.job(job) }
        switch await scheduler.ask(event) {
        case .refused(let message): return PauseAnswer(isDone: false, message: message)
        case .done:
            let snapshot = await scheduler.snapshot()
            let pause = job.flatMap { job in snapshot?.jobs.first { $0.definition.name == job }?.pause } ?? snapshot?.pause
            let words = pause.map { $0.until.map { "paused until \(ShownTime.text($0))" } ?? "paused until resumed" } ?? "resumed"
            return PauseAnswer(isDone: true, message: words, pause: pause.map(PauseAnswer.Pause.init))
        case .started, .joined, .stopping, .notRunning, .noSuchJob, nil: throw .starting
        }
    }
}
