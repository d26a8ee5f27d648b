import Control
import JobKit
import Logging
import Logs

extension Daemon {
    /// Answers until the program leaves; where the socket can't be used, tries again.
    func serveControl(_ operations: Operations) async {
        var isNoted = false
        while !ThreadRoom.isThereForServer() {
            if !isNoted { container.note("there is no room for the control server's threads yet; the command line can't reach this program", .warning) }
            isNoted = true
            try? await clock.sleep(for: Daemon.socketPause)
        }
        var logger = Logger(label: "control") { _ in ContainerLogHandler(container) }
        logger.logLevel = .critical
        var complaint: String?
        while true {
            do {
                let socket = try state.socket.make()
                try await ControlServer(operations: operations, socket: socket, logger: logger).run {}
            } catch {
                let words = "the command line can't reach this program, the control socket failed: \(error)"
                if words != complaint { container.note(words, .error) }
                complaint = words
            }
            try? await clock.sleep(for: Daemon.socketPause)
        }
    }
}
