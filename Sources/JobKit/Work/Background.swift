/// How a job makes room for the app: its processes get what nobody else wants, and its runs begin when the machine is quiet.
package struct Background: Hashable, Sendable {
    /// For the processor: 0 for no difference, up to 19. See nice(2).
    package var nice: Int
    package var io: DiskPriority
    /// Memory above which its processes are slowed down instead of the app; nil for no limit. See `memory.high` in the kernel's cgroup-v2.rst.
    package var memoryHigh: Int64?
    /// A run does not begin while processes wait for processor, disk or memory for this part of the time, in percent; nil where it does not look.
    package var pressure: Int?
    /// After so long it begins all the same.
    package var wait: Duration

    /// The turn at the disk, as ioprio_set(2) knows it. The raw values are those of the configuration.
    package enum DiskPriority: String, CaseIterable, Hashable, Sendable {
        /// As all others.
        case normal
        /// After all others that want something.
        case low
        /// When nothing else wants anything.
        case idle
    }

    package init(nice: Int = 10, io: DiskPriority = .idle, memoryHigh: Int64? = nil, pressure: Int? = 60, wait: Duration = .seconds(600)) {
        self.nice = nice
        self.io = io
        self.memoryHigh = memoryHigh
        self.pressure = pressure
        self.wait = wait
    }
}
