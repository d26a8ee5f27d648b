import Config
import Control
import Logs
import Scheduler
import Settings
import TimeZones

extension Daemon {
    /// Reads the configuration anew; one with mistakes changes nothing.
    func reload(_ scheduler: JobScheduler, _ logs: RunLogFiles, _ watches: Watches) async -> ReloadAnswer {
        do {
            let new = try file.read(catalog)
            let environment = JobEnvironment(stateFolder: state.path)
            ContainerEnvironment.withhold(new.secrets)
            redactor.add(environment.secrets(of: new))
            stopping.use(new.stopBudget)
            container.use(new.logs.format.form)
            areRequestsLogged.value = new.logs.requests
            logs.use(mostPerRun: new.logs.mostPerRun)
            let jobs = environment.jobs(of: new)
            await scheduler.reload(jobs, mostParallel: new.mostParallel)
            await watches.use(jobs)
            current.value = new
            ShownTime.zone = new.timeZone
            for warning in new.warnings { container.note(warning.description, .warning) }
            let waiting = needsRestart(new)
            if !waiting.isEmpty { container.note("reloaded; the new value of \(waiting.joined(separator: ", ")) needs a restart", .warning) }
            return ReloadAnswer(isReloaded: true, problems: new.warnings.map(ProblemAnswer.init), needsRestart: waiting)
        } catch {
            for problem in error.problems { container.note(problem.description, .warning) }
            container.note("the configuration was not reloaded; the old one stays in force", .warning)
            return ReloadAnswer(isReloaded: false, problems: error.problems.map(ProblemAnswer.init))
        }
    }

    /// Keys whose values this program has taken for good at its start.
    private func needsRestart(_ new: Configuration) -> [String] {
        var keys: [String] = []
        if new.stateFolder != configuration.stateFolder { keys.append("state") }
        return keys
    }
}
