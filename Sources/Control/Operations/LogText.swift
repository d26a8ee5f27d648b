import JobKit
import Scheduler

/// A run's output as text: all of it, its end, and what comes.
package enum LogTextOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "job": ParameterNote("The job's name"),
            "run": ParameterNote("Of the job; its newest where it is missing"),
            "lines": ParameterNote("Begin with the last so many lines; not together with another beginning", .range(0...100_000)),
            "since": ParameterNote("Begin with the first line of an instant or later; not together with another beginning", .instant),
            "follow": ParameterNote("Whether to go on until the run has ended"),
        ]

        package var job: String
        package var run: Int64?
        package var lines: Int?
        package var since: String?
        package var follow: Bool?

        package init(job: String, run: Int64? = nil, lines: Int? = nil, since: String? = nil, follow: Bool? = nil) {
            self.job = job
            self.run = run
            self.lines = lines
            self.since = since
            self.follow = follow
        }
    }

    package static let name = "log-text"
    package static let path = "jobs/{job}/log/text"
    package static let summary = "Show the output of a job's run as text: all of it, or its last lines; with \"follow\" also what comes."
    package static let effect = OperationEffect.reads
    private static let longestWait = Duration.seconds(20)

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> StreamAnswer<TextForm> {
        let first = try LogStart(from: nil, lines: request.lines, since: request.since)
        _ = try await program.job(request.job)
        let run = try await program.history.run(request.run, of: request.job).id
        let follows = request.follow == true
        return StreamAnswer(
            AnswerStream { write in
                var (start, position) = (first, program.scheduler.position)
                // The end is looked at before the log is read: what the run has said before it ended is there then.
                while !Task.isCancelled, let state = try? await program.history.run(run) {
                    start = try await send(run, from: start, program, write)
                    guard follows, state.state.outcome == nil, !program.scheduler.hasEnded else { return }
                    position = await program.events(after: position, EventFilter(run: run), wait: longestWait).position
                }
            })
    }

    /// Sends what there is from somewhere on; gives where the next part begins.
    private static func send(_ run: Int64, from start: LogStart, _ program: Operations, _ write: AnswerStream.Writer) async throws -> LogStart {
        var start = start
        while let page = await program.history.logs.read(run: run, from: start) {
            start = .offset(page.next)
            if !page.lines.isEmpty { try await write(Array(page.lines.map { $0.displayText + "\n" }.joined().utf8)) }
            if page.isLast { break }
        }
        return start
    }
}
