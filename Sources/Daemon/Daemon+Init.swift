import Init
import JobKit
import Logs
import Processes
import Scheduler

extension Daemon {
    /// Init kills a program that it has not heard of for half a minute.
    private static let heartbeatPace = Duration.seconds(10)
    private static let bootPace = Duration.milliseconds(100)

    /// Reports to Init that the program is well, as long as its scheduler answers.
    func beat(_ link: InitLink?, _ scheduler: JobScheduler) async {
        guard let link else { return }
        while !Task.isCancelled {
            let hasBooted = await scheduler.hasBooted
            if hasBooted { link.reportHeartbeat() }
            try? await clock.sleep(for: hasBooted ? Daemon.heartbeatPace : Daemon.bootPace)
        }
    }

    /// Hears what becomes of processes that Init looks after, from now on.
    func hear(_ link: InitLink?) {
        do {
            try link?.listen { [container] news in
                switch news {
                case .ended(let process, let startedAt, let status): SystemProcessLauncher.collected(process, startedAt: startedAt, status: status)
                case .refused(0):
                    container.note("a socket of a service is closed with this program, should that die: init has no room to keep it", .warning)
                case .refused(let process):
                    container.note("process \(process) ends with this program, should that die: init has no room to keep it", .warning)
                }
            }
        } catch {
            container.note("what init says is not heard: \(error)", .warning)
        }
    }
}
