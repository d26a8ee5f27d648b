import Scheduler
import Testing

@Suite("causes of a run")
struct RunCauseTests {
    /// One of each; a new one without an example here does not compile.
    private static func next(_ cause: RunCause?) -> RunCause? {
        switch cause {
        case nil: .boot
        case .boot: .reload
        case .reload: .schedule("cron 0 3 * * *")
        case .schedule: .after(job: "任务", run: 7)
        case .after: .person(via: "command line")
        case .person: .stop
        case .stop: .change(path: "/a b/#c")
        case .change: .dryRun(via: "web")
        case .dryRun: .confirmed(via: "command line")
        case .confirmed: .memoryLimit
        case .memoryLimit: .other(kind: "moon phase", detail: "full")
        case .other: nil
        }
    }

    static let all = Array(
        sequence(state: RunCause?.none) { state -> RunCause? in
            state = next(state)
            return state
        })

    @Test("come back as they were stored", arguments: all)
    func roundTrip(_ cause: RunCause) {
        let stored = cause.stored
        #expect(RunCause(kind: stored.kind, detail: stored.detail) == cause)
        #expect(!cause.displayText.isEmpty && !cause.clause.isEmpty)
    }

    @Test(
        "what is not understood is kept as it is",
        arguments: [("after", "a#b"), ("after", nil), ("after", "a#1#2"), ("", ""), ("Boot", nil)] as [(String, String?)])
    func unknown(kind: String, detail: String?) {
        let cause = RunCause(kind: kind, detail: detail)
        #expect(cause == .other(kind: kind, detail: detail) && cause.stored == (kind, detail))
    }
}
