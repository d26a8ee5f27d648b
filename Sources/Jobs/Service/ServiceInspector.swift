import Backups
package import HTTPClient
package import JobKit

/// Looks at services over HTTP, over TCP, or by asking a program.
package struct ServiceInspector: ServiceTools {
    let http: any HTTPTransport

    package init(http: any HTTPTransport) { self.http = http }

    package func look(_ probe: ServiceDefinition.Probe, timeout: Duration, context: RunContext) async -> String? {
        switch probe {
        case .http(let addresses): await ask(addresses, timeout)
        case .tcp(let host, let port): await connect(host, port, timeout)
        case .exec(let words): await run(words, timeout, context)
        }
    }

    /// Later addresses are for versions of the app that don't know the earlier ones.
    private func ask(_ addresses: [String], _ timeout: Duration) async -> String? {
        var failure: String?
        for address in addresses {
            do {
                let status = try await http.send(HTTPRequest("GET", address, timeout: timeout, connectTimeout: timeout)).status
                if status < 400 { return nil }
                failure = "\(address) answered \(status)"
                guard status == 404 || status == 405 else { return failure }
            } catch {
                return "\(address): \(error)"
            }
        }
        return failure
    }

    private func connect(_ host: String, _ port: Int, _ timeout: Duration) async -> String? {
        do {
            try await http.connect(host: host, port: port, timeout: timeout)
            return nil
        } catch {
            return "\(host):\(port): \(error)"
        }
    }

    private func run(_ words: [String], _ timeout: Duration, _ context: RunContext) async -> String? {
        var command = context.command(.command(words))
        command.mark += ":check"
        do {
            let process = try await context.processes.launch(command)
            let clock = context.clock
            let alarm = Task {
                try await clock.sleep(for: timeout)
                await process.stop(StopSteps([]))
            }
            let exit = await withTaskCancellationHandler {
                await process.exit()
            } onCancel: {
                process.send(signal: 9)
            }
            alarm.cancel()
            _ = await process.endLeftovers()
            return exit == .exited(0) ? nil : "the check \(exit)"
        } catch {
            return "the check could not be started: \(error)"
        }
    }

    package func clean(_ cleaning: ServiceDefinition.Cleaning) async -> [String] {
        await StaleFiles.remove(below: cleaning.folder, matching: cleaning.patterns)
    }
}
