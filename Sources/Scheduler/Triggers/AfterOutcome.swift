import Foundation

extension Trigger {
    /// What of another job counts. The raw values are those of the configuration.
    package enum AfterOutcome: String, CaseIterable, Hashable, Sendable {
        /// A run has ended in this way, each time.
        case succeeded, incomplete, failed, finished
        /// A run has started.
        case started
        /// A problem of this kind has begun; not again until it has ended.
        case failing, late, slow, silent, restarting
        /// A problem of any kind but `failing` has begun.
        case problem
        /// The problems that were reported have ended.
        case recovered

        private func admits(_ outcome: RunOutcome) -> Bool {
            switch self {
            case .succeeded: outcome == .succeeded
            case .incomplete: outcome == .incomplete
            case .failed: [.failed, .timedOut, .interrupted].contains(outcome)
            case .finished: outcome != .skipped
            case .started, .failing, .late, .slow, .silent, .restarting, .problem, .recovered: false
            }
        }

        /// The kinds of problems whose beginning starts the follower.
        private var beginnings: Set<JobProblem.Kind> {
            switch self {
            case .failing: [.failing]
            case .late: [.late]
            case .slow: [.slow]
            case .silent: [.silent]
            case .restarting: [.restarting]
            case .problem: AfterOutcome.allProblems
            case .succeeded, .incomplete, .failed, .finished, .started, .recovered: []
            }
        }

        /// The kinds of problems that a follower has heard of by this.
        private var known: Set<JobProblem.Kind> {
            switch self {
            case .failed: [.failed]
            case .incomplete: [.incomplete]
            case .finished: [.failed, .incomplete]
            case .failing, .late, .slow, .silent, .restarting, .problem: beginnings
            case .succeeded, .started, .recovered: []
            }
        }

        private static let allProblems = Set(JobProblem.Kind.allCases).subtracting([.failing])

        /// What a follower learns of something that has happened; nil where it is not started. Pure.
        ///
        /// `recovered` is for those who have heard of a problem that has ended, unless another one that they hear of begins in its place.
        /// - Parameter outcomes: All that the follower waits for.
        package static func notice(of happening: Happening, for outcomes: Set<AfterOutcome>) -> Happening.Notice? {
            let beginnings = outcomes.reduce(into: Set()) { $0.formUnion($1.beginnings) }
            let begun = happening.begun.filter { beginnings.contains($0.kind) }
                .min { JobProblem.Kind.allCases.firstIndex(of: $0.kind) ?? 0 < JobProblem.Kind.allCases.firstIndex(of: $1.kind) ?? 0 }
            let known = outcomes.reduce(into: Set()) { $0.formUnion($1.known) }
            let isOver = !happening.ended.isDisjoint(with: known.isEmpty ? allProblems : known)
            if isOver, begun == nil, outcomes.contains(.recovered) { return .init(word: recovered.rawValue, message: happening.message) }
            if let outcome = happening.outcome, outcomes.contains(where: { $0.admits(outcome) }) {
                return .init(word: outcome.rawValue, message: happening.message)
            }
            if let begun {
                let isEnd = [.failing, .failed, .incomplete].contains(begun.kind)
                return .init(word: isEnd ? happening.outcome?.rawValue ?? begun.kind.rawValue : begun.kind.rawValue, message: begun.message)
            }
            return happening.isStart && outcomes.contains(.started) ? .init(word: started.rawValue, message: "") : nil
        }
    }
}

/// Something that has happened to a job, for those that follow it.
package struct Happening: Hashable, Sendable {
    /// What a follower learns of it.
    package struct Notice: Hashable, Sendable {
        /// `failed`, `late`, `recovered`: the outcome of the run, or the kind of problem.
        package var word: String
        /// The summary or the error of the run, or what is wrong; may be empty.
        package var message: String
    }

    package var job: String
    /// The run that it is about; nil where there is none.
    package var run: Int64?
    /// Whether the run has started.
    package var isStart = false
    /// How the run has ended.
    package var outcome: RunOutcome?
    package var begun: [JobProblem] = []
    package var ended: Set<JobProblem.Kind> = []
    /// The run's error, or its summary.
    package var message = ""

    package init(job: String, run: Int64?) {
        self.job = job
        self.run = run
    }

    var isEmpty: Bool { !isStart && outcome == nil && begun.isEmpty && ended.isEmpty }
}
