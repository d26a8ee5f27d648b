import Foundation
import JobKit
import Scheduler
import Settings

/// The status of all jobs as people read it: what was found out, without what each of their runs is. A sixth of the whole answer.
package struct StatusTableAnswer: ValueAnswer {
    /// The words of the table. Each column is one text with a line for each job, in their order: of thousands of jobs, a text for each would take most of the time.
    package struct Columns: Codable, Sendable {
        package var jobs: String
        /// As `StateName` has them.
        package var states: String
        /// Starts of a service's run after the first one, empty for others; nil where no job is a service.
        package var restarts: String?
        /// What a service's processes have resident together, in the same way.
        package var memory: String?
        /// How long until the job is next due, or that it is paused; empty where it has no schedule.
        package var next: String
        /// Since when, and what came of it.
        package var texts: String
    }

    /// One job.
    package struct Row: Sendable {
        package var job: String
        package var state: String
        package var restarts: String
        package var memory: String
        package var next: String
        package var text: String
        /// How far its run is, behind the text.
        package var progress: ProgressAnswer?

        package var isPaused: Bool { next == StatusTableAnswer.paused }
    }

    private static let paused = "paused"

    /// Everything but the jobs, of which it has none.
    package var status: StatusAnswer
    /// The types of the jobs, each once, sorted.
    package var types: [String]
    package var columns: Columns
    /// How far the runs are that report it, by the names of their jobs.
    package var progress: [String: ProgressAnswer]

    package init(_ whole: StatusAnswer) {
        status = whole
        status.jobs = []
        types = Set(whole.jobs.map(\.type)).sorted()
        let hasServices = whole.jobs.contains(where: \.isService)
        func column(_ word: (JobAnswer) -> String) -> String { StatusTableAnswer.lines(whole.jobs, word) }
        columns = Columns(
            jobs: column(\.name), states: column(\.state.rawValue),
            restarts: hasServices ? column { $0.restarts.map { "\($0)" } ?? "" } : nil,
            memory: hasServices ? column { $0.memoryBytes.map { ByteSizeText.readable($0) } ?? "" } : nil,
            next: column { StatusTableAnswer.next($0, at: whole.at) }, texts: column { StatusTableAnswer.text($0, at: whole.at) })
        progress = whole.jobs.reduce(into: [:]) { found, job in
            if job.since != nil, let progress = job.run?.progress { found[job.name] = progress }
        }
    }

    package var hasServices: Bool { columns.restarts != nil }

    /// One for each job, in their order.
    package var rows: [Row] {
        guard !columns.jobs.isEmpty else { return [] }
        func words(_ column: String?) -> [String] { column.map(StatusTableAnswer.words) ?? [] }
        let (states, restarts, memory) = (words(columns.states), words(columns.restarts), words(columns.memory))
        let (next, texts) = (words(columns.next), words(columns.texts))
        func word(_ column: [String], _ index: Int) -> String { column.indices.contains(index) ? column[index] : "" }
        return words(columns.jobs).enumerated().map { index, job in
            Row(
                job: job, state: word(states, index), restarts: word(restarts, index), memory: word(memory, index),
                next: word(next, index), text: word(texts, index), progress: progress.isEmpty ? nil : progress[job])
        }
    }

    private static let lineBreak = UInt8(ascii: "\n")

    private static func lines(_ jobs: [JobAnswer], _ word: (JobAnswer) -> String) -> String {
        var text: [UInt8] = []
        for (index, job) in jobs.enumerated() {
            if index > 0 { text.append(lineBreak) }
            for byte in word(job).utf8 { text.append(byte == lineBreak ? UInt8(ascii: " ") : byte) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func words(_ column: String) -> [String] {
        column.utf8.split(separator: lineBreak, omittingEmptySubsequences: false).map { String(Substring($0)) }
    }

    private static func next(_ job: JobAnswer, at now: Date) -> String {
        job.next.map { "in \(DurationText.readable($0.since(now)))" } ?? (job.pause == nil ? "" : paused)
    }

    private static func text(_ job: JobAnswer, at now: Date) -> String {
        if let run = job.run, let since = job.since {
            let time = "for \(DurationText.readable(now.since(since)))"
            if run.progress != nil { return time }
            let process = job.process.map { ", process \($0)" } ?? ""
            return time + process + (job.note.map { ": \($0)" } ?? "")
        }
        if let note = job.note { return note }
        let verdict = job.verdict.map { text($0, at: now) }
        // A run that was cancelled does not change the verdict, and is shown next to it.
        let later = job.last.flatMap { last in last.id == job.verdict?.id ? nil : last.outcome.map { "\($0.rawValue) \(text(last, at: now))" } }
        let words = [verdict, later].compactMap(\.self).joined(separator: "; ")
        return words.isEmpty ? (job.triggers.isEmpty ? "when started manually" : "not yet") : words
    }

    /// When a run ended and what came of it; the state says how it ended.
    private static func text(_ run: RunAnswer, at now: Date) -> String {
        (run.finishedAt.map { "\(DurationText.readable(now.since($0))) ago" } ?? "") + (run.displayText.isEmpty ? "" : ": \(run.displayText)")
    }
}
