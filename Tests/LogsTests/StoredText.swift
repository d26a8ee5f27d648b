import JobKit
import Logs
import TestSupport

extension TemporaryFolder {
    /// The lines of a run's log as people read them.
    func log(of run: Int64, in subfolder: String = "") async -> [String] {
        await StoredRunLogs(folder: self[subfolder]).read(run: run, from: .offset(0))?.lines.map(\.displayText) ?? []
    }
}
