package import Foundation
package import JobKit

/// How everything is at one instant, for people and other programs.
package struct SchedulerSnapshot: Sendable {
    /// One job. A class, for it goes from hand to hand, and to copy what it holds takes longer than to find it out.
    package final class JobView: Sendable {
        package let definition: JobDefinition
        /// The run under way or waiting, oldest first; of a service the one that others use, while another one takes its place.
        package let current: Run?
        /// Why the waiting run can't start.
        package let obstacle: String?
        package let last: Run?
        /// The newest run that did its work.
        package let lastReport: Run?
        /// The newest run that came to an end by itself; of a service the newest one.
        package let verdict: Run?
        /// The newest run that stored a whole backup.
        package let lastStored: Run?
        /// What is wrong with it, in the order of their kinds.
        package let problems: [JobProblem]
        /// When it will be late, silent or slow, unless something happens before; nil for never.
        package let nextAlarm: DeadlineRule.Alarm?
        /// Why the waiting run can't start without a person's help; nil where it can.
        package let hopelessNeed: String?
        /// When the service was stopped manually; nil where it was not, or was started since.
        package let stoppedAt: Date?
        /// Nil while the job is paused.
        package let nextFire: Date?
        /// What keeps its schedules from starting it: its own pause, or that of all jobs.
        package let pause: Pause?
        /// When each schedule next asks for something.
        package let upcoming: [(schedule: Schedule, next: Date)]
        /// The newest scheduled time acted on, by the schedule's name; also while the job is paused.
        package let cursors: [String: Date]
        /// With the pace at `at`.
        package let progress: MeasuredProgress?
        package let service: ServiceStatus?
        /// The newest probe of each kind since the service was launched.
        package let checks: [CheckReport]

        init(_ job: Engine.Job, _ engine: Engine, _ busy: Busy, _ reports: (Int64) -> Report?) {
            let name = job.definition.name
            current = engine.shown(of: name)
            let queued = current.flatMap { $0.state == .queued ? $0 : nil }
            // What a service or a job without schedules can't miss is no pause of it.
            let isScheduled = job.definition.triggers.contains { $0.isPaused }
            pause = isScheduled || engine.pauses[name] != nil ? engine.pause(of: name) : nil
            let report = current.flatMap { reports($0.id) }
            definition = job.definition
            obstacle = queued.flatMap { engine.obstacle(to: $0, busy) }
            hopelessNeed = queued.flatMap { _ in engine.hopelessNeed(of: job.definition) }
            (last, lastReport, verdict, lastStored) = (job.last, job.lastReport, job.verdict, job.lastStored)
            problems = job.problems.isEmpty ? [] : JobProblem.Kind.allCases.compactMap { job.problems[$0] }
            nextAlarm = engine.nextDeadline(of: name)
            stoppedAt = engine.stoppedServices[name]
            nextFire = pause == nil ? job.nextFire : nil
            upcoming = (pause == nil ? job.upcoming : []).compactMap { item in item.next.map { (item.schedule, $0) } }
            cursors = job.cursors
            (progress, service, checks) = report ?? (nil, nil, [])
        }
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
