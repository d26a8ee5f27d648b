import Control
import Foundation
import JobKit
import Settings

/// One job with its buttons. A value.
struct JobPage {
    static let mostRuns = 30

    let context: PageContext
    let card: JobCardAnswer
    let why: WhyAnswer

    var values: Values {
        let job = card.job
        var values = context.common
        values["name"] = job.name
        values["tone"] = StateWords.tone(job.state)
        values["state"] = StateWords.text(job.state, context.language)
        values["facts"] = facts
        let progress = job.run?.progress
        values["percent"] = progress?.percent.map { Int($0) }
        values["progress"] = progress.map { $0.text() }
        values["bars"] = job.isService ? "" : RunBars(card.runs, context.language, now: context.now).svg ?? ""
        let buttons = buttons
        values["plain"] = buttons.filter { $0.confirm == nil }.map(self.values)
        values["guarded"] = buttons.filter { $0.confirm != nil }.map(self.values)
        values["attention"] = card.attention.map { context.attention($0, names: []) }
        values["why"] = why.lines.map(context.why)
        values["checks"] = card.checks.map(check)
        values["fires"] = card.next.map(context.fire)
        values["runs"] = card.runs.map(context.row)
        return values
    }

    private var facts: [String] {
        let job = card.job
        return [
            job.type, job.since.flatMap { job.run == nil ? nil : "\(context.text(.since)) \(context.length(context.now.since($0)))" },
            job.process.map { "\(context.text(.process)) \($0)" }, job.memoryBytes.map { "\(context.text(.memory)) \(ByteSizeText.readable($0))" },
            job.restarts.flatMap { $0 > 0 ? "\(context.text(.restarts)) \($0)" : nil }, job.pause == nil ? nil : context.text(.paused),
            card.needs.isEmpty ? nil : "\(context.text(.needs)): \(card.needs.joined(separator: ", "))",
            job.note.map(context.plain),
        ].compactMap(\.self) + job.triggers
    }

    /// One form.
    private struct Button {
        var change: Route.Change
        var word: Word
        /// What the second button says, where one is not enough.
        var confirm: Word?
        var isMain = false
    }

    private var buttons: [Button] {
        let job = card.job
        guard job.state != .disabled else { return [] }
        let isRunning = job.run != nil
        var buttons: [Button] = []
        if job.isService {
            buttons.append(
                isRunning ? Button(change: .restart, word: .restart, confirm: .restartNow) : Button(change: .start, word: .startService, isMain: true))
        } else {
            if !isRunning { buttons.append(Button(change: .start, word: .runNow, isMain: true)) }
            if card.canDryRun == true { buttons.append(Button(change: .dryRun, word: .dryRun)) }
        }
        if isRunning { buttons.append(Button(change: .stop, word: .stop, confirm: .stopNow)) }
        if job.pause != nil {
            buttons.append(Button(change: .resume, word: .resume))
        } else if !card.next.isEmpty {
            buttons.append(Button(change: .pause, word: .pause))
        }
        return buttons
    }

    private func values(_ button: Button) -> Values {
        var values: Values = [
            "id": button.change.rawValue, "action": context.address(.change(button.change, job: card.job.name)), "word": context.text(button.word),
            "isMain": button.isMain,
        ]
        values["confirm"] = button.confirm.map(context.text)
        return values
    }

    private func check(_ check: JobCardAnswer.Check) -> Values {
        let tone =
            switch check.result {
            case .healthy: "good"
            case .unhealthy: "bad"
            case .unknown: "idle"
            }
        var values: Values = ["tone": tone, "kind": "\(check.kind)", "target": check.target, "ago": context.ago(check.at)]
        values["message"] = check.message.map(context.plain)
        return values
    }
}
