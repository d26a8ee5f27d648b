import Foundation
import JobKit
import TestSupport
import Testing

@testable import Processes

@Suite("processes that make room", .waiting)
struct YieldingTests {
    private struct Clock: WallClock {
        var now: Date { Date() }
        var uptime: Duration { .zero }
        func sleep(until instant: Date) async throws(CancellationError) { throw CancellationError() }
    }

    /// Bash waits until it, and what it starts, has the wanted place.
    private func exit(of line: String, _ background: Background, onRefusal: @escaping @Sendable (String) -> Void = { _ in }) async throws -> ProcessExit {
        var command = ProcessCommand(
            arguments: ["/bin/bash", "-c", line], environment: ["PATH": "/usr/bin:/bin"], mark: UUID().uuidString, onOutput: { _, _ in })
        command.yielding = .init(job: "a", background, onRefusal: onRefusal)
        return try await SystemProcessLauncher(clock: Clock()).launch(command).exit()
    }

    private static let niceness = "cut -d' ' -f19 /proc/self/stat"

    @Test("get their turn at the processor and at the disk after others", .limited)
    func turns() async throws {
        let line = "until [ \"$(\(YieldingTests.niceness))\" = 12 ] && ionice -p $$ | grep -q '^idle'; do :; done; exit 7"
        #expect(try await exit(of: line, Background(nice: 12, io: .idle)) == .exited(7))
        let low = "until [ \"$(\(YieldingTests.niceness))\" = 1 ] && ionice -p $$ | grep -q 'best-effort: prio 7'; do :; done; exit 8"
        #expect(try await exit(of: low, Background(nice: 1, io: .low)) == .exited(8))
    }

    @Test("are not touched where nothing is wanted", .limited)
    func usual() async throws {
        let own = try Shell.run(YieldingTests.niceness).output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try await exit(of: "exit $(\(YieldingTests.niceness))", Background(nice: 0, io: .normal)) == .exited(Int32(own) ?? -1))
    }

    @Test("a job's processes get a group of their own, and what is in ours moves aside once")
    func groups() throws {
        let folder = TemporaryFolder()
        try folder.write("self", "4:memory:/x\n0::/box\n")
        try folder.write("box/cgroup.controllers", "cpu io memory pids\n")
        try folder.write("box/cgroup.subtree_control", "cpu\n")
        try folder.write("box/cgroup.procs", "1\n12\n")
        for name in ["box/shipkeeper.main/cgroup.procs", "box/shipkeeper.job.a/cgroup.procs", "box/shipkeeper.job.a/memory.high"] { try folder.write(name, "") }
        try ControlGroups(root: folder.path, membership: folder["self"]).admit(99, of: "a", memoryHigh: 1 << 28)
        #expect(folder.read("box/shipkeeper.main/cgroup.procs") == "12")
        #expect(folder.read("box/cgroup.subtree_control") == "+memory")
        #expect(folder.read("box/shipkeeper.job.a/memory.high") == "268435456" && folder.read("box/shipkeeper.job.a/cgroup.procs") == "99")
        // A program that is started again finds itself in the group aside.
        try folder.write("self", "0::/box/shipkeeper.main\n")
        try folder.write("box/cgroup.subtree_control", "memory\n")
        try ControlGroups(root: folder.path, membership: folder["self"]).admit(100, of: "a", memoryHigh: 1 << 28)
        #expect(folder.read("box/shipkeeper.job.a/cgroup.procs") == "100")
    }

    @Test("where there are no such groups, or they can't be written, that is said")
    func refusals() throws {
        let folder = TemporaryFolder()
        try folder.write("self", "4:memory:/x\n")
        func admit() throws { try ControlGroups(root: folder.path, membership: folder["self"]).admit(99, of: "a", memoryHigh: 1 << 28) }
        #expect(throws: ControlGroups.Refusal.self) { try admit() }
        try folder.write("self", "0::/\n")
        try folder.write("cgroup.controllers", "cpu\n")
        let lacking = #expect(throws: ControlGroups.Refusal.self) { try admit() }
        #expect(lacking?.description == "control groups of version 2 with memory are not to be found here")
        try folder.write("cgroup.controllers", "memory\n")
        let closed = #expect(throws: ControlGroups.Refusal.self) { try admit() }
        #expect(closed?.description == "\(folder["cgroup.subtree_control"]) can't be written; the container must be given its control group")
    }

    @Test("the pressure is that of the container, else that of the machine, and of the scarcest resource")
    func pressure() throws {
        let folder = TemporaryFolder()
        func percent() -> Double { SystemPressure(folders: [(folder["box"], ".pressure"), (folder["machine"], "")]).percent() }
        #expect(percent() == 0)
        try folder.write("machine/cpu", "some avg10=96.19 avg60=94.34 avg300=67.97 total=561897203\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
        #expect(percent() == 96.19)
        try folder.write("box/cpu.pressure", "some avg10=1.50 avg60=0.00 avg300=0.00 total=1\n")
        try folder.write("box/memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=90.00 avg60=0.00 avg300=0.00 total=1\n")
        #expect(percent() == 1.5)
        #expect(SystemPressure.share(in: "Operation not supported") == nil)
        #expect((0...100).contains(SystemPressure().percent()))
    }
}
