import Foundation
@testable import Scheduler
import Testing

@Suite("due times")
struct DueTimesTests {
    @Test("come out in order whatever the order in which they came in")
    func order() {
        var random = SystemRandomNumberGenerator()
        var times = DueTimes<Int>()
        for key in 0..<1000 { times.add(key, at: Date(timeIntervalSince1970: Double(Int.random(in: 0..<200, using: &random)))) }
        var (last, count) = (Date.distantPast, 0)
        while let next = times.earliest {
            #expect(next.at >= last)
            (last, count) = (next.at, count + 1)
            times.removeEarliest()
        }
        #expect(count == 1000)
        times.removeEarliest()
        #expect(times.earliest == nil)
    }

    @Test("what is due is taken once, and the rest stays")
    func due() {
        var times = DueTimes<String>()
        for (key, at) in [("b", 2.0), ("a", 1), ("c", 3), ("a", 2)] { times.add(key, at: Date(timeIntervalSince1970: at)) }
        #expect(times.takeDue(by: Date(timeIntervalSince1970: 2)) == ["a", "b"])
        #expect(times.earliest?.key == "c" && times.takeDue(by: Date(timeIntervalSince1970: 2.9)).isEmpty)
    }
}
