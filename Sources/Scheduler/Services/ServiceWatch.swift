import Foundation
import JobKit
import Synchronization

/// Looks at one life of a service: is it ready, is it live, does it keep to its memory limit.
final class ServiceWatch: Sendable {
    private static let memoryPace = Duration.seconds(5)

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

    /// The most resident bytes that were seen.
    var peak: Int64 { peakBytes.withLock { $0 } }

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
            try? await context.clock.sleep(for: .seconds(86_400 * 36_500))
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
        // A service is often up in a fraction of a second: look soon at first, then at the configured pace.
        var pause = min(check.every, .milliseconds(100))
        while true {
            let failure = await tools.look(check.probe, timeout: check.timeout, context: context)
            if Task.isCancelled { return .cancelled }
            guard let failure else { return .ready }
            if context.clock.uptime - start >= check.within {
                return .late("not ready within \(DurationText.format(check.within)): \(failure)")
            }
            do { try await context.clock.sleep(for: pause) } catch { return .cancelled }
            pause = min(check.every, pause * 3 / 2)
        }
    }

    private func untilDead(_ check: ServiceDefinition.LiveCheck) async -> String? {
        var failures = 0
        while true {
            do { try await context.clock.sleep(for: check.every) } catch { return nil }
            let failure = await tools.look(check.probe, timeout: check.timeout, context: context)
            if Task.isCancelled { return nil }
            guard let failure else {
                if failures > 0 { say(.ready) }
                failures = 0
                continue
            }
            failures += 1
            if failures >= check.failures { return "\(failures) live checks failed in a row: \(failure)" }
            say(.unready, note: "live check \(failures) of \(check.failures) failed: \(failure)")
        }
    }

    /// Gives the reason for a restart once the limit calls for one; nil when cancelled.
    func memory() async -> String? {
        var judge = definition.memoryLimit.map { MemoryJudge($0) }
        while true {
            do { try await context.clock.sleep(for: ServiceWatch.memoryPace) } catch { return nil }
            let usage = process.usage()
            peakBytes.withLock { $0 = max($0, usage.residentBytes) }
            switch judge?.verdict(on: usage, at: context.clock.uptime) {
            case .restart(let reason): return reason
            case .waiting(let note): context.log(note)
            case .fine, nil: break
            }
        }
    }

    private func say(_ state: ServiceStatus.State, note: String? = nil) {
        if let note { context.log(note) }
        context.voice.report(ServiceStatus(state: state, process: process.id, launches: launches, note: note))
    }
}
