import JobKit
import Config
import Control
import Logs
import Scheduler
import Settings
import TimeZones

extension Daemon {
    /// Reads the configuration again; one with mistakes changes nothing, and a dry run neither.
    func reload(_ mode: ReloadMode, _ scheduler: JobScheduler, _ logs: RunLogFiles, _ watches: Watches) async -> ReloadAnswer {
        do {
            let new = try file.read(catalog)
            let environment = JobEnvironment(stateFolder: state.path)
            let plan = await plan(new, scheduler)
            // What the new file adds to the secrets counts before it is in force.
            let clean = Redactor()
            clean.add(environment.secrets(of: current.value) + environment.secrets(of: new))
            let changes = plan.changes.map { ReloadAnswer.Change(job: $0.job, effect: $0.effect.rawValue, message: clean.redacted($0.description)) }
            let (problems, waiting) = (new.warnings.map(ProblemAnswer.init), needsRestart(new))
            if mode == .rehearsed {
                return ReloadAnswer(isReloaded: false, isDryRun: true, changes: changes, problems: problems, needsRestart: waiting)
            }
            ContainerEnvironment.withhold(new.secrets)
            redactor.add(environment.secrets(of: new))
            stopping.use(new.stopBudget)
            container.use(new.logs.format.form)
            areRequestsLogged.value = new.logs.requests
            logs.use(mostPerRun: new.logs.mostPerRun)
            let isFrontChanged = publicPort.use(new.front)
            let jobs = jobs(of: new)
            // Before the scheduler says that it is in force.
            current.value = new
            mistakes.value = ConfigurationMistakes()
            await scheduler.reload(jobs, mostParallel: new.mostParallel)
            await watches.use(jobs)
            if isFrontChanged { await publicPort.reread(scheduler) }
            ShownTime.zone = new.timeZone
            for warning in new.warnings { container.note(warning.logText, .warning) }
            container.note("reloaded: \(clean.redacted(plan.summary))")
            if !waiting.isEmpty { container.note("reloaded; the new value of \(waiting.joined(separator: ", ")) needs a restart", .warning) }
            return ReloadAnswer(isReloaded: true, changes: changes, problems: problems, needsRestart: waiting)
        } catch {
            if mode == .rehearsed { return ReloadAnswer(isReloaded: false, isDryRun: true, problems: error.problems.map(ProblemAnswer.init)) }
            for problem in error.problems { container.note(problem.logText, .warning) }
            container.note("the configuration was not reloaded; the old one stays in force", .warning)
            mistakes.update { $0.problems = error.problems }
            return ReloadAnswer(isReloaded: false, problems: error.problems.map(ProblemAnswer.init))
        }
    }

    private func plan(_ new: Configuration, _ scheduler: JobScheduler) async -> ReloadPlan {
        let services = (await scheduler.snapshot()?.jobs ?? []).filter(\.definition.isService)
        return ReloadPlan(
            from: current.value, to: new, running: Set(services.filter { $0.current != nil }.map(\.definition.name)),
            stopped: Set(services.filter { $0.stoppedAt != nil }.map(\.definition.name)))
    }

    /// Keys whose values this program has taken at its start for its whole life.
    private func needsRestart(_ new: Configuration) -> [String] {
        var keys: [String] = []
        if new.stateFolder != configuration.stateFolder { keys.append("state") }
        return keys
    }
}
