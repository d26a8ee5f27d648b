package import Settings

/// A process meant never to end: how it is started, judged, restarted and stopped.
package struct ServiceDefinition: Hashable, Sendable {
    package var program: ProgramLine
    package var folder: String?
    /// Variables of its own, over those of the job.
    package var environment: [String: String]
    package var ready: ReadyCheck?
    package var live: LiveCheck?
    package var restart: RestartPolicy
    package var exitRules: [Int32: ExitRule]
    package var stop: StopSteps
    package var memoryLimit: MemoryLimit?
    /// The port at which the service listens: a process that it leaves behind there when it exits with 0 is kept as the service.
    package var adoptPort: Int?
    /// Files below a folder that are removed before the first start in a boot.
    package var cleaning: Cleaning?

    package init(
        program: ProgramLine, folder: String? = nil, environment: [String: String] = [:], ready: ReadyCheck? = nil, live: LiveCheck? = nil,
        restart: RestartPolicy = RestartPolicy(), exitRules: [Int32: ExitRule] = [:], stop: StopSteps = StopSteps(),
        memoryLimit: MemoryLimit? = nil, adoptPort: Int? = nil, cleaning: Cleaning? = nil
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
    }

    /// One look at a running service.
    package enum Probe: Hashable, Sendable {
        /// An answer below 400 is good; the later addresses are tried where an earlier one is not known (404).
        case http([String])
        /// A connection that is accepted is good.
        case tcp(host: String, port: Int)
        /// Exit code 0 is good.
        case exec([String])

        /// What is asked, as people read it.
        package var displayText: String {
            switch self {
            case .http(let addresses): addresses.first ?? ""
            case .tcp(let host, let port): "tcp \(host):\(port)"
            case .exec(let arguments): arguments.joined(separator: " ")
            }
        }
    }

    package struct ReadyCheck: Hashable, Sendable {
        package var probe: Probe
        package var every: Duration
        package var timeout: Duration
        /// A service that is not ready by then is restarted.
        package var within: Duration

        package init(
            probe: Probe, every: Duration = .seconds(1), timeout: Duration = .seconds(5),
            within: Duration = .seconds(600)
        ) {
            self.probe = probe
            self.every = every
            self.timeout = timeout
            self.within = within
        }
    }

    package struct LiveCheck: Hashable, Sendable {
        package var probe: Probe
        package var every: Duration
        package var timeout: Duration
        /// Failures in a row after which the service is restarted.
        package var failures: Int

        package init(
            probe: Probe, every: Duration = .seconds(10), timeout: Duration = .seconds(5), failures: Int = 5
        ) {
            self.probe = probe
            self.every = every
            self.timeout = timeout
            self.failures = failures
        }
    }

    package struct RestartPolicy: Hashable, Sendable {
        /// The wait before the first restart; it doubles with each further one up to `backoffCap`. With zero a service that was ready is started
        /// again at once, and dying again before it was stable, after 1 s, 2 s and so on.
        package var backoff: Duration
        package var backoffCap: Duration
        /// The service is given up after this many ends within `giveUpWithin`.
        package var giveUpAfter: Int
        package var giveUpWithin: Duration
        /// The backoff starts again once the service was ready for this long.
        package var stableAfter: Duration

        package init(
            backoff: Duration = .zero, backoffCap: Duration = .seconds(60), giveUpAfter: Int = 10,
            giveUpWithin: Duration = .seconds(600), stableAfter: Duration = .seconds(60)
        ) {
            self.backoff = backoff
            self.backoffCap = backoffCap
            self.giveUpAfter = giveUpAfter
            self.giveUpWithin = giveUpWithin
            self.stableAfter = stableAfter
        }
    }

    /// What an exit code means for the service.
    package enum ExitRule: Hashable, Sendable {
        /// Start again at once; more than five times in ten minutes is a failure like any other.
        case restartNow
        /// Start again by the restart policy.
        case restart
        case giveUp
        /// The service has done what it was for: the run has succeeded.
        case stop
        /// Run a repair once, at the given number of such ends in a row, and start again. Ends before it are followed by the
        /// restart policy, further ones by another rule.
        indirect case repair(ProgramLine, after: Int, then: ExitRule)
    }

    /// When a service that uses too much memory is restarted.
    package struct MemoryLimit: Hashable, Sendable {
        package enum Size: Hashable, Sendable {
            case bytes(Int64)
            /// Of what the container may use, 0 to 1.
            case share(Double)

            /// - Parameter all: What the container may use.
            package func bytes(of all: Int64) -> Int64 {
                switch self {
                case .bytes(let bytes): bytes
                case .share(let share): Int64(share * Double(all))
                }
            }
        }

        /// Of the service's processes together, resident.
        package var size: Size
        /// The time that it must have done next to nothing before it is restarted; nil for at once.
        package var quiet: Duration?
        /// Without a quiet moment it is restarted after this.
        package var within: Duration

        package init(_ size: Size, quiet: Duration? = nil, within: Duration = .seconds(1800)) {
            self.size = size
            self.quiet = quiet
            self.within = within
        }
    }

    package struct Cleaning: Hashable, Sendable {
        package var folder: String
        package var patterns: [String]

        package init(folder: String, patterns: [String]) {
            self.folder = folder
            self.patterns = patterns
        }
    }
}

/// How a service is just now, as people see it.
package struct ServiceStatus: Hashable, Sendable, Codable {
    package enum State: String, Hashable, Sendable, Codable, CaseIterable {
        case stopped, starting, ready, unready
        case backingOff = "backing off"
        case givenUp = "given up"
        case stopping
    }

    package var state: State
    /// The main process, while there is one.
    package var process: Int32?
    /// Launches since the run began, the first one included.
    package var launches: Int
    /// Why it is as it is, where that is worth a word: the last failure, or the next step.
    package var note: String?

    package init(state: State, process: Int32? = nil, launches: Int = 0, note: String? = nil) {
        self.state = state
        self.process = process
        self.launches = launches
        self.note = note
    }

    package static let stopped = ServiceStatus(state: .stopped)
}
