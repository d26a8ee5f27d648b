package import Foundation
package import JobKit
package import Settings

/// How one life of a service's process ended.
package enum ServiceEnd: Hashable, Sendable {
    case launchFailed(LaunchError)
    /// There is no socket for it to inherit.
    case listenFailed(ListenError)
    /// - Parameter peak: The most resident bytes that were seen.
    case exited(ProcessExit, readyFor: Duration, peak: Int64 = 0)
    /// We ended it, for this reason.
    case unhealthy(String, readyFor: Duration)
}

/// What becomes of a service after an end.
package enum ServiceStep: Hashable, Sendable {
    case launch(after: Duration, why: String)
    /// Run this first, then launch.
    case repair(ProgramLine, why: String)
    case giveUp(JobError)
    case finish(RunReport)
}

/// Decides whether and when a service is started again. A value: ends in, steps out.
package struct ServiceMachine: Sendable {
    private static let mostImmediate = 5
    private static let immediateWindow = Duration.seconds(600)
    /// The first wait that is one, where the backoff begins with nothing.
    private static let firstWait = Duration.seconds(1)

    private let policy: ServiceDefinition.RestartPolicy
    private let exitRules: [Int32: ServiceDefinition.ExitRule]
    private var ends: [Date] = []
    private var immediateRestarts: [Date] = []
    private var restartsInARow = 0
    /// Whether it was started again without a wait, and has not been stable since.
    private var hasRestartedAtOnce = false
    private var repaired: Set<Int32> = []
    /// Ends with the same code one after the other, without it having been ready for long between them.
    private var sameEnds: (code: Int32?, count: Int) = (nil, 0)

    package init(_ definition: ServiceDefinition) {
        policy = definition.restart
        exitRules = definition.exitRules
    }

    package mutating func step(after end: ServiceEnd, at now: Date) -> ServiceStep {
        switch end {
        case .launchFailed(let error) where error.isPassing:
            // It was never tried: a service is not given up because something was short for a while.
            return .launch(after: nextWait(wasReady: false), why: error.description)
        case .launchFailed(let error): return restart(because: error.description, hint: error.hint, wasReady: false, at: now)
        case .listenFailed(let error): return restart(because: error.description, hint: error.hint, wasReady: false, at: now)
        case .unhealthy(let reason, let readyFor):
            settle(readyFor)
            return restart(because: reason, wasReady: readyFor > .zero, at: now)
        case .exited(let exit, let readyFor, let peak):
            settle(readyFor)
            sameEnds = (exit.code, sameEnds.code == exit.code ? sameEnds.count + 1 : 1)
            // Who is killed without our doing has mostly used too much memory.
            let memory = exit == .signalled(9) && peak > 0 ? "; it was seen using \(ByteSizeText.readable(peak)) of memory" : ""
            return follow(exit.code.flatMap { exitRules[$0] } ?? .restart, exit, why: "it \(exit)\(memory)", wasReady: readyFor > .zero, at: now)
        }
    }

    /// A service that was ready long enough has earned a fresh start.
    private mutating func settle(_ readyFor: Duration) {
        guard readyFor >= policy.stableAfter else { return }
        restartsInARow = 0
        hasRestartedAtOnce = false
        repaired = []
        sameEnds = (nil, 0)
    }

    private mutating func follow(
        _ rule: ServiceDefinition.ExitRule, _ exit: ProcessExit, why: String, wasReady: Bool, at now: Date
    ) -> ServiceStep {
        switch rule {
        case .restart: return restart(because: why, exitCode: exit.code, wasReady: wasReady, at: now)
        case .stop: return .finish(RunReport(summary: "ended: \(why)"))
        case .giveUp:
            return .giveUp(JobError("the service \(exit), which is not worth a restart", exitCode: exit.code))
        case .restartNow:
            immediateRestarts = immediateRestarts.filter { now.since($0) < ServiceMachine.immediateWindow } + [now]
            guard immediateRestarts.count <= ServiceMachine.mostImmediate else {
                return restart(because: why, exitCode: exit.code, wasReady: wasReady, at: now)
            }
            return .launch(after: .zero, why: why)
        case .repair(let program, let after, let then):
            guard sameEnds.count >= after else { return restart(because: why, exitCode: exit.code, wasReady: wasReady, at: now) }
            guard repaired.insert(exit.code ?? -1).inserted else { return follow(then, exit, why: why, wasReady: wasReady, at: now) }
            return .repair(program, why: why)
        }
    }

    private mutating func restart(
        because reason: String, hint: String? = nil, exitCode: Int32? = nil, wasReady: Bool, at now: Date
    ) -> ServiceStep {
        ends = ends.filter { now.since($0) < policy.giveUpWithin } + [now]
        if ends.count >= policy.giveUpAfter {
            let window = DurationText.format(policy.giveUpWithin)
            return .giveUp(
                JobError(
                    "gave up after \(ends.count) exits within \(window); last: \(reason)",
                    hint: hint ?? "see its log for the cause; start it again when that is fixed", exitCode: exitCode))
        }
        return .launch(after: nextWait(wasReady: wasReady), why: reason)
    }

    /// A backoff that begins with nothing starts a service that was ready again at once; dying again, it waits like one that was not.
    private mutating func nextWait(wasReady: Bool) -> Duration {
        if policy.backoff == .zero, wasReady, !hasRestartedAtOnce {
            hasRestartedAtOnce = true
            return .zero
        }
        var wait = policy.backoff == .zero ? min(policy.backoffCap, ServiceMachine.firstWait) : policy.backoff
        for _ in 0..<min(restartsInARow, 32) where wait < policy.backoffCap { wait = min(policy.backoffCap, wait * 2) }
        restartsInARow += 1
        return wait
    }
}
