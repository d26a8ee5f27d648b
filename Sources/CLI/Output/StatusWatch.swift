import Control
import Daemon
import JobKit
import Processes

/// Shows the status again whenever something happens: in place on a terminal, else one after the other where it differs.
struct StatusWatch {
    /// The least time between two looks: what comes faster, such as the output of a busy app, is shown together.
    private static let pace = Duration.milliseconds(250)

    let jobs: [String]
    let server: ServerOptions

    /// Until the command is ended, or the program that it asks.
    func run() async throws {
        var frame = Frame()
        var told: [String] = []
        while true {
            guard let shown = try await ShownStatus.ask(jobs, server) else {
                // Says why, and ends the command.
                _ = try await server.ask(StatusOperation.self)
                continue
            }
            if Console.isJSON || !Terminal.isOutput {
                let state = shown.state
                if state != told, !shown.answeredLine() { Console.out((told.isEmpty ? [] : [""]) + shown.lines(width: Console.width)) }
                told = state
            } else {
                Console.raw(frame.text(shown.lines(width: Console.width), rows: Terminal.height ?? 24))
            }
            let begun = ContinuousClock.now
            try await server.news(after: shown.position)
            let rest = StatusWatch.pace - (ContinuousClock.now - begun)
            if rest > .zero { try await SystemWallClock().sleep(for: rest) }
        }
    }

    /// What is drawn over the last status. Whenever it is whole, the terminal is as it was before: the cursor is below, at the left.
    struct Frame {
        private var drawn = 0

        /// - Parameter rows: Of the terminal. What does not fit is left out: it could not be drawn over.
        mutating func text(_ lines: [String], rows: Int) -> String {
            var rest = lines.flatMap { Console.printable($0).split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
            if rest.count >= rows { rest = rest.prefix(max(1, rows - 2)) + ["…"] }
            defer { drawn = rest.count }
            let up = drawn > 0 ? "\u{1b}[\(drawn)A" : ""
            // Lines are not broken by the terminal while they are drawn: each takes one row.
            return "\u{1b}[?7l\(up)\r\u{1b}[J\(rest.joined(separator: "\n"))\n\u{1b}[?7h"
        }
    }
}

extension ShownStatus {
    /// What differs when something has changed: without durations, which always do, and without progress.
    fileprivate var state: [String] {
        let about = attention.map { "\($0.job): \($0.message)" }
        switch self {
        case .all(let status):
            return status.jobs.map(\.stateWords) + ["\(status.isStopping) \(String(describing: status.lastBackup?.at))"] + about
        case .table(let table):
            return table.rows.map { "\($0.job) \($0.state) \($0.restarts) \($0.isPaused)" } + ["\(table.status.isStopping)"] + about
        case .jobs(let cards): return cards.jobs.flatMap { card in [card.job.stateWords] + card.checks.map { "\($0.kind) \($0.result)" } } + about
        }
    }
}

extension JobAnswer {
    fileprivate var stateWords: String {
        let run = run.map { "\($0.id) \($0.state)" } ?? ""
        return "\(name) \(state) \(run) \(last?.id ?? 0) \(verdict?.id ?? 0) \(restarts ?? 0) \(process ?? 0) \(note ?? "") \(pause != nil)"
    }
}
