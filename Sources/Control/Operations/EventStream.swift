import JobKit
import Scheduler
import Settings

package enum EventStreamOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "after": ParameterNote(
                "Position of the last event that is known; from now on where it is missing. The header Last-Event-ID says the same", .range(0 ... .max)),
            "job": ParameterNote("Only events of this job"),
            "run": ParameterNote("Only events of this run"),
            "topic": ParameterNote("Only messages of this topic; together with a job or a run, those and its events"),
            "seconds": ParameterNote("End after so many seconds; without it as long as the program runs", .range(0...86_400)),
        ]

        package var after: Int64?
        package var job: String?
        package var run: Int64?
        package var topic: String?
        package var seconds: Int64?

        package init(after: Int64? = nil, job: String? = nil, run: Int64? = nil, topic: String? = nil, seconds: Int64? = nil) {
            self.after = after
            self.job = job
            self.run = run
            self.topic = topic
            self.seconds = seconds
        }
    }

    package static let name = "event-stream"
    package static let path = "events/stream"
    package static let summary = "Follow the event feed as server-sent events."
    package static let effect = OperationEffect.reads
    /// A line without meaning at this pace shows whether the client is still there.
    private static let pulse = Duration.seconds(15)

    package static func run(
        _ request: Request, on program: Operations, via caller: Caller
    ) async throws(OperationError) -> StreamAnswer<EventStreamForm> {
        let filter = EventFilter(job: request.job, run: request.run, topic: request.topic)
        let start = request.after ?? program.scheduler.position
        return StreamAnswer(
            AnswerStream { write in
                let end = request.seconds.map { program.clock.uptime + .seconds($0) }
                var position = start
                // At once: the client knows that it is connected, and from where to go on.
                try await write(Array("id: \(position)\nretry: 2000\n\n".utf8))
                while !Task.isCancelled {
                    let left = end.map { $0 - program.clock.uptime } ?? pulse
                    guard left > .zero, !program.scheduler.hasEnded else { return }
                    let news = await program.events(after: position, filter, wait: min(left, pulse))
                    position = news.position
                    if news.events.isEmpty { try await write(Array(": still here\n\n".utf8)) }
                    for event in news.events {
                        let data = String(decoding: ControlJSON.encode(event, as: .line), as: UTF8.self)
                        try await write(Array("id: \(event.position)\nevent: \(event.type.rawValue)\ndata: \(data)\n\n".utf8))
                    }
                }
            })
    }
}
