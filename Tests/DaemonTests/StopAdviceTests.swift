import Config
import Foundation
import HTTPClient
import JobKit
import Jobs
import Scheduler
import Settings
import TestSupport
import Testing

@testable import Daemon

@Suite("how long stops have taken")
struct StopAdviceTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func configuration(budget: String) throws -> Configuration {
        let text = """
            version: 1
            stop_budget: \(budget)
            jobs:
              save:
                type: command
                on: { every: 1h, stop: true }
                with: { command: [save] }
              app: { type: service, needs: db, with: { command: [app] } }
              db: { type: service, with: { command: [db] } }
            """
        return try ConfigurationReader(catalog: BuiltInJobs.catalog(http: CurlClient(), now: { [t] in t }), environment: [:]).read(text, file: "c.yaml")
    }

    private func run(_ id: Int64, _ job: String, _ cause: RunCause, from start: Double, to end: Double, _ outcome: RunOutcome = .succeeded) -> StoreChange {
        .save(Run(id: id, job: job, cause: cause, scheduledAt: t, createdAt: t, state: .finished(outcome, at: t + end), startedAt: t + start))
    }

    /// One stop an hour after the boot: the runs take five seconds, then the app one, then the database two.
    private func recorded() -> InMemoryStore {
        let store = InMemoryStore()
        store.apply([
            .event(Event(at: t, kind: .boot, message: "")), run(1, "app", .boot, from: 1, to: 3606, .cancelled),
            run(2, "db", .boot, from: 1, to: 3608, .cancelled),
            run(3, "save", .schedule("every 1h"), from: 100, to: 130), run(4, "save", .schedule("every 1h"), from: 200, to: 220),
            .event(Event(at: t + 3600, kind: .stop, message: "")), run(5, "save", .stop, from: 3600, to: 3605),
            .event(Event(at: t + 4000, kind: .boot, message: "")),
            run(6, "app", .boot, from: 4001, to: 4002, .failed),
        ])
        return store
    }

    @Test("runs count by what they took at a stop, services from when it was their turn")
    func measured() async throws {
        let jobs = try configuration(budget: "8s").jobs.map(\.definition)
        let lengths = await MeasuredLengths(of: jobs, in: recorded())
        #expect(lengths.runs == ["save": .seconds(20)] && lengths.atStop == ["save": .seconds(5)])
        #expect(lengths.services == ["app": .seconds(1), "db": .seconds(2)])
        let nothing = await MeasuredLengths(of: jobs, in: InMemoryStore())
        #expect(nothing.runs.isEmpty && nothing.atStop.isEmpty && nothing.services.isEmpty)
    }

    @Test("a run that would be cut off is named, and a stop that is too long as a whole; what fits is not mentioned")
    func advice() async throws {
        func problems(_ budget: String) async throws -> [String] {
            let read = try configuration(budget: budget)
            return StopAdvice(read, await MeasuredLengths(of: read.jobs.map(\.definition), in: recorded())).problems.map(\.description)
        }
        #expect(try await problems("30s").isEmpty)
        let hint = "write a longer stop_budget if the platform allows it; a backup that runs more often has less to store at the stop"
        #expect(
            try await problems("8s") == [
                "c.yaml:6:28: warning: \"save\" takes 5s at a stop, as measured: the stop budget gives runs 4.8s, and it is cut off; \(hint)"
            ])
        #expect(
            try await problems("8400ms") == [
                "c.yaml:2:14: warning: a stop takes 8s, as measured, and what still runs 8s400ms after SIGTERM is killed; \(hint)"
            ])
    }
}
