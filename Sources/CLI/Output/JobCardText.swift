import Control
import Daemon
import Foundation
import JobKit
import Scheduler
import Settings
import TimeZones

/// One job in detail, as people read it.
struct JobCardText {
    private let card: JobCardAnswer
    private let width: Int

    init(_ card: JobCardAnswer, width: Int) {
        self.card = card
        self.width = width
    }

    var lines: [String] {
        [heading] + facts.flatMap { name, text in fact(name, text) } + runs + log + attention
    }

    private var job: JobAnswer { card.job }

    private var heading: String {
        let since = job.since.map { job.run == nil ? ", \(ago($0))" : " for \(length(since: $0))" } ?? ""
        let run = job.run.map { " (run \($0.id))" } ?? ""
        return Console.paint(job.name, .bold) + ": " + Console.paint(job.state.rawValue, StatusText.colour(job.state)) + since + run
    }

    /// What is known, by name: only what there is.
    private var facts: [(String, String)] {
        var facts = [("type", job.type)]
        if let note = job.note { facts.append(("why", note)) }
        if let progress = job.run?.progress { facts.append(("progress", progress.text(columns: width - 15))) }
        if let process = job.process {
            let memory = job.memoryBytes.map { ", \(ByteSizeText.readable($0)) of memory" } ?? ""
            facts.append(("process", "\(process)\(memory), \((job.restarts ?? 0).counted("restart"))"))
        }
        for check in card.checks {
            facts.append(("\(check.kind.rawValue) check", "\(check.result.rawValue) \(ago(check.at)): \(check.message ?? check.target)"))
        }
        if !card.needs.isEmpty { facts.append(("needs", card.needs.joined(separator: ", "))) }
        facts.append(("starts", (job.triggers + ["manually"]).joined(separator: ", ")))
        for fire in card.next { facts.append(("next", "\(fire.shownTime), in \(DurationText.readable(fire.at.since(card.at))) (\(fire.schedule))")) }
        if let pause = job.pause {
            facts.append(("paused", "since \(ShownTime.text(pause.since))" + (pause.until.map { ", until \(ShownTime.text($0))" } ?? "")))
        }
        return facts
    }

    private func fact(_ name: String, _ text: String) -> [String] {
        let margin = "  " + String(repeating: " ", count: 13)
        let rest = wrapped(text, width: width, indent: margin).dropFirst(margin.count)
        return (Console.paint("  " + name.padding(toLength: 13, withPad: " ", startingAt: 0), .grey) + rest).split(separator: "\n").map(String.init)
    }

    private var runs: [String] {
        guard !card.runs.isEmpty else { return ["", "It has not run yet."] }
        let isNarrow = width < StatusText.leastForOneLine
        var table = TextTable(["RUN", "WHEN", "TOOK", "OUTCOME"] + (isNarrow ? [] : ["WHAT"]), flexible: isNarrow ? 3 : 4, isWrapping: !isNarrow)
        for run in card.runs {
            let took = run.startedAt.map { start in DurationText.readable((run.finishedAt ?? card.at).since(start)) } ?? ""
            let what = run.listText
            let cells: [TextTable.Cell] = [
                .init("\(run.id)"), .init(ShownTime.text(run.startedAt ?? run.scheduledAt)), .init(took),
                .init(run.outcome?.rawValue ?? run.state.rawValue, run.outcome.flatMap { Console.Colour($0) }),
            ]
            if isNarrow { table.add(cells, below: what) } else { table.add(cells + [.init(what)]) }
        }
        return [""] + table.lines(width: width)
    }

    private var log: [String] {
        guard let run = card.logRun, !card.log.isEmpty else { return [] }
        let lines = card.log.map { TextTable.cut("  " + PrintedText.line($0.displayText), to: width) }
        return ["", "Log of run \(run), its end (all of it: shipkeeper logs \(job.name) --run \(run)):"] + lines
    }

    private var attention: [String] { card.attention.isEmpty ? [] : [""] + StatusText.attention(card.attention, width: width) }

    private func length(since date: Date) -> String { DurationText.readable(card.at.since(date)) }
    private func ago(_ date: Date) -> String { "\(length(since: date)) ago" }
}

extension NextAnswer.Fire {
    /// In the zone whose wall the schedule follows.
    var shownTime: String { (timeZone.flatMap { try? ZoneFinder(environment: ContainerEnvironment.all).zone($0) } ?? ShownTime.zone).text(at) }
}
