import Control
import Foundation
import JobKit
import Jobs
import Scheduler
import Settings

/// The status as people read it.
struct StatusText {
    private let answer: StatusTableAnswer
    private let width: Int

    init(_ answer: StatusTableAnswer, width: Int) {
        self.answer = answer
        self.width = width
    }

    private var status: StatusAnswer { answer.status }

    var lines: [String] {
        var lines = [wrapped(heading, width: width, indent: ""), ""]
        lines += table.lines(width: width)
        lines.append("")
        if let backup = status.lastBackup {
            let checked = backup.checkedAt.map { ", checked \(ago($0)): nothing new since" } ?? ""
            lines.append(
                wrapped("Last good backup: \(ago(backup.at))\(checked) (\(backup.summary))", width: width, indent: ""))
        } else if answer.types.contains(BackupJob.typeName) {
            lines.append(Console.paint("No whole backup has been made yet.", .yellow))
        }
        lines += (status.drills ?? []).map { drill in
            wrapped(
                "Last restore drill passed: \(ago(drill.at)) (\(drill.job): \(drill.files.counted("file")), \(ByteSizeText.readable(drill.bytes)))",
                width: width, indent: "")
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
        let isNarrow = width < StatusText.leastForOneLine
        let header = ["JOB", "STATE"] + (answer.hasServices ? ["RESTARTS", "MEM"] : []) + ["NEXT"] + (isNarrow ? [] : ["WHAT"])
        var table = TextTable(header, flexible: isNarrow ? 0 : header.count - 1, isWrapping: !isNarrow)
        for row in answer.rows {
            var cells = [TextTable.Cell(row.job, .bold), .init(row.state, StateName(rawValue: row.state).flatMap(StatusText.colour))]
            if answer.hasServices { cells += [.init(row.restarts), .init(row.memory)] }
            cells.append(.init(row.next))
            if isNarrow { table.add(cells, below: what(row)) } else { table.add(cells + [.init(what(row))]) }
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

    private func what(_ row: StatusTableAnswer.Row) -> String {
        row.text + (row.progress.map { ", \($0.text(columns: widthBelow - DisplayWidth.of(row.text) - 2))" } ?? "")
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
