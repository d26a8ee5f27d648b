import CProcess
import Glibc

/// Process 1, or a child subreaper where another init is above us: starts the daemon as its child, forwards signals,
/// reaps every orphan, and passes on the exit code. A daemon that dies of a fault is started again a few times.
///
/// It keeps the stop deadline, because it needs nobody for that: whatever the daemon does or waits for, all processes are
/// gone when the stop budget is over. A process apart, because code that waits for any child takes exit codes from code that
/// waits for one. Every `unsafe` word about it is in this file.
package struct InitProcess {
    /// Set for the daemon: the number of times it was started before in this container.
    package static let restartsVariable = "SHIPKEEPER_RESTARTS"

    /// Set for the daemon: when Init began, in whole seconds since 1970.
    package static let startVariable = "SHIPKEEPER_INIT_STARTED"

    private static let mostRestarts = 5
    private static let restartWindow: Int = 600
    private static let forwarded = [SIGTERM, SIGINT, SIGQUIT, SIGHUP]
    private static let stopping = [SIGTERM, SIGINT, SIGQUIT]

    private enum Phase {
        case running
        /// So many milliseconds were given to the stop. Whatever is left at `killing` is killed, so that it is gone by the end.
        case stopping(budget: Int, killing: Instant)
    }

    /// How long killed processes may take to vanish, in milliseconds.
    private static let longestDying = 250

    private let arguments: [String]
    private var daemon: pid_t = 0
    private var phase = Phase.running
    private var budget = StopBudgetReader()
    private var restarts: [Int] = []
    private let startedAt = time(nil)
    /// Whether the terminal that we were started from was closed when SIGHUP comes: it stops then, for nobody would see the daemon any more.
    private let hasTerminal = isatty(STDIN_FILENO) == 1
    /// The system's error number of the last start that failed.
    private var startFailure: Int32 = 0
    /// What the system may be short of for a moment.
    private static let shortages: Set<Int32> = [EAGAIN, ENOMEM, EMFILE, ENFILE]
    private var signals = sigset_t()

    /// - Parameter arguments: The daemon's words, without the program's name.
    package init(arguments: [String]) { self.arguments = arguments }

    /// Runs until the daemon has ended for the last time; gives the exit code to pass on.
    package mutating func run() -> Int32 {
        if getpid() != 1, cprocess_become_subreaper() != 0 {
            say("orphans can't be taken care of here: \(errno)")
        }
        // Whoever started us may have them ignored, and what is ignored can't be waited for.
        for number in InitProcess.forwarded + [SIGCHLD] { signal(number, SIG_DFL) }
        for number in [SIGUSR1, SIGUSR2, SIGPIPE] { signal(number, SIG_IGN) }
        unsafe sigemptyset(&signals)
        for signal in InitProcess.forwarded + [SIGCHLD] { unsafe sigaddset(&signals, signal) }
        unsafe sigprocmask(SIG_BLOCK, &signals, nil)
        while !start() {
            guard InitProcess.shortages.contains(startFailure), pause(milliseconds: 1000) else { return 127 }
        }
        while true {
            if case .stopping(let budget, let killing) = phase, killing.isPast { return endNow(budget) }
            guard let status = waitForDaemon() else { continue }
            if let code = conclude(status) { return code }
        }
    }

    /// Waits for one of our signals, for ever or until an instant; gives its number, or -1.
    private func received(until instant: Instant? = nil) -> Int32 {
        let signal = rawSignal(until: instant)
        return signal == SIGHUP && hasTerminal ? SIGTERM : signal
    }

    private func rawSignal(until instant: Instant?) -> Int32 {
        var set = signals
        guard let instant else { return unsafe sigwaitinfo(&set, nil) }
        var limit = instant.fromNow
        return unsafe sigtimedwait(&set, nil, &limit)
    }

    /// Waits for one signal and acts on it; gives the daemon's wait status once it has ended.
    private mutating func waitForDaemon() -> Int32? {
        let signal = received(until: killTime)
        if signal == SIGCHLD { return reap() }
        if signal > 0 { forward(signal) }
        return nil
    }

    private mutating func forward(_ signal: Int32) {
        if InitProcess.stopping.contains(signal), case .running = phase {
            let given = budget.latest()
            phase = .stopping(budget: given, killing: Instant.now + (given - min(InitProcess.longestDying, given / 20)))
        }
        kill(daemon, signal)
    }

    /// Collects all that has ended; gives the daemon's status if it is among them.
    private func reap() -> Int32? {
        var found: Int32?
        while true {
            var status: Int32 = 0
            let pid = unsafe waitpid(-1, &status, WNOHANG)
            if pid <= 0 { return found }
            if pid == daemon { found = status }
        }
    }

    // MARK: The daemon

    private mutating func start() -> Bool {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        // A group of its own: what is typed at a terminal reaches the daemon through us, and once.
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        let reporter = budget.open()
        // Onto itself: that takes the mark away that would close it in the daemon.
        if let reporter { unsafe posix_spawn_file_actions_adddup2(&actions, reporter, reporter) }
        unsafe setenv(StopBudgetReporter.variable, reporter.map { "\($0)" } ?? "", 1)
        unsafe setenv(InitProcess.restartsVariable, "\(restarts.count)", 1)
        unsafe setenv(InitProcess.startVariable, "\(startedAt)", 1)
        var words: [UnsafeMutablePointer<CChar>?] = unsafe (["shipkeeper"] + arguments).map { unsafe strdup($0) }
        unsafe words.append(nil)
        defer { unsafe words.forEach { unsafe free($0) } }
        let failure = unsafe posix_spawn(&daemon, OwnStart.program, &actions, &attributes, words, cprocess_environ())
        if let reporter { close(reporter) }
        startFailure = failure
        if failure != 0 { say("the program could not be started: \(unsafe String(cString: strerror(failure)))") }
        return failure == 0
    }

    /// What follows the daemon's end: the exit code to pass on, or nil when it was started again.
    private mutating func conclude(_ status: Int32) -> Int32? {
        let signal = cprocess_exit_signal(status)
        endLeftovers()
        if case .stopping = phase { return signal == 0 ? cprocess_exit_code(status) : 128 + signal }
        guard signal != 0 else { return cprocess_exit_code(status) }
        let now = time(nil)
        restarts = restarts.filter { now - $0 < InitProcess.restartWindow } + [now]
        guard restarts.count <= InitProcess.mostRestarts else {
            say("the program was ended by signal \(signal) for the \(restarts.count)th time in ten minutes; giving up")
            return 128 + signal
        }
        say("the program was ended by signal \(signal); starting it again")
        guard pause(milliseconds: min(1 << (restarts.count - 1), 30) * 1000) else { return 128 + signal }
        // The system may have no room for a process just now.
        while !start() { guard pause(milliseconds: 1000) else { return 128 + signal } }
        return nil
    }

    /// Waits before a restart, still reaping; false when a stop is asked for meanwhile.
    private mutating func pause(milliseconds: Int) -> Bool {
        let end = Instant.now + milliseconds
        while !end.isPast {
            let signal = received(until: end)
            if signal == SIGCHLD { _ = reap() }
            if InitProcess.stopping.contains(signal) { return false }
        }
        return true
    }

    // MARK: The end

    private var killTime: Instant? {
        if case .stopping(_, let killing) = phase { killing } else { nil }
    }

    /// The budget is used up: kills the daemon and all that is left, first of all, and waits for nothing else.
    private func endNow(_ budget: Int) -> Int32 {
        kill(daemon, SIGKILL)
        killLeftovers(until: Instant.now + min(InitProcess.longestDying, budget / 20))
        say("the stop budget of \(budget) ms is used up; everything was killed")
        return 1
    }

    /// Ends whatever is left of the container's processes: asks, waits half a second, kills, and reaps. Not beyond the deadline.
    private func endLeftovers() {
        let grace = min(killTime ?? .now + 500, .now + 500)
        signalLeftovers(SIGTERM)
        while !grace.isPast {
            _ = reap()
            guard hasChildren else { return }
            usleep(10_000)
        }
        killLeftovers(until: killTime.map { min($0, .now + 2500) + InitProcess.longestDying } ?? .now + 2500)
    }

    private func killLeftovers(until end: Instant) {
        repeat {
            signalLeftovers(SIGKILL)
            _ = reap()
            guard hasChildren else { return }
            usleep(5_000)
        } while !end.isPast
    }

    private var hasChildren: Bool {
        var status: Int32 = 0
        return unsafe waitpid(-1, &status, WNOHANG) >= 0 || errno != ECHILD
    }

    /// Grandchildren become our children once their parents are gone, so repeating this reaches all.
    private func signalLeftovers(_ signal: Int32) {
        if getpid() == 1 {
            kill(-1, signal)
            return
        }
        var children = [pid_t](repeating: 0, count: 4096)
        let count = unsafe cprocess_children(getpid(), &children, Int32(children.count))
        for child in children.prefix(Int(max(0, count))) { kill(child, signal) }
    }

    /// A line on standard error, where there is room for it: nobody may be reading.
    private func say(_ message: String) {
        let line = "shipkeeper init: \(message)\n"
        var room = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&room, 1, 0) == 1, room.revents & Int16(POLLOUT) != 0 else { return }
        unsafe line.withCString { unsafe _ = write(STDERR_FILENO, $0, strlen($0)) }
    }
}
