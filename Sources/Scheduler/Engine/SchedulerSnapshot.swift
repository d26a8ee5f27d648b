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

    /// What an attempt under way reports.
    typealias Report = (progress: MeasuredProgress?, service: ServiceStatus?, checks: [CheckReport])

    /// - Parameter report: That of the attempt of a run; nil while there is none.
    init(_ engine: Engine, at now: Date, position: Int64, report: (Int64) -> Report?) {
        at = now
        self.position = position
        isStopping = engine.phase != .running
        pause = engine.pauses[String?.none]
        let busy = engine.busy
        jobs = engine.names.compactMap { name in engine.jobs[name].map { JobView($0, engine, busy, report) } }
    }
}

extension SchedulerSnapshot.JobView {
    init(_ job: Engine.Job, _ engine: Engine, _ busy: Busy, _ reports: (Int64) -> SchedulerSnapshot.Report?) {
        let name = job.definition.name
        current = engine.unfinished(of: name).first
        let queued = current.flatMap { $0.state == .queued ? $0 : nil }
        // What a service or a job without schedules can't miss is no pause of it.
        let isScheduled = job.definition.triggers.contains { $0.isPaused }
        pause = isScheduled || engine.pauses[name] != nil ? engine.pause(of: name) : nil
        let report = current.flatMap { reports($0.id) }
        definition = job.definition
        obstacle = queued.flatMap { engine.obstacle(to: $0, busy) }
        hopelessNeed = queued.flatMap { _ in engine.hopelessNeed(of: job.definition) }
        (last, lastReport, verdict, lastStored) = (job.last, job.lastReport, job.verdict, job.lastStored)
        stoppedAt = engine.stoppedServices[name]
        nextFire = pause == nil ? job.nextFire : nil
        upcoming = (pause == nil ? job.upcoming : []).compactMap { item in item.next.map { (item.schedule, $0) } }
        cursors = job.cursors
        (progress, service, checks) = report ?? (nil, nil, [])
    }
}
