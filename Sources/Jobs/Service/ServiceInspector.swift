import Backups
import Files
import Foundation
package import HTTPClient
package import JobKit
import Settings
import Synchronization

/// Probes services over HTTP, over TCP, or by asking a program.
package struct ServiceInspector: ServiceTools {
    /// What a shell exits with when it does not find a program, or can't execute it.
    private static let shellFoundNone: Set<Int32> = [126, 127]

    let http: any HTTPTransport

    /// - Parameter http: A client for probes alone: one that also moves archives may be late.
    package init(http: any HTTPTransport) { self.http = http }

    /// Probes a service once. Suspends, at the longest for about `timeout` (for each address); a program that takes longer is killed.
    /// - Returns: `unknown` where the check itself can't run: no address, or a program that is missing.
    package func probe(_ probe: ServiceDefinition.Probe, timeout: Duration, context: RunContext) async -> ProbeResult {
        switch probe {
        case .http(let addresses): await ask(addresses, timeout)
        case .tcp(let host, let port): await connect(host, port, timeout)
        case .exec(let words): await run(words, timeout, context)
        }
    }

    /// Later addresses are for versions of the app that do not have the earlier ones.
    private func ask(_ addresses: [String], _ timeout: Duration) async -> ProbeResult {
        var failure: String?
        for address in addresses {
            do {
                let status = try await http.send(HTTPRequest("GET", address, timeout: timeout, connectTimeout: timeout)).status
                if status < 400 { return .healthy }
                failure = "\(address) answered \(status)"
                guard status == 404 || status == 405 else { return .unhealthy("\(address) answered \(status)") }
            } catch {
                return .unhealthy("\(address): \(error)")
            }
        }
        return failure.map { .unhealthy($0) } ?? .unknown("no address is named")
    }

    private func connect(_ host: String, _ port: Int, _ timeout: Duration) async -> ProbeResult {
        do {
            try await http.connect(host: host, port: port, timeout: timeout)
            return .healthy
        } catch {
            return .unhealthy("\(host):\(port): \(error)")
        }
    }

    private func run(_ words: [String], _ timeout: Duration, _ context: RunContext) async -> ProbeResult {
        var command = context.command(.command(words))
        command.mark += ":check"
        command.isProbe = true
        let process: any RunningProcess
        do { process = try await context.processes.launch(command) } catch { return .unknown("\(error)") }
        let clock = context.clock
        let isLate = Atomic(false)
        let alarm = Task {
            try await clock.sleep(for: timeout)
            isLate.store(true, ordering: .relaxed)
            await process.stop(StopSteps([]))
        }
        let exit = await withTaskCancellationHandler {
            await process.exit()
        } onCancel: {
            process.send(signal: SignalName.kill)
        }
        alarm.cancel()
        _ = await process.endLeftovers()
        if isLate.load(ordering: .relaxed) { return .unhealthy("the check took longer than \(DurationText.format(timeout))") }
        switch exit {
        case .exited(0): return .healthy
        case .exited(let code) where ServiceInspector.shellFoundNone.contains(code):
            return .unknown("the check exited with code \(code): its program is not there, or can't be executed")
        case .exited, .signalled, .unknown: return .unhealthy("the check \(exit)")
        }
    }

    /// How many looks at files there may be at once. One at a disk that hangs does not come back.
    private static let mostLooks = 8
    private static let looks = Atomic(0)

    package func state(ofFile path: String, timeout: Duration, clock: any WallClock) async -> String? {
        guard ServiceInspector.looks.load(ordering: .relaxed) < ServiceInspector.mostLooks else { return nil }
        ServiceInspector.looks.add(1, ordering: .relaxed)
        let (answers, answer) = AsyncStream.makeStream(of: String?.self, bufferingPolicy: .bufferingOldest(1))
        // Owned by nobody: it ends with the look, however long that takes.
        Task {
            answer.yield(await DedicatedThread.run { _ in ServiceInspector.state(ofFile: path) } ?? nil)
            ServiceInspector.looks.subtract(1, ordering: .relaxed)
        }
        let alarm = Task {
            try await clock.sleep(for: timeout)
            answer.yield(nil)
        }
        defer { alarm.cancel() }
        for await found in answers { return found }
        return nil
    }

    private static func state(ofFile path: String) -> String? {
        let url = URL(fileURLWithPath: path)
        guard let status = try? Folder.open(url.deletingLastPathComponent().path).status(RawName(url.lastPathComponent)) else { return nil }
        return "\(status.device) \(status.inode) \(status.size) \(status.modified) \(status.changed)"
    }

    /// Removes stale lock files before the first start of a service; see `StaleFiles.remove`. Returns their paths.
    package func clean(_ cleaning: ServiceDefinition.Cleaning) async -> [String] {
        await StaleFiles.remove(below: cleaning.folder, matching: cleaning.patterns)
    }
}
