/// What the runs under way keep from runs that wait.
struct Busy: Sendable {
    /// The first run of each job.
    private(set) var runs: [String: Run] = [:]
    /// The first job of each group.
    private(set) var groups: [String: String] = [:]
    /// What jobs work on alone, and which they are.
    private(set) var exclusive: [(job: String, keys: Set<String>)] = []
    /// Runs, services apart.
    private(set) var count = 0
    private let most: Int

    init(most: Int) { self.most = most }

    /// Whether no run but a service's may begin.
    var isFull: Bool { count >= most }

    mutating func add(_ run: Run, _ job: JobDefinition?) {
        if runs[run.job] == nil { runs[run.job] = run }
        if let group = job?.group, groups[group] == nil { groups[group] = run.job }
        if let keys = job?.exclusive, !keys.isEmpty { exclusive.append((run.job, keys)) }
        if job?.isService != true { count += 1 }
    }
}
