import Glibc

/// What the processes of this container may use together.
enum ContainerMemory {
    /// Of control groups, version 2 and 1. See the kernel's cgroup-v2.rst, memory.max, and cgroup-v1/memory.rst.
    private static let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]

    /// In bytes: the least limit that is set, else the machine's memory. Asks the kernel each time, by files that are on no disk.
    static func read() -> Int64 { (limits.compactMap(limit) + [machine()]).min() ?? .max }

    /// Nil where there is none: the file is missing, says "max", or names more than any machine has.
    private static func limit(_ path: String) -> Int64? {
        guard let text = OwnedFD.contents(of: path) else { return nil }
        return Int64(String(decoding: text.prefix { $0 > 32 }, as: UTF8.self))
    }

    private static func machine() -> Int64 { Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(getpagesize()) }
}
