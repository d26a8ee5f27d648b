/// Names of signals with their numbers on Linux (x86 and ARM), see signal(7).
package enum SignalName {
    private static let names: [(name: String, number: Int32)] = [
        ("SIGHUP", 1), ("SIGINT", 2), ("SIGQUIT", 3), ("SIGILL", 4), ("SIGTRAP", 5), ("SIGABRT", 6), ("SIGBUS", 7),
        ("SIGFPE", 8), ("SIGKILL", 9), ("SIGUSR1", 10), ("SIGSEGV", 11), ("SIGUSR2", 12), ("SIGPIPE", 13),
        ("SIGALRM", 14), ("SIGTERM", 15), ("SIGCONT", 18), ("SIGSTOP", 19), ("SIGWINCH", 28),
    ]

    /// The number of SIGKILL.
    package static let kill: Int32 = 9

    /// All names that are known, with `SIG` in front.
    package static var all: [String] { names.map(\.name) }

    /// The name of a signal, `signal N` for an unknown one.
    package static func name(of number: Int32) -> String {
        names.first { $0.number == number }?.name ?? "signal \(number)"
    }

    /// The number of `SIGTERM` or `TERM`, in any case of letters; nil for an unknown one.
    package static func number(of name: String) -> Int32? {
        let upper = name.uppercased()
        return names.first { $0.name == upper || $0.name == "SIG" + upper }?.number
    }
}
