package import Settings

/// Something that is wrong, in one form everywhere: in the answers of the control socket and in `problems` of `--json`.
package struct ProblemAnswer: Codable, Hashable, Sendable {
    package enum Severity: String, Codable, Sendable, CaseIterable { case error, warning }

    package var severity: Severity
    /// What kind of problem it is, for programs; nil where there is no more to know than the message says.
    package var code: ProblemCode?
    /// One sentence: what is wrong.
    package var message: String
    /// What to do about it.
    package var hint: String?
    /// The place in a file, both counted from 1; a problem of the file as a whole has neither.
    package var file: String?
    package var line: Int?
    package var column: Int?

    package init(_ message: String, severity: Severity = .error, hint: String? = nil, code: ProblemCode? = nil) {
        self.severity = severity
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// A problem of the configuration or of a plug-in's manifest.
    package init(_ problem: Problem) {
        self.init(
            problem.message, severity: problem.severity == .error ? .error : .warning, hint: problem.hint,
            code: problem.severity == .error ? .badConfiguration : nil)
        file = problem.place.file
        guard problem.place.line > 0 else { return }
        line = problem.place.line
        column = problem.place.column
    }
}

/// The kinds of problems that programs tell apart. Added to, never changed.
package enum ProblemCode: String, Codable, Sendable, CaseIterable {
    case noSuchJob = "no_such_job"
    case noSuchRun = "no_such_run"
    case noSuchRepository = "no_such_repository"
    case noSuchBackup = "no_such_backup"
    case noSuchAction = "no_such_action"
    case invalidParameter = "invalid_parameter"
    case noSuchPath = "no_such_path"
    /// A method or a body that the path does not take.
    case invalidRequest = "invalid_request"
    /// The program can't answer now; a later request may succeed.
    case unavailable
    /// No program runs with this state folder.
    case notRunning = "not_running"
    /// The command line is not understood.
    case usage
    /// A configuration or a plug-in's manifest is invalid.
    case badConfiguration = "bad_configuration"
    /// The token is missing or wrong, or without one more is not possible.
    case unauthorized
    /// The operation was understood and refused.
    case refused
    /// Nothing was done, because nobody agreed to it.
    case notConfirmed = "not_confirmed"
    /// A run ended with another outcome than `succeeded`.
    case runFailed = "run_failed"
    /// A run stored something that lacks files.
    case incomplete
}
