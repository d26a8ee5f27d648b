import Control
import Foundation
import Front
import JobKit
import Scheduler
import Settings

/// Figures for Prometheus. Labels are names of jobs and outcomes, and nothing else. Source: Prometheus, text exposition format 0.0.4.
struct Metrics {
    private var lines: [String] = []

    /// - Parameters:
    ///   - tally: Of the runs since the start of the program.
    ///   - visit: The newest one from outside.
    static func text(_ status: StatusAnswer?, _ tally: RunTally, version: String, visit: Visit?, now: Date) -> String {
        var metrics = Metrics()
        metrics.add("build_info", .gauge, "The version of shipkeeper, as a label.", [([("version", version)], 1)])
        guard let status else { return metrics.lines.joined() }
        metrics.program(status, visit: visit, now: now)
        metrics.runs(status, tally, now: now)
        metrics.services(status)
        metrics.backups(status, tally)
        return metrics.lines.joined()
    }

    private enum Kind: String { case counter, gauge }
    private typealias Sample = (labels: [(name: String, value: String)], value: Double)

    private mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        guard !samples.isEmpty else { return }
        lines.append("# HELP shipkeeper_\(name) \(help)\n# TYPE shipkeeper_\(name) \(kind.rawValue)\n")
        for sample in samples {
            let labels = sample.labels.map { "\($0.name)=\"\(Metrics.escaped($0.value))\"" }.joined(separator: ",")
            lines.append("shipkeeper_\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(Metrics.number(sample.value))\n")
        }
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func number(_ value: Double) -> String { value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)" }

    private mutating func program(_ status: StatusAnswer, visit: Visit?, now: Date) {
        add("uptime_seconds", .gauge, "Time since the program was started.", [([], now.since(status.startedAt).seconds)])
        add("program_restarts_total", .counter, "Starts of the program in this container after a fault.", [([], Double(status.restarts))])
        add("attention", .gauge, "Problems that need attention.", [([], Double(status.attention.count))])
        add("safe_mode", .gauge, "Whether this is safe mode, in which no job runs.", [([], status.isSafeMode == true ? 1 : 0)])
        add("visit_age_seconds", .gauge, "Time since the last visit from outside.", visit.map { [([], now.since($0.at).seconds)] } ?? [])
    }

    private mutating func runs(_ status: StatusAnswer, _ tally: RunTally, now: Date) {
        func label(_ name: String) -> [(name: String, value: String)] { [("job", name)] }
        let known = status.jobs.map { (name: $0.name, tally: tally.jobs[$0.name] ?? RunTally.Job()) }
        add(
            "runs_total", .counter, "Runs that have ended since the program was started.",
            known.flatMap { job in
                RunOutcome.allCases.map { outcome in
                    (label(job.name) + [("outcome", outcome.rawValue)], Double(job.tally.ended[outcome] ?? 0))
                }
            })
        add(
            "run_last_duration_seconds", .gauge, "How long the newest run took that has ended.",
            known.compactMap { job in job.tally.lastLength.map { (label(job.name), $0.seconds) } })
        add(
            "job_last_success_age_seconds", .gauge, "Time since the end of the newest run that succeeded.",
            known.compactMap { job in job.tally.lastSuccess.map { (label(job.name), max(0, now.since($0).seconds)) } })
        add("job_running", .gauge, "Whether a run is under way.", status.jobs.map { (label($0.name), $0.run?.startedAt == nil ? 0 : 1) })
        add(
            "job_failing", .gauge, "Whether the newest run that came to an end by itself did not succeed.",
            status.jobs.map { job in (label(job.name), job.verdict?.outcome.map { $0 == .succeeded || !$0.isVerdict ? 0 : 1 } ?? 0) })
    }

    private mutating func services(_ status: StatusAnswer) {
        let services = status.jobs.filter(\.isService)
        add("service_ready", .gauge, "Whether a service is ready.", services.map { ([("job", $0.name)], $0.state == .ready ? 1 : 0) })
        add(
            "service_restarts_total", .counter, "Starts of a service after the first of its run.",
            services.compactMap { job in job.restarts.map { ([("job", job.name)], Double($0)) } })
        add(
            "service_memory_bytes", .gauge, "Resident memory of a service's processes together.",
            services.compactMap { job in job.memoryBytes.map { ([("job", job.name)], Double($0)) } })
    }

    private mutating func backups(_ status: StatusAnswer, _ tally: RunTally) {
        add(
            "backup_age_seconds", .gauge, "Time since the newest complete backup was stored.",
            status.lastBackup.map { [([("job", $0.job)], Double($0.ageSeconds))] } ?? [])
        add(
            "backup_size_bytes", .gauge, "Size of the newest backup that was stored, packed.",
            status.jobs.compactMap { job in tally.jobs[job.name]?.archiveBytes.map { ([("job", job.name)], Double($0)) } })
        add(
            "restore_drill_age_seconds", .gauge, "Time since the last restore drill that passed.",
            (status.drills ?? []).map { ([("job", $0.job)], Double($0.ageSeconds)) })
        add(
            "repository_used_bytes", .gauge, "What a job's repository holds.",
            status.space.map { ([("job", $0.job)], Double($0.usedBytes)) })
        add(
            "repository_limit_bytes", .gauge, "What a job's repository may hold.",
            status.space.compactMap { space in space.limitBytes.map { ([("job", space.job)], Double($0)) } })
    }
}
