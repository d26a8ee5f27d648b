import Foundation
import JobKit
import Settings
import Synchronization

/// Looks at one life of a service: is it ready, is it live, does it keep to its memory limit.
final class ServiceWatch: Sendable {
    private static let memoryPace = Duration.seconds(5)
    private static let forEver = Duration.seconds(86_400 * 36_500)

    let launches: Int
    private let definition: ServiceDefinition
    private let tools: any ServiceTools
    private let context: RunContext
    private let process: any RunningProcess
    private let readyAt = Mutex<Duration?>(nil)
    private let peakBytes = Mutex<Int64>(0)

    init(definition: ServiceDefinition, tools: any ServiceTools, context: RunContext, process: any RunningProcess, launches: Int) {
        self.definition = definition
        self.tools = tools
        self.context = context
        self.process = process
        self.launches = launches
    }

    /// The uptime at which the service became ready, if it did.
    var readySince: Duration? { readyAt.withLock { $0 } }

    /// The most resident bytes that were seen, by us or by the kernel.
    var peak: Int64 { max(process.peakBytes, peakBytes.withLock { $0 }) }

    /// Gives the reason for a restart; nil when cancelled.
    func health() async -> String? {
        say(.starting)
        if let ready = definition.ready {
            switch await untilReady(ready) {
            case .ready: break
            case .late(let note): return note
            case .cancelled: return nil
            }
        }
        readyAt.withLock { $0 = context.clock.uptime }
        context.log("ready")
        say(.ready)
        guard let live = definition.live else {
            try? await context.clock.sleep(for: ServiceWatch.forEver)
            return nil
        }
        return await untilDead(live)
    }

    private enum Readiness {
        case ready
        case late(String)
        case cancelled
    }

    private func untilReady(_ check: ServiceDefinition.ReadyCheck) async -> Readiness {
        let start = context.clock.uptime
        // A service is often up in a fraction of a second: probe soon at first, then at the configured pace.
        var pause = min(check.every, .milliseconds(100))
        var blind = Blindness()
        while true {
            let result = await probe(.ready, check.probe, timeout: check.timeout)
            if Task.isCancelled { return .cancelled }
            switch result {
            case .healthy: return .ready
            case .unknown(let reason):
                if blind.begins() { say(.starting, note: "the ready check can't run, so it is not known whether the service is ready: \(reason)") }
            case .unhealthy(let failure):
                blind = Blindness()
                if context.clock.uptime - start >= check.within {
                    return .late("not ready within \(DurationText.format(check.within)): \(failure)")
                }
            }
            do { try await context.clock.sleep(for: pause) } catch { return .cancelled }
            pause = min(check.every, pause * 3 / 2)
        }
    }

    private func untilDead(_ check: ServiceDefinition.LiveCheck) async -> String? {
        var failures = 0
        var blind = Blindness()
        while true {
            do { try await context.clock.sleep(for: check.every) } catch { return nil }
            let result = await probe(.live, check.probe, timeout: check.timeout)
            if Task.isCancelled { return nil }
            switch result {
            case .healthy:
                if failures > 0 || blind.isBlind { say(.ready) }
                (failures, blind) = (0, Blindness())
            case .unknown(let reason):
                // No verdict on the service: neither a failure nor the end of a row of them.
                guard blind.begins() else { break }
                let note = "the live check can't run, so nobody knows whether the service is well: \(reason)"
                say(failures > 0 ? .unready : .ready, note: note)
            case .unhealthy(let failure):
                blind = Blindness()
                failures += 1
                if failures >= check.failures { return "\(failures) live checks failed in a row: \(failure)" }
                say(.unready, note: "live check \(failures) of \(check.failures) failed: \(failure)")
            }
        }
    }

    private func probe(_ kind: CheckReport.Kind, _ probe: ServiceDefinition.Probe, timeout: Duration) async -> ProbeResult {
        let result = await tools.probe(probe, timeout: timeout, context: context)
        // One that was cut off by the stop says nothing.
        if !Task.isCancelled { context.reporter.report(CheckReport(kind, target: probe.displayText, at: context.clock.now, result: result)) }
        return result
    }

    /// A row of probes that could not run, whose reason is logged once.
    private struct Blindness {
        private(set) var isBlind = false

        /// Whether this one is the first of the row.
        mutating func begins() -> Bool {
            defer { isBlind = true }
            return !isBlind
        }
    }

    /// Gives the reason for a restart once the limit calls for one; nil when cancelled. Looks only where there is a limit.
    func memory() async -> String? {
        guard let limit = definition.memoryLimit else {
            try? await context.clock.sleep(for: ServiceWatch.forEver)
            return nil
        }
        var judge = MemoryLimitPolicy(limit)
        while true {
            do { try await context.clock.sleep(for: ServiceWatch.memoryPace) } catch { return nil }
            let usage = await process.usage()
            peakBytes.withLock { $0 = max($0, usage.residentBytes) }
            switch judge.verdict(on: usage, at: context.clock.uptime) {
            case .restart(let reason): return reason
            case .waiting(let note): context.log(note)
            case .fine: break
            }
        }
    }

    private func say(_ state: ServiceStatus.State, note: String? = nil) {
        if let note { context.log(note) }
        context.reporter.report(ServiceStatus(state: state, process: process.id, launches: launches, note: note))
    }
}
