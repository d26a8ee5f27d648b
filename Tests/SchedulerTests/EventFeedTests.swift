import Foundation
import JobKit
import TestSupport
import Testing

@testable import Scheduler

/// What was recorded, in order, for listeners that may be slow, late or many.
@Suite("event feed")
struct EventFeedTests {
    private let feed = EventFeed(start: Date(timeIntervalSince1970: 1000))

    private func message(_ number: Int) -> SchedulerEvent.Content { .message(topic: "t", text: "\(number)") }

    /// What is held after a position, as far as it can be told in a word.
    private func held(after position: Int64) -> [String] {
        var (found, iterator): ([String], SchedulerEvents.Iterator) = ([], SchedulerEvents(feed: feed, position: position).makeAsyncIterator())
        while let event = iterator.nextIfHeld() {
            switch event.content {
            case .message(_, let text): found.append(text)
            case .progress(_, let run, let progress): found.append("run \(run): \(progress.progress.count?.done ?? 0)")
            case .log(_, let run): found.append("log \(run)")
            case .missed: found.append("missed")
            case .run, .service, .configured: found.append("other")
            }
        }
        return found
    }

    @Test("a listener gets what comes after its position, in order, and may resume in any")
    func positions() {
        let start = feed.position
        for number in 0..<10 { feed.publish(message(number)) }
        #expect(held(after: start) == (0..<10).map(String.init))
        #expect(held(after: start + 4) == (4..<10).map(String.init))
        #expect(held(after: feed.position).isEmpty)
    }

    @Test("a position that is no longer held, of an earlier start, or not reached yet is answered with missed")
    func missed() {
        let start = feed.position
        for number in 0..<(3 * EventFeed.capacity) { feed.publish(message(number)) }
        #expect(held(after: start) == ["missed"])
        #expect(held(after: feed.position - Int64(EventFeed.capacity)).count == EventFeed.capacity)
        #expect(held(after: 5) == ["missed"] && held(after: feed.position + 1) == ["missed"])
        let later = EventFeed(start: Date(timeIntervalSince1970: 1001))
        #expect(later.position > feed.position)
    }

    @Test("of progress and of a log only the newest counts, and neither pushes out what was recorded")
    func coalescing() {
        let start = feed.position
        feed.publish(message(1))
        for done in 1...5000 {
            for run in Int64(1)...2 {
                feed.publish(.progress(job: "a", run: run, MeasuredProgress(RunProgress(step: "s", done: Int64(done), unit: "files"))))
                feed.publish(.log(job: "a", run: run))
            }
        }
        feed.publish(message(2))
        #expect(held(after: start) == ["1", "run 1: 5000", "log 1", "run 2: 5000", "log 2", "2"])
    }

    @Test("runs beyond number take no memory: who has not seen their logs is told so")
    func manyRuns() {
        let start = feed.position
        for run in 0..<Int64(2 * EventFeed.stateCapacity) { feed.publish(.log(job: "a", run: run)) }
        #expect(held(after: start) == ["missed"])
        #expect(held(after: feed.position - 3).count == 3)
    }

    @Test("many listeners at once each get all of it, and the end", .limited)
    func listeners() async {
        let (feed, start) = (feed, feed.position)
        let counts = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    var count = 0
                    for await _ in SchedulerEvents(feed: feed, position: start) { count += 1 }
                    return count
                }
            }
            for number in 0..<500 {
                feed.publish(message(number))
                if number.isMultiple(of: 50) { await Task.yield() }
            }
            feed.close()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == Array(repeating: 500, count: 20))
        feed.publish(message(0))
        #expect(held(after: feed.position).isEmpty)
    }

    @Test("a listener whose task is cancelled stops to wait", .limited)
    func cancelled() async {
        let feed = feed
        let waiting = Task {
            for await _ in SchedulerEvents(feed: feed, position: feed.position) {}
            return true
        }
        waiting.cancel()
        #expect(await waiting.value)
    }

    @Test("a run is told from its creation to its end, with its progress and log; a wait ends when the state is reached", .limited)
    func scheduler() async throws {
        let begun = Gate()
        let bench = SchedulerBench([
            .scripted(JobDefinition(name: "a")) { context throws(JobError) in
                context.report(RunProgress(step: "packing", done: 1, total: 2, unit: "files"))
                context.log("half")
                begun.open()
                return RunReport(summary: "done")
            }
        ])
        let events = bench.scheduler.events()
        try await bench.run {
            guard case .started(let run) = await bench.scheduler.ask(.startRequested(job: "a", via: "test", evenIfRunning: false)) else { return }
            let outcome = await bench.scheduler.wait { snapshot in snapshot.jobs.first { $0.definition.name == "a" }?.last?.state.outcome }
            #expect(outcome == .succeeded)
            var seen: [String] = []
            for await event in events where event.run == run {
                switch event.content {
                case .run(let run): seen.append(run.state.outcome?.rawValue ?? (run.state.activeAttempt == nil ? "waiting" : "running"))
                case .progress(_, _, let progress): seen.append("progress \(progress.progress.count?.done ?? 0)")
                case .log: seen.append("log")
                case .service, .message, .configured, .missed: Issue.record("\(event)")
                }
                if seen.last == "succeeded" { break }
            }
            #expect(seen.last == "succeeded" && seen.contains("running") && seen.contains("progress 1") && seen.contains("log"), "\(seen)")
        }
        // The scheduler's end is the feed's.
        #expect(await bench.scheduler.wait { _ -> Bool? in nil } == nil)
    }
}
