package import Settings

/// A process to be started in a session and process group of its own.
package struct ProcessCommand: Sendable {
    /// The program first; without a `/` it is looked up in the environment's `PATH`.
    package var arguments: [String]
    /// The whole environment: nothing else is inherited.
    package var environment: [String: String]
    /// The working directory; nil for the program's own.
    package var folder: String?
    /// The value of the variable `SHIPKEEPER_MARK`, by which the processes that it starts are recognized.
    package var mark: String
    /// Gets what it prints, cut anywhere. Called on a thread that serves other processes too: it must not block.
    package var onOutput: Output
    /// Whether it only checks something: an orphan that either it or another process may have left is then not taken for its own.
    package var isProbe = false
    /// Messages to and from the process, apart from what it prints; nil for none.
    package var conversation: Conversation?
    /// Lets the process outlive this program, where something above it keeps processes; nil where it is to end with it.
    package var survival: Survival?
    /// Gives it a socket at which it can say how it is; nil for none.
    package var notification: Notification?
    /// Sockets that it inherits; nil for none. Not together with a conversation.
    package var sockets: Sockets?
    /// How it makes room for others; nil where it does not.
    package var yielding: Yielding?

    /// What a process leaves to others, under the name of its job.
    package struct Yielding: Sendable {
        package var job: String
        package var background: Background
        /// Gets a sentence about what the system does not let us do. Called on the thread that launches.
        package var onRefusal: @Sendable (String) -> Void

        package init(job: String, _ background: Background, onRefusal: @escaping @Sendable (String) -> Void) {
            self.job = job
            self.background = background
            self.onRefusal = onRefusal
        }
    }

    /// Sockets that a process gets as descriptors from 3 on, in the manner of sd_listen_fds(3): `LISTEN_FDS`, `LISTEN_FDNAMES` and `LISTEN_PID` tell it.
    package struct Sockets: Hashable, Sendable {
        /// They are the caller's also afterwards.
        package var descriptors: [Int32]
        /// The name of each; without a colon.
        package var name: String

        package init(_ descriptors: [Int32], name: String) {
            self.descriptors = descriptors
            self.name = name
        }
    }

    /// A socket of sd_notify(3), whose address is in `NOTIFY_SOCKET`; see `RunningProcess.listen`.
    package struct Notification: Hashable, Sendable {
        /// How often it must say that it is alive: `WATCHDOG_USEC`, with its id in `WATCHDOG_PID`. Nil where it need not.
        package var watchdog: Duration?

        package init(watchdog: Duration? = nil) { self.watchdog = watchdog }
    }

    /// Called once, on any thread, when the lines that some bytes complete are kept or dropped, with the end of the log then.
    package typealias WhenKept = @Sendable (LogEnd) -> Void

    /// Takes what a process writes. Where `whenKept` is there it must be called, at once or later: the process waits while too much of its output is neither
    /// kept nor dropped, for two seconds at the most.
    package typealias Output = @Sendable (_ bytes: [UInt8], LogStream, _ whenKept: WhenKept?) -> Void

    /// What the program that takes over from this one learns of a process.
    package struct Survival: Sendable {
        /// The longest note, in bytes. A process with a longer one does not survive.
        package static let most = 4096

        package var note: [UInt8]

        package init(note: [UInt8]) { self.note = note }
    }

    /// A request that a process gets on standard input, at once, and the messages that it writes to file descriptor 3.
    package struct Conversation: Sendable {
        /// The longest request in bytes: what a pipe may hold (pipe(7), `/proc/sys/fs/pipe-max-size`).
        package static let most = 1 << 20

        /// At most `most` bytes.
        package var request: [UInt8]
        /// Gets bytes as the process wrote them, cut anywhere. Must not block.
        package var onMessage: @Sendable ([UInt8]) -> Void

        package init(request: [UInt8], onMessage: @escaping @Sendable ([UInt8]) -> Void) {
            self.request = request
            self.onMessage = onMessage
        }
    }

    /// The most bytes that are kept about a process; see `RunningProcess.remember`.
    package static let mostRemembered = 4000

    package init(
        arguments: [String], environment: [String: String], folder: String? = nil, mark: String, onOutput: @escaping Output
    ) {
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.mark = mark
        self.onOutput = onOutput
    }

    /// One whose output is taken at once.
    package init(
        arguments: [String], environment: [String: String], folder: String? = nil, mark: String, onOutput: @escaping @Sendable ([UInt8], LogStream) -> Void
    ) {
        self.init(
            arguments: arguments, environment: environment, folder: folder, mark: mark,
            onOutput: { bytes, stream, whenKept in
                onOutput(bytes, stream)
                whenKept?(.none)
            })
    }
}

