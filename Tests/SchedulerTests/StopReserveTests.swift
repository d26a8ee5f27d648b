import JobKit
import Scheduler
import Settings
import Testing

@Suite("what a service leaves of the stop budget")
struct StopReserveTests {
    private func jobs(_ all: [(name: String, needs: [String], grace: Duration?)]) -> [String: ScheduledJob] {
        var found: [String: ScheduledJob] = [:]
        for (name, needs, grace) in all {
            let steps = StopSteps([.init(signal: 15, wait: grace ?? .zero)])
            let service = ServiceDefinition(program: .command(["x"]), stop: steps)
            found[name] = ScheduledJob(definition: JobDefinition(name: name, isService: true, needs: needs), work: .service(service), environment: [:])
        }
        return found
    }

    @Test("the longest chain below counts, and half is a service's own")
    func chain() {
        let all = jobs([
            ("app", ["db", "cache"], .seconds(60)), ("db", ["disk"], .seconds(2)), ("cache", [], .seconds(1)), ("disk", [], .seconds(1)),
            ("other", [], .seconds(9)),
        ])
        let reserve = StopReserve(of: "app", all)
        #expect(reserve.length == .seconds(3))
        #expect(reserve.share(of: .seconds(10)) == .seconds(7))
        #expect(reserve.share(of: .seconds(4)) == .seconds(2))
        #expect(reserve.share(of: .zero) == .zero)
        #expect(StopReserve(of: "other", all).share(of: .seconds(4)) == .seconds(4))
    }

    @Test("a ladder of needs costs no time, and a circle no end")
    func odd() {
        let ladder = (0..<60).map { (name: "s\($0)", needs: $0 == 0 ? [] : ["s\($0 - 1)", "s\(max(0, $0 - 2))"], grace: Duration?.some(.seconds(1))) }
        #expect(StopReserve(of: "s59", jobs(ladder)).length == .seconds(59))
        #expect(StopReserve(of: "a", jobs([("a", ["b"], .seconds(1)), ("b", ["a"], .seconds(1))])).length == .seconds(1))
    }
}
