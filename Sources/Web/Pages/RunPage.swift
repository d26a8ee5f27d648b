import Control
import Foundation
import JobKit
import Settings
import TimeZones

/// One run with its log. A value.
struct RunPage {
    /// Of the log, where it is shown from its end.
    static let lastLines = 400

    let context: PageContext
    let run: RunAnswer
    /// Nil where the reader may not see it.
    let log: LogAnswer?
    /// Whether the log is shown from its end.
    let isEnd: Bool
    /// Nil where the run is not the one that says how the job is.
    let why: WhyAnswer?

    var values: Values {
        var values = context.common
        values["id"] = run.id
        values["job"] = run.job
        values["jobAddress"] = context.job(run.job)
        values["tone"] = run.service.map { StateWords.tone($0) } ?? StateWords.tone(run)
        values["state"] = run.service.map { StateWords.text($0, context.language) } ?? StateWords.text(run, context.language)
        values["percent"] = run.isFinished ? nil : run.progress?.percent.map { Int($0) }
        values["progress"] = run.isFinished ? nil : run.progress?.text()
        values["text"] = run.displayText.isEmpty ? run.obstacle : context.plain(run.displayText)
        values["hint"] = run.hint.flatMap { context.hint($0, job: run.job, run: run.id) }
        values["facts"] = facts.map { ["name": $0.0, "value": $0.1] }
        values["canStop"] = !run.isFinished
        values["attempts"] = (run.attempts ?? []).count > 1 ? (run.attempts ?? []).map(attempt) : []
        values["why"] = (why?.lines ?? []).map(context.why)
        values["hasLog"] = log != nil
        values["lines"] = (log?.lines ?? []).map(line)
        values["places"] = places
        return values
    }

    private var facts: [(String, String)] {
        [
            (context.text(.cause), run.reason.map { "\(run.cause) (\($0))" } ?? run.cause),
            (context.text(.when), ShownTime.text(run.startedAt ?? run.scheduledAt)),
            (context.text(.took), context.took(run.startedAt, run.finishedAt)),
        ] + (run.exitCode.map { [(context.text(.exitCode), "\($0)")] } ?? [])
            + run.outputs.sorted { $0.key < $1.key }.map { ($0.key, text($0.value)) }
    }

    private func text(_ value: OutputValue) -> String {
        switch value {
        case .text(let text): context.plain(text)
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .flag(let flag): "\(flag)"
        }
    }

    private func attempt(_ attempt: RunAnswer.AttemptAnswer) -> Values {
        [
            "number": attempt.number, "stamp": context.stamp(attempt.startedAt), "time": context.time(attempt.startedAt),
            "took": context.took(attempt.startedAt, attempt.endedAt), "exitCode": attempt.exitCode.map { "\($0)" } ?? "",
            "result": context.plain(attempt.result ?? ""),
        ]
    }

    private func line(_ line: LogAnswer.Line) -> Values {
        var values: Values = ["text": TerminalText.html(line.text)]
        values["at"] = line.at.map { String(context.stamp($0).dropFirst(11).prefix(8)) }
        values["kind"] =
            switch line.source {
            case .own: "own"
            case .error: "err"
            case .output: nil
            }
        return values
    }

    /// Where else in the log one may look.
    private var places: [Values] {
        guard let log else { return [] }
        func place(_ query: String, _ word: Word) -> Values {
            ["address": context.address(.run(run.id)) + query + "#h-log", "word": context.text(word)]
        }
        if isEnd { return log.lines.count < RunPage.lastLines ? [] : [place("?from=0", .wholeLog)] }
        return (log.isLast ? [] : [place("?from=\(log.next)", .laterLog)]) + [place("", .lastLines)]
    }
}
