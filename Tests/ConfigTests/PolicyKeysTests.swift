import Config
import Foundation
import HTTPClient
import JobKit
import Jobs
import Scheduler
import Settings
import TestSupport
import Testing

/// The keys that say when a run may start, and how it makes room for others.
@Suite("keys of policies")
struct PolicyKeysTests {
    private static let catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })

    private func read(_ text: String) -> (jobs: [JobDefinition], problems: [String]) {
        let reader = ConfigurationReader(catalog: PolicyKeysTests.catalog, environment: [:])
        do throws(ConfigurationError) {
            let configuration = try reader.read("version: 1\njobs:\n\(text)\n", file: "c.yaml")
            return (configuration.jobs.map(\.definition), configuration.warnings.map(\.description))
        } catch {
            return ([], error.problems.map(\.description))
        }
    }

    private func ofJob(_ line: String, type: String = "command") -> (job: JobDefinition?, problems: [String]) {
        let (jobs, problems) = read("  a:\n    type: \(type)\n    with: { command: [\"true\"] }\n    \(line)")
        return (jobs.first, problems)
    }

    @Test("priority is a number")
    func priority() {
        #expect(ofJob("timeout: 1m").job?.priority == 0)
        #expect(ofJob("priority: -20").job?.priority == -20)
        #expect(ofJob("priority: high").problems == ["c.yaml:6:15: error: \"a.priority\" is \"high\"; write a whole number from -100 to 100"])
    }

    @Test("background is a word or a group")
    func background() {
        #expect(ofJob("background: true").job?.background == Background())
        #expect(ofJob("background: no").job?.background == nil && ofJob("timeout: 1m").job?.background == nil)
        let all = ofJob("background: { nice: 19, io: low, memory_high: 256MiB, pressure: 30%, wait: 1h }")
        #expect(all.job?.background == Background(nice: 19, io: .low, memoryHigh: 256 << 20, pressure: 30, wait: .seconds(3600)), "\(all.problems)")
        #expect(ofJob("background: { pressure: off }").job?.background?.pressure == nil)
        for wrong in [
            "maybe", "{ nice: 20 }", "{ io: fast }", "{ memory_high: 1MiB }", "{ pressure: 0% }", "{ pressure: 50 }", "{ wait: 0s }", "{ memory: 1GB }",
        ] {
            #expect(ofJob("background: \(wrong)").problems.count == 1, "\(wrong): \(ofJob("background: \(wrong)").problems)")
        }
        #expect(ofJob("background: true", type: "service").problems.first?.contains("a service does not run in the background") == true)
        #expect(ofJob("nice: 10").problems.first?.contains("write background: { nice: 10, io: idle }") == true)
    }

    @Test("retry names kinds of failures, and exit codes in the place of all errors")
    func retry() {
        let named = ofJob("retry: { on: [75, timeout] }").job?.retry
        #expect(named?.on == [.timeout] && named?.exitCodes == [75])
        #expect(ofJob("retry: { on: 137 }").job?.retry.exitCodes == [137] && ofJob("retry: { on: 137 }").job?.retry.on == [])
        #expect(ofJob("retry: { attempts: 2 }").job?.retry.on == [.error, .timeout])
        #expect(ofJob("retry: { on: [error, 75] }").problems.first?.contains("warning: error in \"on\" is every exit code") == true)
        for wrong in ["0", "256", "-1", "sometimes"] { #expect(ofJob("retry: { on: [\"\(wrong)\"] }").problems.count == 1) }
    }

    @Test("a job that is due only after one that needs it is named")
    func deadlock() {
        func problems(_ on: String) -> [String] {
            read(
                """
                  a: { type: command, with: { command: [x] }, needs: b }
                  b: { type: command, with: { command: [x] }, needs: c }
                  c: { type: command, with: { command: [x] }, on: \(on) }
                """
            ).problems.filter { $0.contains("neither starts by itself") }
        }
        #expect(problems("{ after: a }").count == 1, "\(problems("{ after: a }"))")
        #expect(problems("{ after: a, boot: true }").isEmpty && problems("{ after: { job: \"*\", outcome: failed } }").isEmpty)
    }

    @Test("circles of after are refused, whatever outcome they follow, and through jobs that follow all")
    func circles() {
        func problems(_ first: String, _ second: String) -> [String] {
            read(
                """
                  a: { type: command, with: { command: [x] }, on: { after: \(first) } }
                  b: { type: command, with: { command: [x] }, on: { after: \(second) } }
                """
            ).problems.filter { $0.contains("goes in a circle") }
        }
        #expect(problems("b", "a").count == 1)
        #expect(problems("{ job: b, outcome: failed }", "{ job: a, outcome: recovered }").count == 1)
        #expect(problems("{ job: \"*\", outcome: problem }", "a").count == 1)
        #expect(problems("{ job: \"*\", outcome: problem }", "{ job: \"*\", outcome: problem }").isEmpty)
    }
}
