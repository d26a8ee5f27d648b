import Foundation
import JobKit
import Synchronization
import TimeZones

/// What an attempt is given.
extension JobScheduler {
    func context(of run: Run, attempt: Int, _ job: ScheduledJob, _ reporter: AttemptReporter) -> RunContext {
        let clock = ports.clock
        var environment = job.environment
        environment["SHIPKEEPER_JOB"] = run.job
        environment["SHIPKEEPER_RUN"] = "\(run.id)"
        environment["SHIPKEEPER_ATTEMPT"] = "\(attempt)"
        environment["SHIPKEEPER_SCHEDULED_AT"] = UTCStamp.seconds(run.scheduledAt)
        environment["SHIPKEEPER_MISSED"] = "\(run.missed)"
        let followed = JobScheduler.followed(by: run)
        environment.merge(followed?.variables ?? [:]) { _, new in new }
        let reserve = job.definition.isService ? StopReserve(of: run.job, jobs) : nil
        return RunContext(
            job: run.job, run: run.id, attempt: attempt, scheduledAt: run.scheduledAt, missed: run.missed, isDryRun: run.cause.isDryRun,
            isConfirmed: run.cause.isConfirmed, followed: followed, bootID: bootID, stateFolder: ports.stateFolder,
            deadline: job.definition.timeout.map { clock.now.adding($0) }, environment: environment, clock: clock,
            processes: ports.processes, values: ports.values, reporter: reporter,
            redacted: ports.logs.redacted,
            stopBudgetLeft: { [self] in
                stopDeadline.withLock { $0 }.map { $0.left(isService: job.definition.isService, at: clock.uptime) }
                    .map { reserve?.share(of: $0) ?? $0 }
            }, background: job.definition.background)
    }

    /// What a run that follows another job learns of it.
    private static func followed(by run: Run) -> FollowedJob? {
        guard case .after(let job, let id, let outcome) = run.cause else { return nil }
        return FollowedJob(job: job, run: id, outcome: outcome ?? "", message: run.reason ?? "", at: run.createdAt)
    }
}
