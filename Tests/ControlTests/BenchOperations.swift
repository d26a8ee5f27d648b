import Control
import Foundation
import InPlaceRestore
import JobKit
import TestSupport

/// Logs of one line.
private struct OneLine: RunLogReader {
    func read(run: Int64, from offset: Int64) -> (bytes: Data, end: Int64)? { (Data("line of \(run)\n".utf8), 20) }
}

extension SchedulerBench {
    /// What can be asked of the bench's scheduler.
    func operations(
        planner: @escaping InPlaceRestore.Planner = { _, _ in .failure(JobError("no job restores")) },
        reload: @escaping @Sendable (ReloadMode) async -> ReloadAnswer = { _ in ReloadAnswer(isReloaded: true, problems: []) }
    ) -> Operations {
        Operations(
            scheduler: scheduler, store: store, logs: OneLine(), clock: clock, version: "1.2.3", configuration: "c.yaml", startedAt: clock.now, restarts: 0,
            restoring: InPlaceRestore(scheduler: scheduler, store: store, clock: clock, planner: planner), reload: reload)
    }
}
