import Foundation
import JobKit
import Synchronization

/// Looks at one life of a service: is it ready, is it live, does it keep to its memory limit.
final class ServiceWatch: Sendable {
    let launches: Int
    private let definition: ServiceDefinition
    private let tools: any ServiceTools
    private let context: RunContext
    private let process: Int32
    private let readyAt = Mutex<Duration?>(nil)

    init(definition: ServiceDefinition, tools: any ServiceTools, context: RunContext, process: Int32, launches: Int) {
        self.definition = definition
        self.tools = tools
        self.context = context
        self.process = process
        self.launches = launches
    }

    /// The uptime at which the service became ready, if it did.
    var readySince: Duration? { readyAt.withLock { $0 } }

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

    /// Gives the reason for a restart once the limit is passed; nil when cancelled.
    func memory(of process: any RunningProcess, limit: Int64) async -> String? {
        while true {
            do { try await context.clock.sleep(for: .seconds(5)) } catch { return nil }
            let bytes = process.residentBytes()
            if bytes > limit {
                return "it uses \(ByteSizeText.readable(bytes)) of memory, over its limit of \(ByteSizeText.readable(limit))"
            }
        }
    }

    private func say(_ state: ServiceStatus.State, note: String? = nil) {
        if let note { context.log(note) }
        context.voice.report(ServiceStatus(state: state, process: process, launches: launches, note: note))
    }
}
