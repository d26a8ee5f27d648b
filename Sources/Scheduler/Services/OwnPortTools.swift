import Foundation
import JobKit
import Synchronization

/// Probes a process that shares a port with another one. Either of them may answer a probe over HTTP or TCP, so it counts only once the process itself
/// listens there, and has passed as often as makes it likely that it has answered itself.
final class OwnPortTools: ServiceTools {
    /// The kernel spreads connections over both: three that went to the other one are one case in eight, and by then this one listens too.
    private static let passes = 3

    private let next: any ServiceTools
    private let process: any RunningProcess
    private let passed = Atomic(0)

    init(_ next: any ServiceTools, _ process: any RunningProcess) {
        self.next = next
        self.process = process
    }

    func probe(_ probe: ServiceDefinition.Probe, timeout: Duration, context: RunContext) async -> ProbeResult {
        guard passed.load(ordering: .relaxed) < OwnPortTools.passes, let port = probe.localPort else {
            return await next.probe(probe, timeout: timeout, context: context)
        }
        guard await process.listens(at: port) else {
            return .unhealthy("process \(process.id) does not listen at port \(port) yet; only the old one does")
        }
        while passed.load(ordering: .relaxed) < OwnPortTools.passes {
            let result = await next.probe(probe, timeout: timeout, context: context)
            guard result == .healthy else {
                passed.store(0, ordering: .relaxed)
                return result
            }
            passed.add(1, ordering: .relaxed)
        }
        return .healthy
    }

    func state(ofFile path: String, timeout: Duration, clock: any WallClock) async -> String? {
        await next.state(ofFile: path, timeout: timeout, clock: clock)
    }

    func clean(_ cleaning: ServiceDefinition.Cleaning) async -> [String] { await next.clean(cleaning) }
}
