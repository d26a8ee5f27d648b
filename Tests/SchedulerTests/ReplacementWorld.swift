import Foundation
import JobKit
import Scheduler
import TestSupport

/// One service that is replaced again and again, by a program that dies again and again. Everything follows from the seed.
struct ReplacementWorld {
    private struct Process {
        var fingerprint: String
        /// Whether it has been ready, and serves since.
        var serves = false
        var isEnding = false
    }

    private var random: SeededRandom
    private var now = Date(timeIntervalSince1970: 1_790_000_000)
    private var version = 1
    private var engine: Engine
    private var disk: [Int64: Run] = [:]
    /// By run. They outlive the program.
    private var processes: [Int64: Process] = [:]
    /// By run: from which settings it is started.
    private(set) var problems: [String] = []
    private(set) var replacements = 0

    private var definition: JobDefinition {
        JobDefinition(name: "app", isService: true, triggers: [.boot], fingerprint: "\(version)", restartOrder: .startFirst)
    }

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        engine = Engine.boot([], stored: StoredState(), mostParallel: 4, at: now).engine
        boot()
    }

    mutating func run(steps: Int) {
        for _ in 0..<steps where problems.isEmpty { step() }
        for _ in 0..<50 {
            for id in processes.keys.sorted() { finish(id) }
        }
        if problems.isEmpty, processes.count != 1 { problems.append("\(processes.count) processes are left") }
        if engine.runs.values.filter({ $0.state.activeAttempt != nil }).map(\.id) != Array(processes.keys) { problems.append("a process is nobody's") }
    }

    private mutating func step() {
        now += 1
        let some = processes.keys.sorted().randomElement(using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: decide(.restartRequested(job: "app", via: "test"))
        case 1:
            version += 1
            decide(.reloaded([definition]))
        case 2: if let some { decide(.service(run: some, .wantsReplacement(reason: "memory"))) }
        case 3: crash()
        case 4: fail()
        case 5: if let some, processes[some]?.serves == true { decide(.service(run: some, .status(ServiceStatus(state: .unready)))) }
        default: if let some { finish(some) }
        }
    }

    /// A process comes to what it was about to be: gone, or ready.
    private mutating func finish(_ id: Int64) {
        guard let process = processes[id] else { return }
        if process.isEnding {
            processes[id] = nil
            decide(.attemptEnded(run: id, .failed(JobError("stopped", retry: .pointless))))
        } else {
            processes[id]?.serves = true
            decide(.service(run: id, .status(ServiceStatus(state: .ready))))
        }
    }

    /// A process that was to take another one's place ends before it is ready: its supervisor says that one try has to do.
    private mutating func fail() {
        guard let id = processes.keys.sorted().first(where: { engine.replaced(by: $0) != nil }) else { return }
        processes[id] = nil
        decide(.attemptEnded(run: id, .failed(JobError("it was not ready", retry: .pointless))))
    }

    private mutating func decide(_ event: EngineEvent) {
        let decision = engine.handle(event, at: now)
        if random.chance(3) { return crash() }
        record(decision)
        if random.chance(3) { return crash() }
        carryOut(decision)
        check()
    }

    private mutating func record(_ decision: Decision) {
        for case .save(let run) in decision.changes { disk[run.id] = run }
        for case .event(let event) in decision.changes where event.kind == .defect { problems.append(event.message) }
    }

    private mutating func carryOut(_ decision: Decision) {
        for effect in decision.effects {
            switch effect {
            case .start(let run, _): processes[run.id] = Process(fingerprint: "\(version)")
            case .end(let id, let reason):
                let others = processes.filter { $0.key != id && $0.value.serves && !$0.value.isEnding }
                if processes[id]?.serves == true, processes[id]?.isEnding == false, others.isEmpty {
                    problems.append("run \(id) served alone, and was ended: \(reason.rawValue)")
                }
                if reason == .replaced { replacements += 1 }
                processes[id]?.isEnding = true
            case .adopt, .done: break
            }
        }
    }

    private mutating func check() {
        if processes.count > 2 { problems.append("three processes") }
        if processes.isEmpty { problems.append("no process") }
        if !processes.values.contains(where: { $0.serves && !$0.isEnding }), engine.jobs["app"]?.isReady == true { problems.append("it is said to be ready") }
    }

    /// The program dies, and another one takes over. What has ended meanwhile is told to it by init.
    private mutating func crash() {
        if random.chance(50) { now += 10 }
        boot()
    }

    private mutating func boot() {
        let survivors = processes.compactMap { id, process -> SurvivingService? in
            guard disk[id]?.state.activeAttempt != nil else { return nil }
            return SurvivingService(job: "app", run: id, launch: 1, startedAt: now, isChanged: process.fingerprint != "\(version)")
        }
        // What nobody has a record of is ended before anything is started.
        processes = processes.filter { id, _ in survivors.contains { $0.run == id } }
        for id in processes.keys { processes[id]?.isEnding = false }
        let stored = StoredState(unfinished: disk.values.filter { $0.state.outcome == nil }.sorted { $0.id < $1.id }, highestRunID: disk.keys.max() ?? 0)
        let (engine, decision) = Engine.boot([definition], stored: stored, mostParallel: 4, containerStart: .distantPast, survivors: survivors, at: now)
        self.engine = engine
        record(decision)
        carryOut(decision)
    }
}
