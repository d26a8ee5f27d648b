package import Foundation

/// Something that is wrong with a job and has not ended yet, as it is recorded. It ends with the next run that succeeds; of a service, once that has been
/// ready for a while.
package struct JobProblem: Hashable, Sendable {
    /// The raw values are stored, and part of outputs. In the order in which they are reported where several begin at once.
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        /// A run has failed, timed out or was interrupted; a service was given up.
        case failed
        /// What a run stored lacks something.
        case incomplete
        /// A service is started again and again.
        case restarting
        /// No run has started for longer than `deadline.start_within`.
        case late
        /// Runs start, and none has succeeded for longer than `deadline.start_within`.
        case silent
        /// A run takes longer than `deadline.slower_than` allows.
        case slow
        /// The first attempt of a run has failed; another one may help.
        case failing

        /// Whether it is one of those that the job's deadline raises.
        var isOfDeadline: Bool {
            switch self {
            case .late, .silent, .slow: true
            case .failed, .incomplete, .restarting, .failing: false
            }
        }
    }

    package var kind: Kind
    package var since: Date
    /// The run that it began with; nil where there was none.
    package var run: Int64?
    /// One line: what is wrong.
    package var message: String

    package init(_ kind: Kind, since: Date, run: Int64? = nil, message: String) {
        self.kind = kind
        self.since = since
        self.run = run
        self.message = message
    }
}