/// How a process ended.
package enum ProcessExit: Hashable, Sendable, CustomStringConvertible {
    /// By itself, with this code, 0 to 255.
    case exited(Int32)
    /// By this signal, from us or from elsewhere.
    case signalled(Int32)
    /// It was not a child of ours, and only its parent gets to know how it ended.
    case unknown

    /// The code that a shell would show: 128 plus the signal's number for a signal; nil where it is not known.
    package var code: Int32? {
        switch self {
        case .exited(let code): code
        case .signalled(let signal): 128 + signal
        case .unknown: nil
        }
    }

    /// A verb phrase for messages: `exited with code 1`.
    package var description: String {
        switch self {
        case .exited(let code): "exited with code \(code)"
        case .signalled(let signal): "was ended by \(SignalName.name(of: signal))"
        case .unknown: "ended, and its exit code is not known"
        }
    }
}

/// How a process is asked to end: each step sends a signal and waits; after the last comes SIGKILL.
package struct StopSteps: Hashable, Sendable {
    /// A signal to the process group, and the time after it.
    package struct Step: Hashable, Sendable {
        package var signal: Int32
        /// The longest wait for the process to end before the next step.
        package var wait: Duration

        package init(signal: Int32, wait: Duration) {
            self.signal = signal
            self.wait = wait
        }
    }

    package var steps: [Step]

    /// - Parameter steps: Default: SIGTERM, then a wait of ten seconds.
    package init(_ steps: [Step] = [Step(signal: 15, wait: .seconds(10))]) { self.steps = steps }

    /// The same steps, each wait cut so that all fit into `budget`.
    package func fitted(into budget: Duration) -> StopSteps {
        var rest = max(.zero, budget)
        return StopSteps(
            steps.map { step in
                let wait = min(step.wait, rest)
                rest -= wait
                return Step(signal: step.signal, wait: wait)
            })
    }
}

/// A resource that the system lacks at the moment: the same launch may succeed later.
package enum LaunchShortage: Error, Hashable, Sendable, CustomStringConvertible {
    /// `EAGAIN` of clone(2): the limit on processes of the user or the container is reached.
    case processes
    /// `EMFILE` or `ENFILE`.
    case descriptors
    /// `ENOMEM`.
    case memory

    package var description: String {
        switch self {
        case .processes: "no process slot is free: the limit on processes is reached"
        case .descriptors: "no file descriptor is free: the limit on open files is reached"
        case .memory: "there is not enough memory"
        }
    }

    /// What to do about it.
    package var hint: String {
        switch self {
        case .processes: "raise the limit on processes (pids.max, ulimit -u), or see what uses them up"
        case .descriptors: "raise the limit on open files (ulimit -n)"
        case .memory: "raise the memory limit, or see what uses it up"
        }
    }
}

/// Why a process could not be started.
package enum LaunchError: Error, Hashable, Sendable {
    /// The program is in none of the folders that were searched.
    case notFound(program: String, searched: String)
    /// No permission to execute it, or a mount without execution.
    case notExecutable(path: String)
    case isFolder(path: String)
    /// It may be executed, but is neither a script nor a binary for this machine.
    case noProgram(path: String)
    /// The program that a script's first line names is missing, or can't be executed; the name may end with a carriage return.
    case noInterpreter(script: String, interpreter: String)
    /// A binary for another C library, or for another kind of machine.
    case noLoader(path: String)
    /// The working directory does not exist.
    case folderMissing(path: String)
    /// The command is one that the system would refuse.
    case unusable(program: String, UnusableCommand)
    /// The system lacks a resource at the moment.
    case short(program: String, LaunchShortage)
    /// Another error of the system.
    case failed(program: String, reason: String)

    /// Whether another try may succeed without a manual change.
    package var isPassing: Bool {
        switch self {
        case .short: true
        case .notFound, .notExecutable, .isFolder, .noProgram, .noInterpreter, .noLoader, .folderMissing, .unusable, .failed: false
        }
    }
}

