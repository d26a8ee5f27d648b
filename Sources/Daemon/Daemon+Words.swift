import Config
import Foundation
import JobKit
import Logs
import Platforms
import Scheduler
import Settings
import TimeZones

/// What the log says at the start.
extension Daemon {
    func introduce() {
        container.note("version \(version), \(configuration.jobs.count.counted("job")) from \(file.path), state in \(state.path)")
        container.note("times are in the time zone \(configuration.timeZone.name), now \(ShownTime.text(clock.now))")
        container.note("platform: \(PlatformAdvice.found(ContainerEnvironment.platform, stopBudget: configuration.stopBudget).message)")
        for problem in mistakes.value.problems { container.note(problem.logText, problem.severity == .error ? .error : .warning) }
        if mistakes.value.isHeld {
            container.note("nothing was started but the public port; correct the file, then restart the container, or run shipkeeper reload", .error)
        }
        if ContainerEnvironment.isSafeMode {
            container.note(
                "safe mode: nothing is restored, started or backed up; unset \(ContainerEnvironment.safeModeVariable) and restart to end it", .warning)
        }
    }

    /// Says what may be wrong with the configuration and the container, once it has begun: what is to be started at once does not wait for it.
    /// - Parameter position: In the feed of events, before the scheduler begins.
    func warn(_ scheduler: JobScheduler, after position: Int64) async {
        guard await scheduler.nextConfiguration(after: position), await scheduler.hasBooted else { return }
        for warning in configuration.warnings { container.note(warning.logText, .warning) }
        for check in await PlatformChecks(file: file).warnings() { container.note(check.hint.map { "\(check.message); \($0)" } ?? check.message, .warning) }
        for job in configuration.jobs {
            guard let reason = job.definition.disabled, reason.hint != nil else { continue }
            container.note(LogNotice("disabled: \(reason)", .warning, job: job.definition.name))
        }
        for name in configuration.secrets
        where ContainerEnvironment.own[name].map({ !$0.isEmpty && !Redactor.canHide($0) }) == true {
            container.note("the secret \(name) is so short that it can't be kept out of the log", .warning)
        }
    }
}
