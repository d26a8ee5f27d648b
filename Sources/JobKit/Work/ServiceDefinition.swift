package import Settings

/// A process that is meant to run all the time: how it is started, checked, restarted and stopped.
package struct ServiceDefinition: Hashable, Sendable {
    package var program: ProgramLine
    /// The working directory; nil for the program's own.
    package var folder: String?
    /// Variables of its own, over those of the job.
    package var environment: [String: String]
    /// Decides when jobs that need the service may start; nil for as soon as its process has started.
    package var ready: ReadyCheck?
    /// Restarts a service that fails it; nil for no such check.
    package var live: LiveCheck?
    /// What happens when the process ends, unless an exit rule says otherwise.
    package var restart: RestartPolicy
    /// By exit code.
    package var exitRules: [Int32: ExitRule]
    /// How the process is asked to end.
    package var stop: StopSteps
    /// Restarts a service that uses too much memory; nil for no limit.
    package var memoryLimit: MemoryLimit?
    /// The port at which the service listens: a process that it leaves behind there when it exits with 0 is kept as the service.
    package var adoptPort: Int?
    /// Files below a folder that are removed before the first start in a boot.
    package var cleaning: Cleaning?
    /// Once it is ready, the service must say at least this often that it is alive (sd_notify(3), `WATCHDOG=1`), or it is restarted; nil for no need to.
    package var watchdog: Duration?
    /// How it is asked to read its own configuration again; nil where that can't be asked.
    package var reload: Reload?
    /// Where the program listens for it; the process inherits the sockets.
    package var listen: [ListenAddress]

    package init(
        program: ProgramLine, folder: String? = nil, environment: [String: String] = [:], ready: ReadyCheck? = nil, live: LiveCheck? = nil,
        restart: RestartPolicy = RestartPolicy(), exitRules: [Int32: ExitRule] = [:], stop: StopSteps = StopSteps(),
        memoryLimit: MemoryLimit? = nil, adoptPort: Int? = nil, cleaning: Cleaning? = nil, watchdog: Duration? = nil, reload: Reload? = nil,
        listen: [ListenAddress] = []
    ) {
        self.program = program
        self.folder = folder
        self.environment = environment
        self.ready = ready
        self.live = live
        self.restart = restart
        self.exitRules = exitRules
        self.stop = stop
        self.memoryLimit = memoryLimit
        self.adoptPort = adoptPort
        self.cleaning = cleaning
        self.watchdog = watchdog
        self.reload = reload
        self.listen = listen
    }

    /// One probe of a running service.
    package enum Probe: Hashable, Sendable {
        /// A `GET` whose answer is below 400 is good; the next address is tried only after a 404 or 405.
        case http([String])
        /// A connection that is accepted is good.
        case tcp(host: String, port: Int)
        /// Exit code 0 is good.
        case exec([String])

        /// The target for messages.
        package var displayText: String {
            switch self {
            case .http(let addresses): addresses.first ?? ""
            case .tcp(let host, let port): "tcp \(host):\(port)"
            case .exec(let arguments): arguments.joined(separator: " ")
            }
        }
    }

    /// What shows that a service is ready.
    package enum ReadyTarget: Hashable, Sendable {
        case probe(Probe)
        /// It says so itself: `READY=1` at its `NOTIFY_SOCKET` (sd_notify(3)).
        case notify
        /// It prints a line that fits.
        case log(LinePattern)
        /// It writes this file.
        case file(String)

        /// The target for messages.
        package var displayText: String {
            switch self {
            case .probe(let probe): probe.displayText
            case .notify: "notify"
            case .log(let pattern): "log \"\(pattern)\""
            case .file(let path): "file \(path)"
            }
        }
    }

    /// Whether the service can be used.
    package struct ReadyCheck: Hashable, Sendable {
        package var target: ReadyTarget
        /// The longest time from the end of one check to the next; the first checks follow each other faster.
        package var every: Duration
        /// The longest one check may take.
        package var timeout: Duration
        /// A service that is not ready by then is restarted.
        package var within: Duration

        /// Where the configuration says nothing of it.
        package static let usualWithin = Duration.seconds(600)

        /// What is looked at again and again; nil where the service makes itself known.
        package var probe: Probe? { if case .probe(let probe) = target { probe } else { nil } }

        package init(
            probe: Probe, every: Duration = .seconds(1), timeout: Duration = .seconds(5),
            within: Duration = usualWithin
        ) {
            self.init(target: .probe(probe), every: every, timeout: timeout, within: within)
        }

        package init(target: ReadyTarget, every: Duration = .seconds(1), timeout: Duration = .seconds(5), within: Duration = usualWithin) {
            self.target = target
            self.every = every
            self.timeout = timeout
            self.within = within
        }
    }

    /// Whether the service still works, once it was ready.
    package struct LiveCheck: Hashable, Sendable {
        package var probe: Probe
        /// Time from the end of one check to the next.
        package var every: Duration
        /// The longest one check may take.
        package var timeout: Duration
        /// Failures in a row after which the service is restarted.
        package var failures: Int
        /// Failures count once this has passed since the process was started, or the check has passed once.
        package var startPeriod: Duration

        package init(
            probe: Probe, every: Duration = .seconds(10), timeout: Duration = .seconds(5), failures: Int = 5, startPeriod: Duration = .zero
        ) {
            self.probe = probe
            self.every = every
            self.timeout = timeout
            self.failures = failures
            self.startPeriod = startPeriod
        }
    }

    /// How a service is asked to read its own configuration again, while it runs.
    package enum Reload: Hashable, Sendable {
        /// Sent to its main process.
        case signal(Int32)
        /// Exit code 0 is good. The variable `MAINPID` has the id of the main process.
        case command([String])
    }

    /// Whether it is to have a socket at which it can say how it is.
    package var notifies: Bool { ready?.target == .notify || watchdog != nil }

    /// How a service is restarted after it has ended.
    package struct RestartPolicy: Hashable, Sendable {
        /// The wait before the first restart; it doubles with each further one up to `backoffCap`. With zero a service that was ready is started
        /// again at once, and dying again before it was stable, after 1 s, 2 s and so on.
        package var backoff: Duration
        /// The longest wait.
        package var backoffCap: Duration
        /// The service is given up, and its run fails, after this many exits within `giveUpWithin`.
        package var giveUpAfter: Int
        package var giveUpWithin: Duration
        /// The backoff starts again once the service was ready for this long.
        package var stableAfter: Duration
        /// Where a process that runs is replaced: on request, after a reload, at the memory limit.
        package var order: RestartOrder

        package init(
            backoff: Duration = .zero, backoffCap: Duration = .seconds(60), giveUpAfter: Int = 10,
            giveUpWithin: Duration = .seconds(600), stableAfter: Duration = .seconds(60), order: RestartOrder = .stopFirst
        ) {
            self.backoff = backoff
            self.backoffCap = backoffCap
            self.giveUpAfter = giveUpAfter
            self.giveUpWithin = giveUpWithin
            self.stableAfter = stableAfter
            self.order = order
        }
    }

    /// What an exit code means for the service.
    package enum ExitRule: Hashable, Sendable {
        /// Start again at once; more than five times in ten minutes is a failure like any other.
        case restartNow
        /// Start again by the restart policy.
        case restart
        /// Do not start again: the run has failed.
        case giveUp
        /// The service has done what it was for: the run has succeeded.
        case stop
        /// Run a repair once, at the given number of such exits in a row, and start again. Exits before it are followed by the
        /// restart policy, further ones by another rule.
        indirect case repair(ProgramLine, after: Int, then: ExitRule)
    }

    /// When a service that uses too much memory is restarted.
    package struct MemoryLimit: Hashable, Sendable {
        /// How much memory is too much.
        package enum Size: Hashable, Sendable {
            case bytes(Int64)
            /// A share of what the container may use, 0 to 1.
            case share(Double)

            /// - Parameter all: What the container may use.
            package func bytes(of all: Int64) -> Int64 {
                switch self {
                case .bytes(let bytes): bytes
                case .share(let share): Int64(share * Double(all))
                }
            }
        }

        /// Resident memory of the service's processes together.
        package var size: Size
        /// How long it must have been idle before it is restarted; nil for at once.
        package var quiet: Duration?
        /// Where it is never idle that long, it is restarted after this.
        package var within: Duration

        package init(_ size: Size, quiet: Duration? = nil, within: Duration = .seconds(1800)) {
            self.size = size
            self.quiet = quiet
            self.within = within
        }
    }

    /// Stale lock files that an earlier container may have left.
    package struct Cleaning: Hashable, Sendable {
        /// Searched with all below it.
        package var folder: String
        /// As in a `.gitignore`; files with content of their own are never removed.
        package var patterns: [String]

        package init(folder: String, patterns: [String]) {
            self.folder = folder
            self.patterns = patterns
        }
    }
}

/// The state of a service, as `status` shows it.
package struct ServiceStatus: Hashable, Sendable, Codable {
    /// The raw values are part of outputs.
    package enum State: String, Hashable, Sendable, Codable, CaseIterable {
        case stopped, starting, ready, unready
        case backingOff = "backing off"
        case givenUp = "given up"
        case stopping
    }

    package var state: State
    /// The main process's id; nil while there is none.
    package var process: Int32?
    /// Launches since the run began, the first one included.
    package var launches: Int
    /// The reason for the state, such as the last failure, or the next step; nil for none.
    package var note: String?

    package init(state: State, process: Int32? = nil, launches: Int = 0, note: String? = nil) {
        self.state = state
        self.process = process
        self.launches = launches
        self.note = note
    }

    package static let stopped = ServiceStatus(state: .stopped)
}
