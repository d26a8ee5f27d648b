import Init
import Logs
import Processes

extension Daemon {
    /// Hears what becomes of processes that Init looks after, from now on.
    func hear(_ link: InitLink?) {
        do {
            try link?.listen { [container] news in
                switch news {
                case .ended(let process, let startedAt, let status): SystemProcessLauncher.collected(process, startedAt: startedAt, status: status)
                case .refused(let process):
                    container.note("process \(process) ends with this program, should that die: init has no room to keep it", .warning)
                }
            }
        } catch {
            container.note("what init says is not heard: \(error)", .warning)
        }
    }
}
