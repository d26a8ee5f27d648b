import Foundation
import JobKit
import Scheduler

/// One event of the feed. Which fields are there depends on `type`.
package struct EventAnswer: Codable, Sendable {
    package enum Kind: String, Codable, Sendable, CaseIterable {
        case run, service, progress, log, message, configured, missed
    }

    package var position: Int64
    package var type: Kind
    package var job: String?
    /// The run's number.
    package var runID: Int64?
    /// With `run`: as it is recorded now.
    package var run: RunAnswer?
    /// With `service`.
    package var state: StateName?
    package var note: String?
    package var progress: ProgressAnswer?
    /// With `message`.
    package var topic: String?
    package var text: String?

    private enum CodingKeys: String, CodingKey {
        case position, type, job, run, state, note, progress, topic, text
        // As the conversion from snake case spells it.
        case runID = "runId"
    }

    init(_ event: SchedulerEvent) {
        position = event.position
        job = event.job
        runID = event.run
        switch event.content {
        case .run(let run):
            type = .run
            self.run = RunAnswer(run)
        case .service(_, let status):
            type = .service
            state = StateName(status.state)
            note = status.note
        case .progress(_, _, let progress):
            type = .progress
            self.progress = ProgressAnswer(progress)
        case .log: type = .log
        case .message(let topic, let text):
            type = .message
            self.topic = topic
            self.text = text
        case .configured: type = .configured
        case .missed: type = .missed
        }
    }
}

package struct EventsAnswer: ValueAnswer {
    /// Where to go on: the next request's `after`.
    package var position: Int64
    package var events: [EventAnswer]
}
