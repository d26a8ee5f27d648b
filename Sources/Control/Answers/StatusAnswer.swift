package import Foundation

package struct StatusAnswer: ValueAnswer {
    package struct Attention: Codable, Sendable {
        package var job: String
        package var message: String
        package var hint: String?
        /// The run that it is about, whose log may say more.
        package var run: Int64?
    }

    /// The newest version that lacks nothing.
    package struct LastBackup: Codable, Sendable {
        package var job: String
        /// When it was stored; where this container has stored none, when the newest one was found to be what is there.
        package var at: Date
        package var ageSeconds: Int
        package var summary: String
        /// When a later run found nothing new; nil where none has.
        package var checkedAt: Date?
    }

    /// How much a repository holds, as of the last backup to it.
    package struct Space: Codable, Sendable {
        package var job: String
        package var usedBytes: Int64
        package var limitBytes: Int64?
        /// Whether anybody may read it.
        package var isPublic: Bool
    }

    /// The last restore drill of a job that passed.
    package struct Drill: Codable, Sendable {
        package var job: String
        package var at: Date
        package var ageSeconds: Int
        /// Regular files that were restored.
        package var files: Int
        package var bytes: Int64
    }

    package var version: String
    package var at: Date
    package var startedAt: Date
    /// How often the program was started again in this container after a fault.
    package var restarts: Int
    package var isStopping: Bool
    /// Whether this is safe mode, in which no job runs; nil where it is not.
    package var isSafeMode: Bool?
    package var configuration: String
    package var jobs: [JobAnswer]
    /// The position in the feed of events that this answer knows: what follows is news.
    package var position: Int64
    /// The pause of all jobs.
    package var pause: PauseAnswer.Pause?
    package var lastBackup: LastBackup?
    package var space: [Space]
    /// Nil where no job of type verify has made one.
    package var drills: [Drill]?
    package var attention: [Attention]
}
