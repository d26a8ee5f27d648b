package import Control
import Foundation
import JobKit
import Logs
package import Scheduler
import Store

/// What a program that does not run has recorded: its runs and their logs. Nothing in the state folder is changed.
package struct RecordedState: Sendable {
    package let folder: String
    package let history: RunHistory

    package struct Unreadable: Error {
        package var message: String
    }

    /// Reads the state folder that the command line finds; nil where there is no state file. Blocks.
    /// - Parameters:
    ///   - option: The state folder that the command line names.
    ///   - configuration: The configuration file that it names.
    package static func open(option: String?, configuration: String?) throws(Unreadable) -> RecordedState? {
        let folders = StateFolder.candidates(option: option, configuration: configuration)
        guard let folder = folders.first(where: { FileManager.default.fileExists(atPath: $0.database) }) else { return nil }
        do throws(StoreError) {
            let store = try SQLiteStore.copy(of: folder.database)
            return RecordedState(folder: folder.path, history: RunHistory(store: store, logs: StoredRunLogs(folder: folder.logs)))
        } catch {
            throw Unreadable(message: error.message)
        }
    }

    /// What is known of how long runs and stops take; nil where there is no state file, or it can't be read.
    /// - Parameters:
    ///   - option: The state folder that the command line names.
    ///   - configuration: The configuration file that it names.
    package static func lengths(of jobs: [JobDefinition], option: String?, configuration: String?) async -> MeasuredLengths? {
        guard let state = (try? open(option: option, configuration: configuration)).flatMap(\.self) else { return nil }
        return await MeasuredLengths(of: jobs, in: state.history.store)
    }
}

extension StoredRunLogs: RunLogReader {}
