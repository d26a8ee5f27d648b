package import Foundation
package import Settings

/// All that an attempt gets, and all that it may use besides its own settings.
package struct RunContext: Sendable {
    package var job: String
    package var run: Int64
    /// Counted from 1.
    package var attempt: Int
    /// The scheduled time the run stands for, or the instant someone asked for it.
    package var scheduledAt: Date
    /// How many scheduled times the run stands for besides its own.
    package var missed: Int
    /// Whether it is only to be shown what a run would do.
    package var isDryRun: Bool
    /// Whether a person accepts that the tree to store holds far less than the one before.
    package var isConfirmed: Bool
    /// What the run follows; nil where it follows no other job.
    package var followed: FollowedJob?
    /// Differs with every start of the program.
    package var bootID: String
    /// Where the program keeps its state. A job may keep files of its own below it.
    package var stateFolder: String
    /// The instant by which the attempt is cancelled.
    package var deadline: Date?
    /// The environment of processes of this job: the container's without declared secrets, then what was granted.
    package var environment: [String: String]
    package var clock: any WallClock
    package var processes: any ProcessLauncher
    package var values: any KeyValues
    package var reporter: any RunReporter
    /// Text with every secret's value taken out.
    package var redacted: @Sendable (String) -> String
    /// The time left before the program must be gone; nil while it is not stopping.
    package var stopBudgetLeft: @Sendable () -> Duration?
    /// How its processes make room for the app; nil where they don't.
    package var background: Background?

    package init(
        job: String, run: Int64, attempt: Int, scheduledAt: Date, missed: Int, isDryRun: Bool = false, isConfirmed: Bool = false, followed: FollowedJob? = nil,
        bootID: String, stateFolder: String, deadline: Date?, environment: [String: String], clock: any WallClock, processes: any ProcessLauncher,
        values: any KeyValues, reporter: any RunReporter, redacted: @escaping @Sendable (String) -> String = { $0 },
        stopBudgetLeft: @escaping @Sendable () -> Duration? = { nil }, background: Background? = nil
    ) {
        self.job = job
        self.run = run
        self.attempt = attempt
        self.scheduledAt = scheduledAt
        self.missed = missed
        self.isDryRun = isDryRun
        self.isConfirmed = isConfirmed
        self.followed = followed
        self.bootID = bootID
        self.stateFolder = stateFolder
        self.deadline = deadline
        self.environment = environment
        self.clock = clock
        self.processes = processes
        self.values = values
        self.reporter = reporter
        self.redacted = redacted
        self.stopBudgetLeft = stopBudgetLeft
        self.background = background
    }

    /// The steps by which a process of this job is ended, cut to what the stop budget leaves.
    package func fitted(_ steps: StopSteps) -> StopSteps {
        stopBudgetLeft().map { steps.fitted(into: $0) } ?? steps
    }

    /// For what a job needs only while it runs. It is emptied at every start of the program.
    package var scratch: String { stateFolder + "/scratch" }

    /// Adds a line to the run's log.
    package func log(_ line: String) { reporter.log(line) }

    /// Says how far the attempt has come.
    package func report(_ progress: RunProgress) { reporter.report(progress) }

    /// The command of a process of this job, with its environment, its mark and its log.
    package func command(_ program: ProgramLine, folder: String? = nil) -> ProcessCommand {
        let reporter = reporter
        var command = ProcessCommand(
            arguments: program.arguments, environment: environment, folder: folder,
            mark: "\(bootID):\(job):\(run)", onOutput: { reporter.output($0, from: $1, whenKept: $2) })
        // While the program stops nothing is worth waiting for.
        if let background, stopBudgetLeft() == nil { command.yielding = .init(job: job, background) { reporter.log($0) } }
        return command
    }
}

/// Where a run's words go: its log, and the listeners of its progress.
package protocol RunReporter: Sendable {
    /// A line of the program's own about this run.
    func log(_ line: String)
    /// Bytes as a process of this run wrote them, cut anywhere.
    func output(_ bytes: [UInt8], from stream: LogStream)
    /// The same; calls back once, on any thread, when the lines that the bytes complete are kept or dropped, with the end of the log then.
    func output(_ bytes: [UInt8], from stream: LogStream, whenKept: (@Sendable (LogEnd) -> Void)?)
    func report(_ progress: RunProgress)
    /// The service this run keeps has changed.
    func report(_ service: ServiceStatus)
    /// The service was probed.
    func report(_ check: CheckReport)
    /// The service has been launched once more: a new attempt of the same run begins.
    func launched(_ process: any RunningProcess)
    /// The service's process has ended.
    func ended(_ exit: ProcessExit)
    /// Another process is to take the service's place, for this reason. Nothing may come of it.
    func wantsReplacement(_ reason: String)
}

extension RunReporter {
    package func output(_ bytes: [UInt8], from stream: LogStream, whenKept: (@Sendable (LogEnd) -> Void)?) {
        output(bytes, from: stream)
        whenKept?(.none)
    }

    package func wantsReplacement(_ reason: String) {}
}

/// The two streams of a process.
package enum LogStream: String, Sendable, Codable {
    case standardOutput = "out"
    case standardError = "err"
}
