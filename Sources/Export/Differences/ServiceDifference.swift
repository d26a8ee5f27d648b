import Settings

/// What of an independent service has no counterpart, or another one. Names are those of jobs.
package enum ServiceDifference: Hashable, Sendable {
    case restartBackoff(String)
    /// The wait before each restart.
    case sameWait(String, Duration)
    case givesUpNever(String)
    case exitRules(String)
    /// Readiness is asked for as long as the service runs.
    case readyAgain
    case notReadyStays(String)
    case firstAddressOnly(String)
    case wholeSeconds(String)
    case podAddress(String, port: Int)
    case killedAtLimit(String)
    /// It is a container of its own.
    case ownContainer(String)
    /// It is a unit of its own.
    case ownUnit(String)
    case secretIsSeen(String, secret: String)

    var words: DifferenceWords {
        switch self {
        case .restartBackoff(let job): .init("the waits before restarts of \(job) are the engine's own, and grow with each restart")
        case .sameWait(let job, let wait): .init("\(job) is started again after \(DurationText.format(wait)) each time: the wait does not grow")
        case .givesUpNever(let job): .init("give_up_after has no counterpart: \(job) is restarted without end")
        case .exitRules(let job): .init("exit_rules of \(job) have no counterpart: each exit leads to a restart")
        case .readyAgain: .init("a ready check is asked again and again: a service that fails it later gets no requests until it passes")
        case .notReadyStays(let job): .init("compose restarts no service that is not ready in time: \(job) is shown as unhealthy")
        case .firstAddressOnly(let job): .init("fallback has no counterpart: only the first address of the check of \(job) is asked")
        case .wholeSeconds(let job): .init("checks of \(job) are at least a second apart")
        case .podAddress(let job, let port):
            .init("the check asks at the pod's address: \(job) must listen at port \(port) of all addresses, not of 127.0.0.1 alone")
        case .killedAtLimit(let job): .init("above its memory limit \(job) is killed at once, without the signal that asks it to exit")
        case .ownContainer(let job):
            .init("\(job) runs without shipkeeper: it is process 1 of its container, and \"shipkeeper status\", \"logs\" and messages do not have it")
        case .ownUnit(let job): .init("\(job) runs without shipkeeper: \"shipkeeper status\", \"logs\" and messages do not have it")
        case .secretIsSeen(let job, let secret):
            .init(
                "\(job) is not granted \(secret), and can read it all the same: the engine puts it into the command or a variable",
                hint: "write secrets: [\(secret)] at the job")
        }
    }
}
