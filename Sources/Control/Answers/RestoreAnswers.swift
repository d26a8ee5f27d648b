import InPlaceRestore
import Scheduler

package struct RestoreAnswer: ValueAnswer {
    package enum State: String, Codable, Sendable, CaseIterable {
        case idle, running, succeeded, failed, refused
    }

    package var state: State
    /// What has been done so far.
    package var lines: [String]
    /// The job whose run is under way as a part of the restore; nil while there is none.
    package var job: String?
    /// How far that run is.
    package var progress: ProgressAnswer?
    /// The position in the feed of events that this answer knows: what follows is news.
    package var position: Int64

    /// - Parameter snapshot: Where the progress of the run is found.
    init(_ progress: InPlaceRestore.Progress, _ snapshot: SchedulerSnapshot? = nil) {
        state =
            switch progress.state {
            case .idle: .idle
            case .running: .running
            case .succeeded: .succeeded
            case .failed: .failed
            case .refused: .refused
            }
        lines = progress.lines
        position = progress.position
        job = progress.job
        let view = snapshot?.jobs.first { $0.definition.name == progress.job && $0.current?.state.activeAttempt != nil }
        self.progress = view?.progress.map(ProgressAnswer.init)
    }
}

/// What is known of a repository's backups besides what the repository says.
package struct BackupNotesAnswer: ValueAnswer {
    /// Versions that a restore could not use, with the reason, by id.
    package var damaged: [String: String]
    /// The version that stays whatever the retention rule says, because a much smaller one followed it.
    package var pinned: String?
    /// The newest whole version, which stays while those after it are incomplete; nil where it is the newest, or not known.
    package var lastWhole: String?
    /// What those hold that this container has stored, by id.
    package var sizes: [String: RestorePreviewAnswer.Size]

    package init(damaged: [String: String], pinned: String?, lastWhole: String?, sizes: [String: RestorePreviewAnswer.Size] = [:]) {
        self.damaged = damaged
        self.pinned = pinned
        self.lastWhole = lastWhole
        self.sizes = sizes
    }
}
