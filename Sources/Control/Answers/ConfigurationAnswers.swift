/// What is right and wrong with the configuration on the disk.
package struct ConfigurationCheckAnswer: ValueAnswer {
    package struct Job: Codable, Sendable {
        package var name: String
        package var type: String
        /// Why it will not run; nil where it will.
        package var disabled: String?

        package init(name: String, type: String, disabled: String?) {
            self.name = name
            self.type = type
            self.disabled = disabled
        }
    }

    package var file: String
    /// Whether a reload would put it in force.
    package var isValid: Bool
    package var jobs: [Job]
    /// Errors and warnings, in reading order.
    package var problems: [ProblemAnswer]

    package init(file: String, isValid: Bool, jobs: [Job], problems: [ProblemAnswer]) {
        self.file = file
        self.isValid = isValid
        self.jobs = jobs
        self.problems = problems
    }
}

/// The configuration on the disk as it is read.
package struct ConfigurationAnswer: ValueAnswer {
    package var file: String
    /// YAML with variables and defaults filled in. Secrets are masked.
    package var text: String

    package init(file: String, text: String) {
        self.file = file
        self.text = text
    }
}

/// What was tried in this container.
package struct DoctorAnswer: ValueAnswer {
    package enum Verdict: String, Codable, Sendable, CaseIterable { case ok, warning, failed, skipped }

    package struct Check: Codable, Sendable {
        /// What it is about: `repository main`, `job backup`.
        package var about: String
        package var check: String
        package var verdict: Verdict
        package var message: String
        /// What to do about it; nil where all is well.
        package var hint: String?
        /// Of a disk, in bytes.
        package var free: Int64?

        package init(about: String, check: String, verdict: Verdict, message: String, hint: String? = nil, free: Int64? = nil) {
            (self.about, self.check, self.verdict, self.message, self.free) = (about, check, verdict, message, free)
            self.hint = verdict == .ok ? nil : hint
        }
    }

    package var checks: [Check]

    package init(checks: [Check]) { self.checks = checks }
}
