import Foundation
import JobKit
import Scheduler

/// Which events are asked for.
package struct EventFilter: Sendable {
    package var job: String?
    package var run: Int64?
    /// Of messages; nil for none of them where a job or a run is named. Where one is named too, its events come besides.
    package var topic: String?
    /// Whether the growth of logs and the progress of runs are left out.
    package var isBrief: Bool

    package init(job: String? = nil, run: Int64? = nil, topic: String? = nil, isBrief: Bool = false) {
        self.job = job
        self.run = run
        self.topic = topic
        self.isBrief = isBrief
    }

    /// Whether an event is asked for. `missed` always is.
    func matches(_ event: SchedulerEvent) -> Bool {
        switch event.content {
        case .log where isBrief, .progress where isBrief: return false
        case .missed: return true
        case .message(let topic, _): return self.topic.map { $0 == topic } ?? (job == nil && run == nil)
        case .configured: return job == nil && run == nil && topic == nil
        case .service: return (topic == nil || job != nil) && job.map { $0 == event.job } ?? true
        case .run, .progress, .log:
            guard topic == nil || job != nil || run != nil else { return false }
            return job.map { $0 == event.job } ?? true && run.map { $0 == event.run } ?? true
        }
    }
}

package enum EventsOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "after": ParameterNote("Position of the last event that is known; from now on where it is missing", .range(0 ... .max)),
            "wait": ParameterNote("How long to wait for the first event, 0 to 60 seconds; 0 where it is missing", .range(0...60)),
            "job": ParameterNote("Only events of this job"),
            "run": ParameterNote("Only events of this run"),
            "topic": ParameterNote("Only messages of this topic; together with a job or a run, those and its events"),
        ]

        package var after: Int64?
        package var wait: Int64?
        package var job: String?
        package var run: Int64?
        package var topic: String?

        package init(after: Int64? = nil, wait: Int64? = nil, job: String? = nil, run: Int64? = nil, topic: String? = nil) {
            self.after = after
            self.wait = wait
            self.job = job
            self.run = run
            self.topic = topic
        }
    }

    package static let name = "events"
    package static let path = "events"
    package static let summary = "Wait for what happens after a position of the event feed."
    package static let effect = OperationEffect.reads

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> EventsAnswer {
        await program.events(
            after: request.after, EventFilter(job: request.job, run: request.run, topic: request.topic), wait: .seconds(min(60, max(0, request.wait ?? 0))))
    }
}

extension Operations {
    /// The most events of one answer.
    static let mostEvents = 200
    /// The longest that a request waits for the first event.
    static let longestEventWait = Duration.seconds(60)

    /// What was recorded after a position of the feed: at once where there is something, else as soon as there is.
    ///
    /// - Parameter position: Of the last event that is known; nil for the newest.
    /// - Parameter wait: How long to wait for the first event, up to a minute.
    package func events(after position: Int64?, _ filter: EventFilter = EventFilter(), wait: Duration) async -> EventsAnswer {
        let scheduler = scheduler
        let held = Operations.held(scheduler.events(after: position ?? scheduler.position), filter)
        guard held.events.isEmpty, wait > .zero else { return held }
        let next = try? await Deadline.within(min(wait, Operations.longestEventWait), clock) { () throws(JobError) -> SchedulerEvent? in
            await Operations.first(scheduler.events(after: held.position), filter)
        }
        guard let next = next ?? nil else { return held }
        let rest = Operations.held(scheduler.events(after: next.position), filter)
        return EventsAnswer(position: rest.position, events: [EventAnswer(next)] + rest.events)
    }

    /// Those that are there already.
    private static func held(_ events: SchedulerEvents, _ filter: EventFilter) -> EventsAnswer {
        var (found, iterator): ([EventAnswer], SchedulerEvents.Iterator) = ([], events.makeAsyncIterator())
        while found.count < mostEvents, let event = iterator.nextIfHeld() {
            if filter.matches(event) { found.append(EventAnswer(event)) }
        }
        return EventsAnswer(position: iterator.position, events: found)
    }

    private static func first(_ events: SchedulerEvents, _ filter: EventFilter) async -> SchedulerEvent? {
        for await event in events where filter.matches(event) { return event }
        return nil
    }
}
