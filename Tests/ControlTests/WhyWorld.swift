import Foundation
import JobKit
import TestSupport

@testable import Scheduler

/// Some weeks in virtual time around the engine, with all that keeps a scheduled time from its run: work that lasts, fails and times out, sleeps, crashes,
/// stops, pauses, clocks that are set, slots that are taken, persons. Everything follows from the seed.
struct WhyWorld {
    /// What comes between, besides the schedules.
    enum Trouble: CaseIterable {
        case sleep, crash, stop, pause, pauseOfAll, clockBack, clockForward, start, limit
    }

    static let start = Date(timeIntervalSince1970: 1_790_000_000)

    private(set) var engine: Engine
    let store = InMemoryStore()
    private(set) var now = WhyWorld.start
    /// The latest instant that any clock has shown.
    private var latest = WhyWorld.start
    private let jobs: [JobDefinition]
    private let lengths: [String: Duration]
    private let troubles: [Trouble]
    private var random: SeededRandom
    /// The attempts under way, and when they end.
    private var working: [Int64: Date] = [:]
    private var troubleAt: Date
    private var resumeAt: (job: String?, at: Date)?

    private static let mostParallel = 3

    /// - Parameter lengths: How long attempts take, by the job's name; a minute where it is missing.
    init(_ jobs: [JobDefinition], lengths: [String: Duration], troubles: [Trouble], seed: UInt64) {
        self.jobs = jobs
        self.lengths = lengths
        self.troubles = troubles
        random = SeededRandom(seed: seed)
        troubleAt = now + 3600
        let (engine, decision) = Engine.boot(jobs, stored: StoredState(), mostParallel: WhyWorld.mostParallel, at: now)
        self.engine = engine
        store.apply(decision.changes)
        begin(decision)
    }

    mutating func run(until end: Date) async throws {
        while now < end {
            let next = [engine.nextWake(after: now), working.values.min(), troubleAt, resumeAt?.at, end].compactMap(\.self).min() ?? end
            now = max(now, next)
            if let (id, at) = working.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }), at <= now {
                working[id] = nil
                handle(.attemptEnded(run: id, result()))
            } else if let pause = resumeAt, pause.at <= now {
                resumeAt = nil
                handle(.resumeRequested(job: pause.job))
            } else if troubleAt <= now {
                troubleAt = now + Double.random(in: 600...40_000, using: &random)
                try await meet(troubles.randomElement(using: &random) ?? .start)
            } else {
                handle(.tick)
            }
        }
    }

    private mutating func result() -> AttemptResult {
        if random.chance(80) { return .succeeded(RunReport(summary: "done")) }
        return .failed(JobError("did not work", retry: random.chance(60) ? .worthwhile : random.chance(50) ? .after(.seconds(90)) : .pointless))
    }

    private mutating func meet(_ trouble: Trouble) async throws {
        let length = Double.random(in: 30...30_000, using: &random)
        switch trouble {
        case .sleep:
            for (run, at) in working { working[run] = at + length }
            now += length
            // To the program it is a clock that was set: the other one does not count while the host sleeps.
            handle(.clockJumped(.seconds(random.chance(50) ? length : 0)))
        case .crash: try await boot(after: random.chance(50) ? 1 : length)
        case .stop:
            handle(.shutdown(runsUntil: now + 5, end: now + 8))
            while engine.phase != .done, let (id, at) = working.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) {
                now = max(now, min(at, now + 5))
                working[id] = nil
                handle(.attemptEnded(run: id, .failed(JobError("ended"))))
            }
            try await boot(after: length)
        case .pause, .pauseOfAll:
            guard resumeAt == nil, let job = trouble == .pause ? jobs.randomElement(using: &random)?.name : "" else { return }
            resumeAt = (job.isEmpty ? nil : job, now + length)
            handle(.pauseRequested(job: job.isEmpty ? nil : job, until: nil, via: "test"))
        case .clockBack:
            // Cursors that are an hour ahead are set back with the clock, and their times come again.
            latest = max(latest, now)
            let most = 3500 - latest.timeIntervalSince(now)
            if most > 2 { jump(-Double.random(in: 2...most, using: &random)) }
        case .clockForward: jump(length)
        case .start:
            if let job = jobs.randomElement(using: &random)?.name {
                handle(.startRequested(job: job, via: "test", evenIfRunning: random.chance(50)))
            }
        case .limit: handle(.limitChanged(random.chance(50) ? 1 : WhyWorld.mostParallel))
        }
    }

    private mutating func jump(_ seconds: Double) {
        now += seconds
        for (run, at) in working { working[run] = at + seconds }
        if let pause = resumeAt { resumeAt = (pause.job, pause.at + seconds) }
        troubleAt += seconds
        handle(.clockJumped(.seconds(seconds)))
    }

    private mutating func boot(after seconds: Double) async throws {
        now += seconds
        working = [:]
        let (engine, decision) = Engine.boot(jobs, stored: try await store.load(), mostParallel: WhyWorld.mostParallel, at: now)
        self.engine = engine
        store.apply(decision.changes)
        begin(decision)
    }

    private mutating func handle(_ event: EngineEvent) {
        latest = max(latest, now)
        var open = [event][...]
        while let event = open.popFirst() {
            let decision = engine.handle(event, at: now)
            store.apply(decision.changes)
            begin(decision)
            for case .end(let run, _) in decision.effects where working.removeValue(forKey: run) != nil {
                open.append(.attemptEnded(run: run, .failed(JobError("ended", retry: .worthwhile))))
            }
        }
    }

    private mutating func begin(_ decision: Decision) {
        for case .start(let run, _) in decision.effects { working[run.id] = now.adding(lengths[run.job] ?? .seconds(60)) }
    }
}
