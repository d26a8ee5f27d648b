package import Foundation
package import JobKit
package import Scheduler

/// What the operations answer. The names of their fields are the API: added to, never changed.
package struct RunAnswer: ValueAnswer {
    package struct AttemptAnswer: Codable, Sendable {
        package var number: Int
        package var startedAt: Date
        package var endedAt: Date?
        package var result: String?
        package var exitCode: Int32?
    }

    package var id: Int64
    package var job: String
    package var cause: String
    /// Why somebody asked for it, in their words.
    package var reason: String?
    package var scheduledAt: Date
    package var missed: Int
    package var startedAt: Date?
    package var finishedAt: Date?
    package var state: StateName
    package var outcome: RunOutcome?
    package var summary: String?
    package var error: String?
    package var hint: String?
    package var exitCode: Int32?
    package var outputs: [String: OutputValue]
    /// What the job said that a person must look at.
    package var attention: [StatusAnswer.Attention]?
    /// When the next attempt is due, while the run waits for one.
    package var nextAttemptAt: Date?
    package var attempts: [AttemptAnswer]?
    package var progress: ProgressAnswer?
    /// Of a service whose run goes on.
    package var service: StateName?
    /// Why a waiting run can't start yet, as a clause: `waits for restore`.
    package var obstacle: String?
    /// The position in the feed of events that this answer knows: what follows is news.
    package var position: Int64?

    init(_ run: Run) {
        id = run.id
        job = run.job
        cause = run.cause.displayText
        reason = run.reason
        scheduledAt = run.scheduledAt
        missed = run.missed
        startedAt = run.startedAt
        finishedAt = run.finishedAt
        state = StateName(run.state)
        outcome = run.state.outcome
        summary = run.summary
        error = run.error
        hint = run.hint
        exitCode = run.exitCode
        nextAttemptAt = run.state.nextAttemptAt
        outputs = run.result?.outputs ?? [:]
        attention = run.attention.isEmpty ? nil : run.attention.map { StatusAnswer.Attention(job: run.job, message: $0.message, hint: $0.hint) }
    }

    package var isFinished: Bool { outcome != nil }
    /// What came of it, in one line.
    package var displayText: String { error ?? summary ?? "" }
    /// The cause for people: programs read `cause`, whose words stay.
    private var causeText: String {
        let manually = "person: "
        return cause.hasPrefix(manually) ? "started manually (\(cause.dropFirst(manually.count)))" : cause
    }
    /// The same for a list: what came of it, or why it runs, and why somebody asked for it.
    package var listText: String {
        let text = displayText.isEmpty ? causeText : displayText
        return reason.map { "reason: \($0); \(text)" } ?? text
    }
}

package struct RunsAnswer: ValueAnswer {
    package var runs: [RunAnswer]
}

package struct StartAnswer: ValueAnswer {
    package enum Result: String, Codable, Sendable, CaseIterable {
        case started, joined, stopping
        case notRunning = "not_running"
        case refused
    }

    package var result: Result
    package var run: Int64?
    package var message: String?
    /// With `wait`: the run when it had ended, or when the time was up.
    package var state: RunAnswer?
}