extension LaunchError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notFound(let program, _): program.contains("/") ? "\(program) does not exist" : "\(program) is not on PATH"
        case .notExecutable(let path): "\(path) may not be executed"
        case .isFolder(let path): "\(path) is a folder, not a program"
        case .noProgram(let path): "\(path) is not a program"
        case .noInterpreter(let script, let interpreter):
            LaunchError.endsLikeWindows(interpreter)
                ? "the first line of \(script) ends as on Windows, so its interpreter is not found: \"\(interpreter.filter { !$0.isNewline })\" and a carriage return"
                : "\(script) wants the interpreter \(interpreter), which is not there or can't be executed"
        case .noLoader(let path): "\(path) was made for another system: what loads it is not there"
        case .folderMissing(let path): "the folder \(path) does not exist"
        case .unusable(let program, let reason): "\(program) can't be started: \(reason)"
        case .short(let program, let shortage): "\(program) could not be started: \(shortage)"
        case .failed(let program, let reason): "\(program) could not be started: \(reason)"
        }
    }

    private static func endsLikeWindows(_ line: String) -> Bool { line.utf8.last == 13 }

    /// What is too long for a message, and helps to find the cause; nil for nothing.
    package var detail: String? {
        if case .notFound(let program, let searched) = self, !searched.isEmpty { "\(program) was looked for in \(searched)" } else { nil }
    }

    /// What to do about it.
    package var hint: String {
        switch self {
        case .notFound(let program, _):
            program.contains("/") ? "check the path" : "install it, or write its whole path in the configuration"
        case .notExecutable(let path): "chmod +x \(path), unless its file system is mounted without execution"
        case .isFolder: "name the program in it"
        case .noProgram: "a script begins with a line such as #!/bin/sh; a binary must be made for this kind of machine"
        case .noInterpreter(let script, let interpreter):
            LaunchError.endsLikeWindows(interpreter)
                ? "save it with Unix line ends: sed -i 's/\\r$//' \(script)" : "install \(interpreter), or correct the first line of \(script)"
        case .noLoader: "take a binary that was made for this C library (glibc or musl) and this kind of machine"
        case .folderMissing: "create it, or correct \"cwd\""
        case .unusable(_, let reason): reason.hint
        case .short(_, let shortage): shortage.hint
        case .failed: "the cause is the system's own; see also its limits"
        }
    }
}

/// Starts processes of the operating system. The only way for a job to do so.
///
/// ```swift
/// struct NothingInstalled: ProcessLauncher {     // for a test of the error
///     func launch(_ command: ProcessCommand) async throws(LaunchError) -> any RunningProcess {
///         throw .notFound(program: command.arguments[0], searched: "")
///     }
/// }
/// ```
package protocol ProcessLauncher: Sendable {
    /// Starts a process. Returns once the program is running, or could not be executed; does not wait for its end.
    /// - Throws: Why it could not be started; nothing is left behind then.
    func launch(_ command: ProcessCommand) async throws(LaunchError) -> any RunningProcess
}

/// A process that was started. The caller of `launch` must await `exit()`, and then call `endLeftovers()`.
package protocol RunningProcess: Sendable {
    /// Its process id, which is its process group's too.
    var id: Int32 { get }
    /// Suspends until the main process has ended and its output has been handed over.
    func exit() async -> ProcessExit
    /// Sends a signal to the whole process group; without effect once the process has ended.
    func send(signal: Int32)
    /// Sends a signal to the main process alone; without effect once it has ended.
    func sendToMain(signal: Int32)
    /// Passes on what the process, and what belongs to it, says at its socket from now on, and what waits there: one message at a time, as it was
    /// written. To be called once; without effect where it has no socket.
    /// - Parameter onMessage: Called on a thread that serves other processes too: it must not block. A message is taken from the socket when it has
    ///   returned: one that was not is delivered again to the program that takes the process over.
    func listen(_ onMessage: @escaping @Sendable ([UInt8]) -> Void)
    /// Keeps some bytes about the process, in place of those before, for the program that takes it over; at most `ProcessCommand.mostRemembered`. Does not block.
    func remember(_ bytes: [UInt8])
    /// What was kept last, also by the program before this one; empty for nothing.
    var remembered: [UInt8] { get }
    /// Takes the steps, then kills all processes that belong to it. Returns when all are gone, or can't be killed.
    func stop(_ steps: StopSteps) async
    /// Ends what the process has left behind after its own end. Returns the number of processes that were there.
    func endLeftovers() async -> Int
    /// What it and all processes that belong to it use now.
    func usage() async -> ProcessUsage
    /// The most resident memory in bytes that it had, or one of its children that it has waited for; 0 until it has ended.
    var peakBytes: Int64 { get }
    /// Whether it, or a process that belongs to it, holds a socket that listens at a port of TCP.
    func listens(at port: Int) async -> Bool
    /// A process that it has left behind and that listens at a port, to be supervised in its place. Waits for one as long as
    /// there are any left that might; nil when there are none, or the time is up.
    func successor(listeningAt port: Int, within patience: Duration) async -> (any RunningProcess)?
}

/// What processes use together.
package struct ProcessUsage: Hashable, Sendable {
    /// Resident memory, shared pages counted for each process.
    package var residentBytes: Int64
    /// Time on processors since they were started.
    package var processorTime: Duration
    /// The memory that all processes of the container may use together; `Int64.max` where it is not limited.
    package var containerBytes: Int64

    package init(residentBytes: Int64 = 0, processorTime: Duration = .zero, containerBytes: Int64 = .max) {
        self.residentBytes = residentBytes
        self.processorTime = processorTime
        self.containerBytes = containerBytes
    }
}
