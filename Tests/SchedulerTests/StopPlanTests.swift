import Foundation
import JobKit
import Scheduler
import Settings
import TestSupport
import Testing

@Suite("the plan of a stop")
struct StopPlanTests {
    private func job(_ name: String, needs: [String] = [], group: String? = nil, takes: Bool = false) -> JobDefinition {
        JobDefinition(name: name, triggers: [.stop, .schedule(.every(.seconds(60)), atStart: true)], needs: needs, group: group, takesWhatServicesLeave: takes)
    }

    private let app = JobDefinition(name: "app", isService: true, triggers: [.boot], needs: ["db"])
    private let db = JobDefinition(name: "db", isService: true, triggers: [.boot])

    private func plan(_ jobs: [JobDefinition], _ lengths: [String: Duration], _ services: [String: Duration] = [:], budget: Duration = .seconds(10)) -> StopPlan
    {
        StopPlan(jobs, lengths: lengths, stopLengths: services, mostParallel: 4, budget: budget)
    }

    @Test("runs go on at once unless they exclude each other, services end after them in their order, and the last pass comes then")
    func order() {
        let restore = JobDefinition(name: "restore", triggers: [.boot])
        let jobs = [restore, app, db, job("backup", needs: ["restore"], group: "disk", takes: true), job("dump", group: "disk"), job("mail")]
        let found = plan(jobs, ["backup": .seconds(3), "dump": .seconds(2), "mail": .seconds(1)], ["app": .seconds(1), "db": .milliseconds(500)])
        #expect(
            found.parts.map { "\($0.job) \($0.end.seconds) \($0.isLastPass)" } == ["mail 1.0 false", "backup 3.0 false", "dump 5.0 false", "backup 9.5 true"])
        #expect(found.end == .milliseconds(9500) && found.afterRuns == .milliseconds(4500))
    }

    @Test("what does not fit is named: runs by the part that they get, the last pass by the whole")
    func cut() {
        let jobs = [job("backup", takes: true), app, db]
        #expect(plan(jobs, ["backup": .seconds(3)]).cutOff.isEmpty)
        #expect(plan(jobs, ["backup": .seconds(7)]).cutOff.map(\.isLastPass) == [false, true])
        #expect(plan(jobs, ["backup": .milliseconds(5900)]).cutOff.map(\.isLastPass) == [true])
        let slow = plan([job("mail"), app, db], ["mail": .seconds(1)], ["app": .seconds(5), "db": .seconds(5)])
        #expect(slow.cutOff.isEmpty && slow.isTooLong)
        #expect(!plan([job("mail"), app, db], ["mail": .seconds(1)], ["app": .seconds(5)]).isTooLong)
        #expect(plan([], [:]).parts.isEmpty)
    }

    @Test("runs get what services are known not to need, and six tenths at the least")
    func shares() {
        let usual = StopShares(of: .seconds(10))
        #expect(usual.runs == .seconds(6) && usual.all == .milliseconds(9500))
        #expect(StopShares(of: .seconds(10), services: .milliseconds(500)).runs == .milliseconds(7500))
        #expect(StopShares(of: .seconds(10), services: .zero).runs == .milliseconds(8500))
        #expect(StopShares(of: .seconds(10), services: .seconds(5)).runs == .seconds(6))
        #expect(StopShares(of: .seconds(4)).all == .milliseconds(3600))
        // A service that has never been measured keeps its part.
        #expect(plan([app, db], [:], ["app": .zero]).shares == usual)
        #expect(plan([app, db], [:], ["app": .milliseconds(100), "db": .milliseconds(100)]).shares.runs > usual.runs)
    }
}
