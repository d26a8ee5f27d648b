import Control
import Foundation
import JobKit
import Scheduler
import TimeZones

/// One action with its button, its newest run, and what that has printed. A value.
struct ActionPage {
    let context: PageContext
    let action: ActionAnswer

    var values: Values {
        var values = context.common.merging(context.action(action)) { $1 }
        guard let run = action.run else { return values }
        var facts = [(context.text(.cause), run.via), (context.text(.when), ShownTime.text(run.startedAt))]
        if run.outcome != .interrupted { facts.append((context.text(.took), context.took(run.startedAt, run.finishedAt))) }
        if let argument = run.argument { facts.append((action.argument ?? "", argument)) }
        values["facts"] = facts.map { ["name": $0.0, "value": $0.1] }
        values["outcome"] = run.outcome.map { StateWords.text(RunOutcome($0), context.language) }
        values["outcomeTone"] = run.outcome == .succeeded ? "good" : "bad"
        values["message"] = run.message.map(context.plain)
        values["hasRun"] = true
        values["isCut"] = run.bytesLeftOut > 0
        let lines = run.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast(run.output.hasSuffix("\n") ? 1 : 0)
        values["lines"] = run.output.isEmpty ? [] : lines.map { TerminalText.html(String($0)) }
        return values
    }
}

extension PageContext {
    /// An action as its button is made of it.
    func action(_ action: ActionAnswer) -> Values {
        let state: StateName =
            switch action.state {
            case .idle: .idle
            case .running: .running
            case .disabled: .disabled
            }
        var values: Values = [
            "name": action.name, "label": plain(action.label), "address": address(.action(action.name)), "canRun": action.state == .idle,
            "form": address(.runAction(action.name)),
        ]
        values["argument"] = action.argument.map(plain)
        values["note"] = action.note.map(plain)
        if action.state != .idle {
            values["state"] = StateWords.text(state, language)
            values["tone"] = StateWords.tone(state)
        }
        return values
    }
}

extension RunOutcome {
    fileprivate init(_ outcome: ActionAnswer.Outcome) {
        self =
            switch outcome {
            case .succeeded: .succeeded
            case .failed: .failed
            case .timedOut: .timedOut
            case .interrupted: .interrupted
            }
    }
}
