import Backups
package import Config
import Foundation
import JobKit
import Jobs
import Platforms
import Scheduler
package import Settings

/// What is valid and yet not likely to do what is wanted: warnings about how jobs, repositories and the platform go together. Pure.
package struct ConfigurationAdvice {
    private let configuration: Configuration
    /// The port that visitors are led to; nil where nobody says it.
    private let publicPort: Int?
    private let platform: Platform

    /// - Parameter environment: The container's variables.
    package init(_ configuration: Configuration, environment: [String: String]) {
        self.configuration = configuration
        platform = Platform(environment)
        publicPort = environment["PORT"].flatMap { Int($0) } == platform.port ? platform.port : nil
    }

    package var problems: [Problem] { commitRate + trees + earlyServices + triggers + graces + ports + localPings }

    private var plans: RepositoryPlans { RepositoryPlans(configuration: configuration) }
    private var backups: [RepositoryPlans.Use] { plans.uses.filter { $0.isBackup && $0.isEnabled } }

    private func places(_ job: String) -> JobPlaces? { configuration.jobs.first { $0.definition.name == job }?.places }

    private func warning(_ job: String, _ keys: (JobPlaces) -> SourcePlace, _ message: String, _ hint: String) -> Problem? {
        places(job).map { Problem(.warning, at: keys($0), message, hint: hint) }
    }

    // MARK: The Hub

    /// Commits an hour that the Hub takes of one account, as it has answered; it is documented nowhere.
    private static let commitsPerHour = 128.0

    /// Each backup of changed data is a commit.
    private var commitRate: [Problem] {
        let rates = backups.filter { $0.repository.location.hasPrefix("huggingface:") }.flatMap { use in
            triggers(of: use.job).compactMap { trigger -> (job: String, rate: Double)? in
                guard case .schedule(.every(let interval), _) = trigger else { return nil }
                return (use.job, 3600 / (interval / .seconds(1)))
            }
        }
        let sum = rates.map(\.rate).reduce(0, +)
        guard sum > ConfigurationAdvice.commitsPerHour, let fastest = rates.max(by: { $0.rate < $1.rate }) else { return [] }
        let jobs = Set(rates.map(\.job)).sorted().joined(separator: ", ")
        return [
            warning(
                fastest.job, { $0.place(below: "on", "every") },
                "\(jobs): up to \(Int(sum.rounded())) backups an hour, and the Hub takes about \(Int(ConfigurationAdvice.commitsPerHour)) commits",
                "write a longer interval, such as every: 15m; beyond the limit the Hub refuses commits for about an hour")
        ].compactMap(\.self)
    }

    private func triggers(of job: String) -> [Trigger] { configuration.jobs.first { $0.definition.name == job }?.definition.triggers ?? [] }

    // MARK: Backups and restores

    /// Each backup needs a way back to the same place.
    private var trees: [Problem] {
        let restores = plans.uses.filter { !$0.isBackup }
        // A restore whose paths or secrets are not known may be any.
        let unknown = configuration.jobs.contains { $0.definition.typeName == RestoreJob.typeName && !restores.map(\.job).contains($0.definition.name) }
        return backups.compactMap { backup in
            let same = restores.filter { $0.repository.location == backup.repository.location }
            if same.isEmpty {
                guard !unknown else { return nil }
                return warning(
                    backup.job, { $0.place(below: "with", "repository") },
                    "\"\(backup.job)\" stores in \"\(backup.repository.name)\", and no job restores from it: after the loss of the disk the data do not come back",
                    "add a job of type restore with on: boot, which the backup and the app need")
            }
            guard !same.contains(where: { $0.source.readable == backup.source.readable }), let other = same.first else { return nil }
            return warning(
                backup.job, { $0.place(below: "with") },
                "\"\(backup.job)\" stores \(backup.source.readable), and \"\(other.job)\" restores \(other.source.readable) from the same repository",
                "write the same path, or base, paths and optional, in both; or give each its own repository")
        }
    }

    /// A restore at boot that no service waits for: the app starts without its data, which are put in place below it.
    private var earlyServices: [Problem] {
        let jobs = configuration.jobs.map(\.definition).filter { $0.disabled == nil }
        let services = jobs.filter(\.isService)
        guard let restore = jobs.first(where: { $0.typeName == "restore" && $0.triggers.contains { if case .boot = $0 { true } else { false } } }),
            let first = services.first
        else { return [] }
        let restores = Set(jobs.filter { $0.typeName == "restore" }.map(\.name))
        // What a job waits for, in however many steps.
        func isAfterRestore(_ name: String, _ seen: Set<String>) -> Bool {
            if restores.contains(name) { return true }
            guard !seen.contains(name), let job = jobs.first(where: { $0.name == name }) else { return false }
            let before = job.needs + job.triggers.compactMap { if case .after(let other, _) = $0 { other } else { nil } }
            return before.contains { isAfterRestore($0, seen.union([name])) }
        }
        guard !services.contains(where: { isAfterRestore($0.name, []) }) else { return [] }
        return [
            warning(
                first.name, \.name, "no service needs \"\(restore.name)\": the app starts before its data are restored",
                "add needs: \(restore.name) to \"\(first.name)\"")
        ].compactMap(\.self)
    }

    private var triggers: [Problem] {
        backups.filter { triggers(of: $0.job).isEmpty }.compactMap { backup in
            warning(
                backup.job, \.name, "\"\(backup.job)\" has no trigger: it runs only when it is started manually",
                "write for example on: { every: 30m, stop: true }")
        }
    }

    // MARK: The stop

    /// The longest that any platform waits by default. A file without a stop budget is for all of them.
    private static let longestBudget = Duration.seconds(60)

    private var graces: [Problem] {
        let isWritten = configuration.stopBudgetPlace != nil
        let limit = isWritten ? configuration.stopBudget : max(platform.stopBudget, ConfigurationAdvice.longestBudget)
        return configuration.jobs.compactMap { job in
            guard job.definition.disabled == nil, case .service(let service) = job.work else { return nil }
            let grace = service.stop.steps.map(\.wait).reduce(.zero, +)
            guard grace > limit else { return nil }
            return Problem(
                .warning, at: job.places.place(below: "with", "stop", "grace"),
                "\"\(job.definition.name)\" gets \(DurationText.format(grace)) to stop, and the program ends "
                    + "\(DurationText.format(isWritten ? limit : configuration.stopBudget)) after SIGTERM",
                hint: isWritten
                    ? "write a shorter grace, or a longer stop_budget if the platform allows it"
                    : "write a shorter grace, or stop_budget if the platform waits longer")
        }
    }

    // MARK: The port

    /// Services that are checked on a port, all of another one than visitors come to.
    private var ports: [Problem] {
        // Behind a front every service has a port of its own.
        guard let publicPort, configuration.front == nil else { return [] }
        let services = configuration.jobs.compactMap { job -> (job: Configuration.Job, port: Int?)? in
            guard job.definition.disabled == nil, case .service(let service) = job.work else { return nil }
            return (job, service.localPort)
        }
        guard let first = services.first, let port = first.port, services.allSatisfy({ $0.port != nil && $0.port != publicPort }) else { return [] }
        return [
            Problem(
                .warning, at: first.job.places.place(below: "with", "ready"),
                "visitors come to port \(publicPort) (PORT), and \"\(first.job.definition.name)\" is checked on port \(port)",
                hint: "let it listen on ${SHIPKEEPER_PORT} and check it there, or set PORT to \(port)")
        ]
    }

    /// Requests that no platform sees, where it is known under which address it would.
    private var localPings: [Problem] {
        guard let address = platform.publicURL, !KeepaliveJob.isLocal(address) else { return [] }
        return configuration.jobs.compactMap { job in
            guard job.definition.disabled == nil, case .job(let work) = job.work, let keepalive = work as? KeepaliveJob, keepalive.isLocal else { return nil }
            return Problem(
                .warning, at: job.places.place(below: "with", "url"),
                "\"\(job.definition.name)\" requests this machine itself, which keeps nothing awake: platforms count visits from outside",
                hint: "write url: \"${SHIPKEEPER_PUBLIC_URL}/\(configuration.front == nil ? "" : "-/healthz")\"")
        }
    }
}

extension ServiceDefinition {
    /// The port of this machine on which it is checked; nil where it is not, or elsewhere.
    fileprivate var localPort: Int? { (ready?.probe ?? live?.probe)?.localPort }
}
