import Foundation
import JobKit
import Scheduler
import TimeZones

package enum LogOperation: RecordedOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "job": ParameterNote("The job's name"),
            "run": ParameterNote("Of the job; its newest where it is missing"),
            "from": ParameterNote(
                "The byte to begin with, as an earlier answer has it in `next`; the first one where it is missing; not together with another beginning",
                .range(0 ... .max)),
            "lines": ParameterNote("Begin with the last so many lines; not together with another beginning", .range(0...100_000)),
            "since": ParameterNote("Begin with the first line of an instant or later; not together with another beginning", .instant),
        ]

        package var job: String
        package var run: Int64?
        package var from: Int64?
        package var lines: Int?
        package var since: String?

        package init(job: String, run: Int64? = nil, from: Int64? = nil, lines: Int? = nil, since: String? = nil) {
            self.job = job
            self.run = run
            self.from = from
            self.lines = lines
            self.since = since
        }
    }

    package static let name = "log"
    package static let path = "jobs/{job}/log"
    package static let summary = "Show the output of a job's newest run, or of one run."
    package static let effect = OperationEffect.reads

    package static func job(of request: Request) -> String? { request.job }

    package static func answer(_ request: Request, from history: RunHistory) async throws(OperationError) -> LogAnswer {
        let start = try LogStart(from: request.from, lines: request.lines, since: request.since)
        return try await history.log(of: try await history.run(request.run, of: request.job), from: start)
    }
}

package enum RunLogOperation: RecordedOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "id": ParameterNote("The run's number"),
            "from": ParameterNote(
                "The byte to begin with, as an earlier answer has it in `next`; the first one where it is missing; not together with another beginning",
                .range(0 ... .max)),
            "lines": ParameterNote("Begin with the last so many lines; not together with another beginning", .range(0...100_000)),
            "since": ParameterNote("Begin with the first line of an instant or later; not together with another beginning", .instant),
        ]

        package var id: Int64
        package var from: Int64?
        package var lines: Int?
        package var since: String?

        package init(id: Int64, from: Int64? = nil, lines: Int? = nil, since: String? = nil) {
            self.id = id
            self.from = from
            self.lines = lines
            self.since = since
        }
    }

    package static let name = "run-log"
    package static let path = "runs/{id}/log"
    package static let summary = "Show the output of one run."
    package static let effect = OperationEffect.reads

    package static func job(of request: Request) -> String? { nil }

    package static func answer(_ request: Request, from history: RunHistory) async throws(OperationError) -> LogAnswer {
        let start = try LogStart(from: request.from, lines: request.lines, since: request.since)
        return try await history.log(of: try await history.run(request.id), from: start)
    }
}

extension RunHistory {
    fileprivate func log(of run: Run, from start: LogStart) async throws(OperationError) -> LogAnswer {
        LogAnswer(run, await logs.read(run: run.id, from: start), from: start)
    }
}

extension LogStart {
    /// - Throws: `invalidParameter` where more than one is given, or one has a wrong form.
    init(from offset: Int64?, lines: Int?, since: String?) throws(OperationError) {
        switch (offset, lines, since) {
        case (nil, nil, nil): self = .offset(0)
        case (let offset?, nil, nil): self = .offset(offset)
        case (nil, let lines?, nil): self = .last(lines)
        case (nil, nil, let text?): self = .since(try RequestedInstant.parse(text))
        default: throw .invalidParameter("only one of \"from\", \"lines\" and \"since\" can be given")
        }
    }
}

/// Instants as parameters.
enum RequestedInstant {
    static func parse(_ text: String) throws(OperationError) -> Date {
        if let found = WrittenInstant.parse(text, in: ShownTime.zone, now: .now) { return found.start }
        throw .invalidParameter("\"\(text)\" is not a time; write 2026-11-27T03:00:00Z")
    }
}
