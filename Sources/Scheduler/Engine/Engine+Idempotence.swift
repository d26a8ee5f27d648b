import Foundation

/// A request to start a job that is recognized by a word of the caller's: sent twice, it starts one run.
package struct RequestKey: Hashable, Sendable {
    package var job: String
    package var key: String

    package init(job: String, key: String) {
        self.job = job
        self.key = key
    }
}

extension Engine {
    /// Beyond this many the oldest are forgotten; the state file forgets those whose runs it removes.
    private static let mostRequests = 20_000

    /// Answers a request that may have been made before: then with its run, whatever became of that.
    mutating func answer(to request: RequestKey?, at now: Date, _ start: (inout Engine) -> Reply) -> Reply {
        if let request, let run = requests[request] { return .joined(run: run) }
        let reply = start(&self)
        guard let request else { return reply }
        switch reply {
        case .started(let run), .joined(let run):
            requests[request] = run
            decision.changes.append(.request(request, run: run))
            forgetRequests()
        case .stopping, .notRunning, .done, .refused, .noSuchJob: break
        }
        return reply
    }

    private mutating func forgetRequests() {
        guard requests.count > Engine.mostRequests else { return }
        let oldest = requests.values.sorted()[requests.count / 2]
        requests = requests.filter { $0.value >= oldest }
    }
}
