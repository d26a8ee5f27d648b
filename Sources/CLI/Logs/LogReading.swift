import Control
import Foundation
import JobKit

/// Where one job's lines are read: one run after the other, a part at a time.
struct LogReading: Sendable {
    let job: String
    /// The run that is being read.
    private(set) var run: Int64
    /// Where its next part begins, as an offset in bytes.
    private(set) var next: Int64 = 0
    private(set) var isFinished = false
    /// Those that follow.
    private var laterRuns: [Int64]
    private var start: LogStart?
    private var part: ArraySlice<LogEntry> = []
    private var isLast = false
    /// Of the last line that had one.
    private var lastTime = Date.distantPast

    /// - Parameter runs: Oldest first; at least one.
    init(job: String, runs: [Int64], from start: LogStart) {
        self.job = job
        run = runs[0]
        laterRuns = Array(runs.dropFirst())
        self.start = start
    }

    /// When the next line was written, or the one before it where that is not recorded; nil where there is none.
    mutating func nextTime(from source: RecordSource) async throws -> Date? {
        try await fill(from: source)
        guard let entry = part.first else { return nil }
        return entry.at ?? lastTime
    }

    /// The next line; nil after the last one that is there.
    mutating func take(from source: RecordSource) async throws -> LogEntry? {
        try await fill(from: source)
        guard let entry = part.popFirst() else { return nil }
        lastTime = entry.at ?? lastTime
        return entry
    }

    /// Reads to the end, and goes back to the last so many of the lines that pass.
    mutating func rewind(toLast count: Int, from source: RecordSource, where passes: (LogEntry) -> Bool) async throws {
        var kept: ArraySlice<LogEntry> = []
        while let entry = try await take(from: source) {
            guard passes(entry) else { continue }
            kept.append(entry)
            if kept.count / 2 > count, kept.count > 1000 { kept = kept.suffix(count) }
        }
        part = kept.suffix(count)
    }

    private mutating func fill(from source: RecordSource) async throws {
        while part.isEmpty {
            if isLast, start == nil {
                guard !laterRuns.isEmpty else { return }
                run = laterRuns.removeFirst()
                start = .offset(0)
            }
            let answer = try await source.ask(RunLogOperation.self, .init(id: run, from: start ?? .offset(next)))
            (start, next, isLast, isFinished) = (nil, answer.next, answer.isLast, answer.isFinished)
            part = answer.lines.map { LogEntry($0, job: answer.job, run: answer.run) }[...]
        }
    }
}

extension RunLogOperation.Request {
    init(id: Int64, from start: LogStart) {
        switch start {
        case .offset(let offset): self.init(id: id, from: offset)
        case .last(let count): self.init(id: id, lines: count)
        case .since(let instant): self.init(id: id, since: WrittenTime.parameter(instant))
        }
    }
}

/// The lines of several logs in the order in which they were written.
struct MergedLogs: Sendable {
    private(set) var readings: [LogReading]
    /// Readings that have a next line, the earliest last: with thousands of jobs, a look at all of them for each line would take seconds. Nil before the first line.
    private var waiting: [(index: Int, time: Date)]?
    /// The reading whose line was the last one: where it continues is not known yet.
    private var taken: Int?

    init(_ readings: [LogReading]) { self.readings = readings }

    mutating func next(from source: RecordSource) async throws -> LogEntry? {
        if waiting == nil {
            var found: [(index: Int, time: Date)] = []
            for index in readings.indices {
                if let time = try await readings[index].nextTime(from: source) { found.append((index, time)) }
            }
            waiting = found.sorted(by: MergedLogs.comesAfter)
        }
        if let index = taken, let time = try await readings[index].nextTime(from: source) { insert((index, time)) }
        taken = waiting?.popLast()?.index
        guard let taken else { return nil }
        return try await readings[taken].take(from: source)
    }

    private mutating func insert(_ new: (index: Int, time: Date)) {
        var (low, high) = (0, waiting?.count ?? 0)
        while low < high {
            let middle = (low + high) / 2
            if let other = waiting?[middle], MergedLogs.comesAfter(other, new) { low = middle + 1 } else { high = middle }
        }
        waiting?.insert(new, at: low)
    }

    /// Of lines of one instant, that of the first log comes first.
    private static func comesAfter(_ one: (index: Int, time: Date), _ other: (index: Int, time: Date)) -> Bool {
        (one.time, one.index) > (other.time, other.index)
    }
}
