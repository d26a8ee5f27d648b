import Config
import JobKit
import Jobs
import Scheduler

/// Why a job is not an object of its own.
enum Tie: Hashable, Sendable {
    /// It works on data that a volume holds, or in a repository.
    case data
    /// It keeps what it must remember in the state folder.
    case memory
    /// It is started by what other jobs do, at the boot, at the stop, or by a folder.
    case trigger
    /// It asks at, or listens at, an address of its own container.
    case loopback
    /// It waits for another job, follows it, or must not run at the same time.
    case job(String)
    /// The public port belongs to it.
    case front
    /// The engine has nothing that does this; a clause for a comment.
    case engine(String)
}

/// What ties jobs together.
struct Ties {
    private let jobs: [Configuration.Job]
    private let folders: DataFolders
    private let front: Configuration.Front?
    private let kind: ExportKind
    /// Names of jobs that are bound to each job.
    private var bound: [String: Set<String>] = [:]

    private static let loopback = ["127.0.0.1", "localhost", "[::1]"]
    /// Types that remember between runs what a run alone in its pod would not know.
    private static let remembering: Set = [
        RestoreJob.typeName, BackupJob.typeName, JSONMergeJob.typeName, KeepaliveJob.typeName, HexoJob.typeName, PublishJob.typeName, VerifyJob.typeName,
    ]

    init(_ jobs: [Configuration.Job], _ folders: DataFolders, _ front: Configuration.Front?, _ kind: ExportKind) {
        (self.jobs, self.folders, self.front, self.kind) = (jobs, folders, front, kind)
        let names = Set(jobs.map(\.definition.name))
        for job in jobs.map(\.definition) {
            let followed = job.triggers.compactMap(\.predecessor?.job)
            for other in followed.contains(Followers.anyJob) ? names : names.intersection(job.needs + followed) { bind(job.name, other) }
            for other in jobs.map(\.definition) where job.group != nil && job.group == other.group { bind(job.name, other.name) }
        }
    }

    private mutating func bind(_ one: String, _ other: String) {
        guard one != other else { return }
        bound[one, default: []].insert(other)
        bound[other, default: []].insert(one)
    }

    /// Why the job must be kept together with others; nil where it is independent.
    func tie(of job: Configuration.Job) -> Tie? {
        let definition = job.definition
        if !definition.exclusive.isEmpty || !DataFolders.folders(of: job).isEmpty { return .data }
        if front?.upstream?.service == definition.name { return .front }
        if Ties.remembering.contains(definition.typeName) { return .memory }
        let texts = job.places.texts(withoutSettings: ["ready", "live"])
        if texts.contains(where: folders.isMentioned(in:)) { return .data }
        if let other = bound[definition.name]?.min() { return .job(other) }
        // Units of one machine share its addresses.
        if kind != .systemd, texts.contains(where: { text in Ties.loopback.contains { text.contains($0) } }) { return .loopback }
        switch job.work {
        case .service(let service):
            if definition.triggers != [.boot] { return .trigger }
            return kind.lack(for: service, environment: job.environment).map(Tie.engine)
        case .job:
            if definition.triggers.contains(where: { $0.schedule == nil }) { return .trigger }
            if definition.triggers.count > 1 { return .engine("it has several schedules, and its runs must not meet") }
            guard let schedule = definition.triggers.first?.schedule else { return nil }
            return kind.lack(for: schedule).map(Tie.engine)
        }
    }
}
