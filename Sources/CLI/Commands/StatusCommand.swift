import ArgumentParser
import Control
import Foundation
import JobKit
import Scheduler
import Settings

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: StatusOperation.summary)

    @Flag(help: "Exit with 1 when something needs attention, for health checks and scripts.")
    var check = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let status = try await server.ask(StatusOperation.self)
        if !Console.answered(status) { for line in StatusText(status, width: Console.width).lines { Console.out(line) } }
        guard check, !status.attention.isEmpty else { return }
        if Console.isJSON { for item in status.attention { Console.error("\(item.job): \(item.message)", hint: item.hint) } }
        throw ExitCode.failure
    }
}

/// The status as people read it.
struct StatusText {
    private let status: StatusAnswer
    private let width: Int

    init(_ status: StatusAnswer, width: Int) {
        self.status = status
        self.width = width
    }

    var lines: [String] {
        var lines = [heading, ""]
        var table = TextTable(["JOB", "STATE", "WHAT", "NEXT"], flexible: 2)
        for job in status.jobs {
            table.add([
                .init(job.name, .bold), .init(job.state.rawValue, colour(job)), .init(what(job)),
                .init(job.next.map { "in \(DurationText.readable($0.since(status.at)))" } ?? (job.pause == nil ? "" : "paused")),
            ])
        }
        lines += table.lines(width: width)
        lines.append("")
        if let backup = status.lastBackup {
            lines.append("Last good backup: \(DurationText.readable(.seconds(backup.ageSeconds))) ago (\(backup.summary))")
        } else if status.jobs.contains(where: { $0.type == "backup" }) {
            lines.append(Console.paint("No whole backup has been made yet.", .yellow))
        }
        lines += status.space.map { space in
            let limit = space.limitBytes.map { " of \(ByteSizeText.readable($0))" } ?? ""
            return "Stored by \(space.job), old versions included: \(ByteSizeText.readable(space.usedBytes))\(limit)"
        }
        lines += attention
        return lines
    }

    private var heading: String {
        let up = DurationText.readable(status.at.since(status.startedAt))
        let again = status.restarts == 0 ? "" : ", started again \(status.restarts)× after a fault"
        return "shipkeeper \(status.version), up \(up)\(again)\(status.isStopping ? ", stopping" : "") (\(status.configuration))"
    }

    private var attention: [String] {
        guard !status.attention.isEmpty else { return [Console.paint("Nothing needs attention.", .green)] }
        return [Console.paint("Needs attention:", .red)]
            + status.attention.flatMap { item in
                [wrapped("\(item.job): \(item.message)", width: width, indent: "  ")]
                    + (item.hint.map { [wrapped("→ \($0)", width: width, indent: "    ")] } ?? [])
            }
    }

    private func colour(_ job: JobAnswer) -> Console.Colour? {
        switch job.state {
        case .ready, .running: .green
        case .starting, .waiting, .stopping, .waitingToRetry, .deferred: .yellow
        case .unready, .backingOff, .givenUp, .disabled: .red
        case .idle, .stopped, .finished: job.last?.outcome.flatMap { $0 == .succeeded ? nil : Console.Colour($0) }
        }
    }

    private func what(_ job: JobAnswer) -> String {
        if let run = job.run, let since = job.since {
            let time = "for \(DurationText.readable(status.at.since(since)))"
            if let progress = run.progress { return "\(time), \(progress.displayText)" }
            let process = job.process.map { ", process \($0)" } ?? ""
            let launches = (job.launches ?? 1) > 1 ? ", launch \(job.launches ?? 1)" : ""
            return time + process + launches + (job.note.map { ": \($0)" } ?? "")
        }
        if let note = job.note { return note }
        guard let last = job.last, let outcome = last.outcome else { return job.triggers.isEmpty ? "when started manually" : "not yet" }
        let ago = last.finishedAt.map { "\(DurationText.readable(status.at.since($0))) ago" } ?? ""
        return "\(outcome.rawValue) \(ago)" + (last.displayText.isEmpty ? "" : ": \(last.displayText)")
    }
}

extension ProgressAnswer {
    /// As people read it: `packing 120 of 400 files, 12.3 MB, 4.1 MB/s`.
    var displayText: String {
        let of = total.map { " of \($0)" } ?? ""
        let moved = bytes.map { ", \(ByteSizeText.readable($0))" } ?? ""
        let rate = bytesPerSecond.map { ", \(ByteSizeText.readable($0))/s" } ?? ""
        return "\(step) \(done)\(of) \(unit)\(moved)\(rate)"
    }
}
