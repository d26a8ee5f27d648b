import Control
import Foundation
import JobKit

/// Shows what runs write from now on: it reads a log whenever the feed of events says that it has grown, and only what is new in it.
struct LogFollower {
    let server: ServerOptions
    /// Of whose runs; empty for all.
    let jobs: Set<String>
    /// The one run that is followed; nil for all.
    let run: Int64?
    /// In the feed of events: what follows is news.
    private var position: Int64
    /// Where to continue reading, by run.
    private var offsets: [Int64: Int64] = [:]
    /// Runs that were read to their end.
    private var finished: Set<Int64> = []
    /// The newest run of each job that is known.
    private var newest: [String: Int64] = [:]

    init(server: ServerOptions, jobs: Set<String>, run: Int64?, position: Int64) {
        self.server = server
        self.jobs = jobs
        self.run = run
        self.position = position
    }

    /// Continues where these have come to.
    mutating func take(_ readings: [LogReading]) {
        for reading in readings {
            offsets[reading.run] = reading.next
            newest[reading.job] = reading.run
            if reading.isFinished { finished.insert(reading.run) }
        }
    }

    /// Until the run has ended, where one is followed; else until the command is ended.
    mutating func follow(_ show: (LogEntry) -> Void) async throws {
        if let run, finished.contains(run) { return }
        while true {
            let news = try await server.news(after: position, job: jobs.count == 1 ? jobs.first : nil)
            position = news.position
            for id in try await grown(news) {
                try await read(id, show)
                if id == run, finished.contains(id) { return }
            }
        }
    }

    /// The runs of which there may be more to read, in the order in which they began.
    private mutating func grown(_ news: EventsAnswer) async throws -> [Int64] {
        var grown: Set<Int64> = []
        for event in news.events {
            switch event.type {
            case .log, .run:
                // A run that has not begun has no log.
                let hasBegun = event.run.map { $0.startedAt != nil } ?? true
                if let id = event.runID, let job = event.job, jobs.isEmpty || jobs.contains(job), hasBegun { grown.insert(id) }
            case .missed: grown.formUnion(try await all())
            case .service, .progress, .message, .configured: break
            }
        }
        if let run { grown.formIntersection([run]) }
        return grown.subtracting(finished).sorted()
    }

    /// Those that are being followed, and what has begun since.
    private func all() async throws -> Set<Int64> {
        let oldest = newest.values.min() ?? 0
        let runs = try await server.ask(RunsOperation.self, .init(limit: 10_000)).runs
        let begun = runs.filter { $0.startedAt != nil && $0.id > (newest[$0.job] ?? oldest) && (jobs.isEmpty || jobs.contains($0.job)) }
        return Set(offsets.keys).union(begun.map(\.id))
    }

    private mutating func read(_ id: Int64, _ show: (LogEntry) -> Void) async throws {
        while true {
            let answer = try await server.ask(RunLogOperation.self, .init(id: id, from: offsets[id] ?? 0))
            offsets[id] = answer.next
            newest[answer.job] = max(newest[answer.job] ?? 0, id)
            for line in answer.lines { show(LogEntry(line, job: answer.job, run: id)) }
            guard answer.isLast else { continue }
            if answer.isFinished {
                finished.insert(id)
                offsets[id] = nil
            }
            return
        }
    }
}
