import Control
import Foundation
import JobKit
import Jobs
import Scheduler
import Settings

/// The status as people read it.
struct StatusText {
    private let status: StatusAnswer
    private let width: Int

    init(_ status: StatusAnswer, width: Int) {
        self.status = status
        self.width = width
    }

    var lines: [String] {
        var lines = [wrapped(heading, width: width, indent: ""), ""]
        lines += table.lines(width: width)
        lines.append("")
        if let backup = status.lastBackup {
            let checked = backup.checkedAt.map { ", checked \(ago($0)): nothing new since" } ?? ""
            lines.append(
                wrapped("Last good backup: \(ago(backup.at))\(checked) (\(backup.summary))", width: width, indent: ""))
        } else if status.jobs.contains(where: { $0.type == BackupJob.typeName }) {
            lines.append(Console.paint("No whole backup has been made yet.", .yellow))
        }
        lines += status.space.map { space in
            let limit = space.limitBytes.map { " of \(ByteSizeText.readable($0))" } ?? ""
            return "Stored by \(space.job), old versions included: \(ByteSizeText.readable(space.usedBytes))\(limit)"
        }
        lines += StatusText.attention(status.attention, width: width)
        return lines
    }

    /// Below this a row takes two lines: what a job does would have no space next to the other columns.
    static let leastForOneLine = 100

    /// The columns of a line below a row; where there is none, long text is broken into lines.
    private var widthBelow: Int { width < StatusText.leastForOneLine ? width - 4 : .max }

    private var table: TextTable {
        let hasServices = status.jobs.contains(where: \.isService)
        let isNarrow = width < StatusText.leastForOneLine
        let header = ["JOB", "STATE"] + (hasServices ? ["RESTARTS", "MEM"] : []) + ["NEXT"] + (isNarrow ? [] : ["WHAT"])
        var table = TextTable(header, flexible: isNarrow ? 0 : header.count - 1, isWrapping: !isNarrow)
        for job in status.jobs {
            var cells = [TextTable.Cell(job.name, .bold), .init(job.state.rawValue, StatusText.colour(job.state))]
            if hasServices { cells += [.init(job.restarts.map { "\($0)" } ?? ""), .init(job.memoryBytes.map { ByteSizeText.readable($0) } ?? "")] }
            cells.append(.init(job.next.map { "in \(DurationText.readable($0.since(status.at)))" } ?? (job.pause == nil ? "" : "paused")))
            if isNarrow { table.add(cells, below: what(job)) } else { table.add(cells + [.init(what(job))]) }
        }
        return table
    }

    private func ago(_ date: Date) -> String { "\(DurationText.readable(status.at.since(date))) ago" }

    private var heading: String {
        let up = DurationText.readable(status.at.since(status.startedAt))
        let again = status.restarts == 0 ? "" : ", started again \(status.restarts)× after a fault"
        return "shipkeeper \(status.version), up \(up)\(again)\(status.isStopping ? ", stopping" : "") (\(status.configuration))"
    }

    /// What needs attention, and what to do about each.
    static func attention(_ items: [StatusAnswer.Attention], width: Int) -> [String] {
        guard !items.isEmpty else { return [Console.paint("Nothing needs attention.", .green)] }
        return [Console.paint("Needs attention:", .red)]
            + items.flatMap { item in
                [wrapped("\(item.job): \(item.message)", width: width, indent: "  ")]
                    + item.hints.map { wrapped("→ \($0)", width: width, indent: "    ") }
            }
    }

    static func colour(_ state: StateName) -> Console.Colour? {
        switch state {
        case .ready, .running: .green
        case .starting, .waiting, .stopping, .waitingToRetry, .deferred, .stopped, .incomplete: .yellow
        case .unready, .backingOff, .givenUp, .disabled, .failed, .timedOut, .interrupted: .red
        case .idle, .ok, .finished: nil
        }
    }

    private func what(_ job: JobAnswer) -> String {
        if let run = job.run, let since = job.since {
            let time = "for \(DurationText.readable(status.at.since(since)))"
            if let progress = run.progress { return "\(time), \(progress.text(columns: widthBelow - DisplayWidth.of(time) - 2))" }
            let process = job.process.map { ", process \($0)" } ?? ""
            return time + process + (job.note.map { ": \($0)" } ?? "")
        }
        if let note = job.note { return note }
        let verdict = job.verdict.map { outcomeText($0) }
        // A run that was cancelled does not change the verdict, and is shown next to it.
        let later = job.last.flatMap { last in last.id == job.verdict?.id ? nil : last.outcome.map { "\($0.rawValue) \(outcomeText(last))" } }
        let words = [verdict, later].compactMap(\.self).joined(separator: "; ")
        return words.isEmpty ? (job.triggers.isEmpty ? "when started manually" : "not yet") : words
    }

    /// When a run ended and what came of it; the state says how it ended.
    private func outcomeText(_ run: RunAnswer) -> String {
        (run.finishedAt.map(ago) ?? "") + (run.displayText.isEmpty ? "" : ": \(run.displayText)")
    }
}

extension StatusAnswer.Attention {
    /// What to do, and where the log is.
    var hints: [String] {
        let log = run.map { "shipkeeper logs \(job) --run \($0)" }
        guard let hint else { return [log].compactMap(\.self) }
        return hint.contains("shipkeeper logs") ? [hint] : [hint, log].compactMap(\.self)
    }
}
