/// What became of the request to continue with another program.
package struct UpgradeAnswer: ValueAnswer {
    /// A run that has to end first.
    package struct Waiting: Codable, Sendable {
        package var job: String
        package var run: Int64

        package init(job: String, run: Int64) {
            self.job = job
            self.run = run
        }
    }

    /// The path of the program that takes over.
    package var program: String
    /// What it says it is; nil where it was not asked, or gave no answer.
    package var version: String?
    /// Whether it takes over, once nothing is waited for. No other run is started until then.
    package var isAccepted: Bool
    package var waitingFor: [Waiting]
    package var problems: [ProblemAnswer]

    package init(program: String, version: String? = nil, isAccepted: Bool, waitingFor: [Waiting] = [], problems: [ProblemAnswer] = []) {
        self.program = program
        self.version = version
        self.isAccepted = isAccepted
        self.waitingFor = waitingFor
        self.problems = problems
    }
}
