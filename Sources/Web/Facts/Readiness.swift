import Control

/// Whether all that should run does. A value.
enum Readiness: Equatable, Sendable {
    case ready
    /// A clause for each reason.
    case not([String])

    /// - Parameters:
    ///   - status: Nil before there is any.
    ///   - restore: The restore in place.
    ///   - isHeld: Whether the configuration has mistakes, so nothing was started.
    init(_ status: StatusAnswer?, _ restore: RestoreAnswer?, isHeld: Bool = false) {
        guard let status else {
            self = .not(["the program is starting"])
            return
        }
        if status.isStopping {
            self = .not(["the program is stopping"])
        } else if isHeld {
            self = .not(["the configuration has mistakes"])
        } else if status.isSafeMode == true {
            self = .not(["this is safe mode"])
        } else {
            let restoring = restore?.state == .running ? ["a restore is under way"] : []
            let reasons = restoring + status.jobs.filter(\.isService).compactMap { Readiness.reason($0, status) }
            self = reasons.isEmpty ? .ready : .not(reasons)
        }
    }

    /// Why a service does not do what it should; nil where it does, or should not run.
    private static func reason(_ service: JobAnswer, _ status: StatusAnswer) -> String? {
        switch service.state {
        case .ready, .stopped, .ok, .idle: nil
        // What is switched off needs no attention; what lacks a secret does.
        case .disabled: status.attention.contains { $0.job == service.name } ? "\(service.name) is disabled" : nil
        case .waiting: "\(service.name) \(service.note ?? "waits")"
        case .givenUp: "\(service.name) was given up"
        case .running, .stopping, .deferred, .finished, .waitingToRetry, .incomplete, .failed, .interrupted, .timedOut, .starting, .unready, .backingOff:
            "\(service.name) is \(service.state.rawValue)"
        }
    }
}
