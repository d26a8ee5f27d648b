import Files
import TestSupport
import Testing

@Suite("cores of a container")
struct ContainerCoresTests {
    /// Files of the kernel, and the most cores they allow; nil for no limit.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var files: [String: String]
        var most: Int?

        init(_ name: String, _ files: [String: String], most: Int?) { (testDescription, self.files, self.most) = (name, files, most) }
    }

    static let cases = [
        Case("nothing is known", [:], most: nil),
        Case("version 2, in a name space of its own", ["proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "100000 100000\n"], most: 1),
        Case("version 2, half a core", ["proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"], most: 1),
        Case("version 2, no limit", ["proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"], most: nil),
        Case(
            "version 2, the group above has the limit",
            [
                "proc/self/cgroup": "0::/pod/app\n", "sys/fs/cgroup/pod/app/cpu.max": "max 100000\n", "sys/fs/cgroup/pod/cpu.max": "90000 100000\n",
            ], most: 1),
        Case(
            "version 1", ["sys/fs/cgroup/cpu/cpu.cfs_quota_us": "20000\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "50000\n"], most: 1),
        Case(
            "version 1, below the group's own name",
            [
                "proc/self/cgroup": "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n",
                "sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us": "100000\n", "sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us": "100000\n",
            ], most: 1),
        Case(
            "version 1, no limit", ["sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"], most: nil),
        Case("a limit beyond the machine", ["sys/fs/cgroup/cpu.max": "999999999 1000\n"], most: nil),
        Case("nonsense", ["proc/self/cgroup": "what\n::\n", "sys/fs/cgroup/cpu.max": "0 0\n"], most: nil),
    ]

    @Test("the quota of the control group counts, whatever the machine has", arguments: cases)
    func quotas(_ example: Case) throws {
        let folder = TemporaryFolder()
        for (name, text) in example.files { try folder.write(name, text) }
        let unlimited = ContainerCores.count(below: folder["nowhere"])
        #expect(unlimited >= 1)
        #expect(ContainerCores.count(below: folder.path) == example.most.map { min($0, unlimited) } ?? unlimited)
    }

    @Test("there are no more than the scheduler lets us run on", .limited)
    func affinity() throws {
        let shown = try Shell.run("env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc")
        let allowed = try #require(Int(shown.output.split(separator: "\n").first ?? ""))
        #expect(1...allowed ~= ContainerCores.count)
    }
}
