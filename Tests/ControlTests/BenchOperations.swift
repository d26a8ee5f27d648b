import Control
import Foundation
import InPlaceRestore
import JobKit
import TestSupport

/// Logs of one line.
private struct OneLine: RunLogReader {
    func read(run: Int64, from start: LogStart) -> LogPage? {
        LogPage(lines: [LogLine(at: nil, source: .output, text: "line of \(run)")], next: 20, isLast: true)
    }
}

extension SchedulerBench {
    /// What can be asked of the bench's scheduler.
    func operations(
        planner: @escaping InPlaceRestore.Planner = { _, _ in .failure(JobError("no job restores")) },
        reload: @escaping @Sendable (ReloadMode) async -> ReloadAnswer = { _ in ReloadAnswer(isReloaded: true, problems: []) }
    ) -> Operations {
        Operations(
            scheduler: scheduler, history: RunHistory(store: store, logs: OneLine()), clock: clock, version: "1.2.3", configuration: "c.yaml",
            startedAt: clock.now, restarts: 0, restoring: InPlaceRestore(scheduler: scheduler, store: store, clock: clock, planner: planner),
            reload: reload)
    }
}
