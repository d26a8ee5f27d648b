import CFiles

/// How many processor cores this process may keep busy, which in a container are fewer than the machine has.
package enum ContainerCores {
    /// As it was when first asked; at least 1.
    package static let count = count(below: "")

    /// The least of the cores that the scheduler lets us run on and of the quotas of our control group and of those above it, rounded up;
    /// at least 1. See the kernel's cgroup-v2.rst, cpu.max, and scheduler/sched-bwc.rst, cpu.cfs_quota_us.
    ///
    /// - Parameter root: In front of `/proc` and `/sys`. Small files of the kernel are read, which does not wait for a disk.
    package static func count(below root: String) -> Int {
        let groups = text(root + "/proc/self/cgroup").split(separator: "\n").flatMap { folders($0) }
        let quotas = (groups + ["/sys/fs/cgroup", "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"]).compactMap { quota(root + $0) }
        return max(1, min(quotas.min() ?? .max, allowed))
    }

    private static var allowed: Int { max(1, Int(cfiles_allowed_cores())) }

    /// The folders of a control group and of those above it, from a line such as `0::/a/b` or `4:cpu,cpuacct:/a/b`.
    private static func folders(_ line: Substring) -> [String] {
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return [] }
        let names = parts[1].split(separator: ",")
        guard names.isEmpty || names.contains("cpu") else { return [] }
        let tree = names.isEmpty ? "/sys/fs/cgroup" : "/sys/fs/cgroup/\(parts[1])"
        var path = parts[2].split(separator: "/")
        var folders: [String] = []
        while !path.isEmpty {
            folders.append("\(tree)/\(path.joined(separator: "/"))")
            path.removeLast()
        }
        return folders
    }

    /// Whole cores that a control group may use, rounded up; nil where it has no limit of its own.
    private static func quota(_ folder: String) -> Int? {
        let unified = text(folder + "/cpu.max").split(whereSeparator: \.isWhitespace).map { Int($0) }
        if unified.count == 2 { return cores(unified[0], unified[1]) }
        func number(_ name: String) -> Int? { Int(text("\(folder)/\(name)").prefix { !$0.isWhitespace }) }
        return cores(number("cpu.cfs_quota_us"), number("cpu.cfs_period_us"))
    }

    /// Nil for `max`, for version 1's -1, and for what is invalid.
    private static func cores(_ quota: Int?, _ period: Int?) -> Int? {
        guard let quota, let period, quota > 0, period > 0 else { return nil }
        return (quota - 1) / period + 1
    }

    private static func text(_ path: String) -> String {
        guard let file = try? OpenFile.open(path), let bytes = try? file.read(4096) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
