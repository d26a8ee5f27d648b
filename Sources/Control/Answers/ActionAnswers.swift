package import Foundation

/// An action: a command that the configuration declares for its app.
package struct ActionAnswer: ValueAnswer, Hashable {
    package enum State: String, Codable, Sendable, CaseIterable {
        case idle, running
        /// It can't be run; `note` says why.
        case disabled
    }

    package enum Outcome: String, Codable, Sendable, CaseIterable {
        /// It exited with 0.
        case succeeded
        /// It exited otherwise, or could not be started.
        case failed
        case timedOut = "timed out"
        /// The program ended while it ran, and has ended it.
        case interrupted
    }

    /// The newest run. No older ones are kept.
    package struct Run: Codable, Hashable, Sendable {
        package var startedAt: Date
        package var finishedAt: Date?
        /// Who has asked for it.
        package var via: String
        package var argument: String?
        /// Nil until it has ended.
        package var outcome: Outcome?
        /// In words: `exited with code 1`.
        package var message: String?
        package var exitCode: Int32?
        /// What it has printed, with secrets taken out; empty until it has ended.
        package var output: String
        /// Bytes that were left out at the beginning of the output.
        package var bytesLeftOut: Int64

        package init(startedAt: Date, via: String, argument: String?) {
            self.startedAt = startedAt
            self.via = via
            self.argument = argument
            output = ""
            bytesLeftOut = 0
        }
    }

    package var name: String
    /// What its button says.
    package var label: String
    /// What is asked for when it is run; nil for nothing.
    package var argument: String?
    package var state: State
    package var note: String?
    /// Only where one action is asked for.
    package var run: Run?

    package init(name: String, label: String, argument: String? = nil, state: State, note: String? = nil, run: Run? = nil) {
        self.name = name
        self.label = label
        self.argument = argument
        self.state = state
        self.note = note
        self.run = run
    }
}

package struct ActionsAnswer: ValueAnswer {
    package var actions: [ActionAnswer]

    package init(actions: [ActionAnswer]) { self.actions = actions }
}
