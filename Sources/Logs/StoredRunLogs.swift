package import JobKit

/// The logs of runs in a state folder that no program uses.
package struct StoredRunLogs: Sendable {
    private let folder: String

    package init(folder: String) { self.folder = folder }

    /// A part of a run's log; nil where there is none. Blocks as long as the disk does. Offsets count from the first byte that is still there.
    package func read(run: Int64, from start: LogStart) async -> LogPage? {
        guard let log = StoredLog(path: RunLogStore.path(of: run, in: folder)) else { return nil }
        return log.page(from: log.offset(of: start))
    }
}
