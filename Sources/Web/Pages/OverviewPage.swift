import Control
import Foundation
import Front
import JobKit
import Settings

/// The first page: how everything is. A value: what is known in, what the template names out.
struct OverviewPage {
    let context: PageContext
    let status: StatusAnswer
    let situation: Situation
    /// The newest runs of each job, newest first.
    let runs: [String: [RunAnswer]]
    let next: NextAnswer
    let actions: [ActionAnswer]
    let visits: LastVisits
    let mistakes: [ProblemAnswer]

    private static let day = Duration.seconds(86_400)

    var values: Values {
        let words = SituationWords(situation, context.language, now: context.now)
        let names = Set(status.jobs.map(\.name))
        var values = context.common
        values["tone"] = situation.tone.rawValue
        values["sentence"] = words.sentence
        values["advice"] = words.advice
        if case .restoring(let percent) = situation { values["percent"] = percent }
        values["mistakes"] = mistakes.map(mistake)
        values["attention"] = status.attention.map { context.attention($0, names: names) }
        values["services"] = status.jobs.filter(\.isService).map(service)
        values["jobs"] = status.jobs.filter { !$0.isService }.map(job)
        values["actions"] = context.mark == nil ? [] : actions.map(context.action)
        values["canPause"] = status.pause != nil || !next.fires.isEmpty
        values["pauseAction"] = (status.pause == nil ? Route.pauseAll : Route.resumeAll).path
        values["pauseWord"] = context.text(status.pause == nil ? .pauseAll : .resumeAll)
        values["backup"] = status.lastBackup.map { backup in
            [
                "job": backup.job, "address": context.job(backup.job), "age": context.ago(backup.checkedAt ?? backup.at),
                "summary": context.plain(backup.summary),
            ]
        }
        values["space"] = status.space.map { space in
            let limit = space.limitBytes.map { " / \(ByteSizeText.readable($0))" } ?? ""
            return "\(space.job): \(ByteSizeText.readable(space.usedBytes))\(limit)"
        }
        values["drills"] = (status.drills ?? []).map { drill in
            ["job": drill.job, "address": context.job(drill.job), "stamp": context.stamp(drill.at), "age": context.ago(drill.at)]
        }
        values["fires"] = next.fires.filter { $0.at.since(context.now) <= OverviewPage.day }.map(context.fire)
        values["visits"] = visits.visits.map { ["stamp": context.stamp($0.at), "ago": context.ago($0.at), "agent": visitor($0.agent)] }
        values["lastOwn"] = visits.lastOwn.map { ["stamp": context.stamp($0), "ago": context.ago($0)] }
        return values
    }

    private func visitor(_ agent: String) -> String {
        if let monitor = Monitors.name(agent) { return "\(monitor) (\(context.text(.monitor)))" }
        return agent.isEmpty ? "–" : agent
    }

    private func mistake(_ problem: ProblemAnswer) -> Values {
        var values: Values = ["message": problem.message]
        values["hint"] = problem.hint
        values["place"] = problem.line.map { "\(problem.file ?? ""):\($0):\(problem.column ?? 1)" }
        return values
    }

    private func base(_ job: JobAnswer) -> Values {
        var values: Values = [
            "name": job.name, "address": context.job(job.name), "state": StateWords.text(job.state, context.language), "tone": StateWords.tone(job.state),
        ]
        values["note"] = job.note.map(context.plain)
        return values
    }

    private func service(_ job: JobAnswer) -> Values {
        var values = base(job)
        values["facts"] = [
            job.since.map { "\(context.text(.since)) \(context.length(context.now.since($0)))" },
            job.memoryBytes.map { "\(context.text(.memory)) \(ByteSizeText.readable($0))" },
            job.restarts.flatMap { $0 > 0 ? "\(context.text(.restarts)) \($0)" : nil },
        ].compactMap(\.self)
        return values
    }

    private func job(_ job: JobAnswer) -> Values {
        var values = base(job)
        values["canRun"] = job.run == nil && job.state != .disabled
        values["bars"] = RunBars(runs[job.name] ?? [], context.language, now: context.now).svg ?? ""
        values["percent"] = job.run?.progress?.percent.map { Int($0) }
        values["facts"] = [
            (job.last?.finishedAt ?? job.last?.startedAt).map { "\(context.text(.last)) \(context.ago($0))" },
            job.pause != nil ? context.text(.paused) : job.next.map { "\(context.text(.next)) \(context.ahead($0))" },
        ].compactMap(\.self)
        return values
    }
}
