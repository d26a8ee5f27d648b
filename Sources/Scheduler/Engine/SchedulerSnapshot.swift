package import Foundation
package import JobKit

/// How everything is at one instant, for people and other programs.
package struct SchedulerSnapshot: Sendable {
    package struct JobView: Sendable {
        package var definition: JobDefinition
        /// The run under way or waiting, oldest first.
        package var current: Run?
        /// Why the waiting run can't start.
        package var obstacle: String?
        package var last: Run?
        /// The newest run that did its work.
        package var lastReport: Run?
        /// The newest run that came to an end by itself; of a service the newest one.
        package var verdict: Run?
        /// The newest run that stored a whole backup.
        package var lastStored: Run?
        /// Why the waiting run can't start without a person's help; nil where it can.
        package var hopelessNeed: String?
        /// When the service was stopped manually; nil where it was not, or was started since.
        package var stoppedAt: Date?
        /// Nil while the job is paused.
        package var nextFire: Date?
        /// What keeps its schedules from starting it: its own pause, or that of all jobs.
        package var pause: Pause?
        /// When each schedule next asks for something.
        package var upcoming: [(schedule: Schedule, next: Date)]
        /// The newest scheduled time acted on, by the schedule's name; also while the job is paused.
        package var cursors: [String: Date]
        /// With the pace at `at`.
        package var progress: MeasuredProgress?
        package var service: ServiceStatus?
        /// The newest probe of each kind since the service was launched.
        package var checks: [CheckReport]
    }

    package var at: Date
    /// The position in the feed of events: what follows it is news to anyone who has seen this.
    package var position: Int64
    package var isStopping: Bool
    /// That of all jobs.
    package var pause: Pause?
    /// By name.
    package var jobs: [JobView]

    init(_ engine: Engine, reporters: [Int64: (MeasuredProgress?, ServiceStatus?, [CheckReport])], at now: Date, position: Int64) {
        at = now
        self.position = position
        isStopping = engine.phase != .running
        pause = engine.pauses[String?.none]
        let busy = engine.busy
        jobs = engine.jobs.values.sorted { $0.definition.name < $1.definition.name }.map { job in
            let current = engine.unfinished(of: job.definition.name).first
            // What a service or a job without schedules can't miss is no pause of it.
            let isScheduled = job.definition.triggers.contains { $0.isPaused }
            let pause = isScheduled || engine.pauses[job.definition.name] != nil ? engine.pause(of: job.definition.name) : nil
            let reporter = current.flatMap { reporters[$0.id] }
            return JobView(
                definition: job.definition, current: current,
                obstacle: current.flatMap { $0.state == .queued ? engine.obstacle(to: $0, busy) : nil }, last: job.last, lastReport: job.lastReport,
                verdict: job.verdict, lastStored: job.lastStored,
                hopelessNeed: current.flatMap { $0.state == .queued ? engine.hopelessNeed(of: job.definition) : nil },
                stoppedAt: engine.stoppedServices[job.definition.name], nextFire: pause == nil ? job.nextFire : nil, pause: pause,
                upcoming: (pause == nil ? job.upcoming : []).compactMap { item in item.next.map { (item.schedule, $0) } },
                cursors: job.cursors, progress: reporter?.0, service: reporter?.1, checks: reporter?.2 ?? [])
        }
    }
}
