import Control
import JobKit
import Logging
import Logs
import Scheduler

extension Daemon {
    /// Answers until the program leaves; where the socket can't be used, tries again. Begins once the scheduler knows what to start: to make the server ready takes as
    /// long as all that the first service needs.
    func serveControl(_ operations: Operations, _ requests: OpenRequests, after position: Int64) async {
        _ = await operations.scheduler.nextConfiguration(after: position)
        var isNoted = false
        while let lack = SystemRoom.serverLacks() {
            if !isNoted { container.note("the control server can't start: there are too few \(lack); the command line can't reach this program", .warning) }
            isNoted = true
            try? await clock.sleep(for: Daemon.socketPause)
        }
        var logger = Logger(label: "control") { _ in ContainerLogHandler(container) }
        logger.logLevel = .critical
        var complaint: String?
        while true {
            do {
                let socket = try state.socket.make()
                try await ControlServer(operations: operations, requests: requests, socket: socket, logger: logger).run {}
            } catch {
                let words = "the command line can't reach this program, the control socket failed: \(error)"
                if words != complaint { container.note(words, .error) }
                complaint = words
            }
            try? await clock.sleep(for: Daemon.socketPause)
        }
    }
}
