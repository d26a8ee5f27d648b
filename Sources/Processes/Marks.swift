import Glibc
import Synchronization
import Threads

/// Marks in the environments of processes. To read one may wait for a process that is stuck in the kernel, so it is done on a
/// thread that is left alone when it takes too long.
enum Marks {
    private static let patience = Duration.milliseconds(500)
    private static let killPatience = Duration.seconds(2)

    /// Reads that wait for a process that is stuck, on threads that were left alone; more of them are not begun.
    private static let stuck = Atomic(0)
    private static let mostStuck = 2

    /// Which of some processes carry which of some marks; nil where that could not be read in time.
    static func found(_ marks: [String], of ids: [Int32]) async -> [Int32: String]? {
        await limited(patience) {
            var found: [Int32: String] = [:]
            for id in ids { found[id] = marks.first { ProcessTable.carries(id, mark: $0) } }
            return found
        }
    }

    /// - Parameters:
    ///   - marks: Processes with these marks stay.
    ///   - processes: They and their descendants stay.
    static func killAll(prefix: String, marks: Set<String>, processes: [Int32]) async {
        _ = await limited(killPatience) {
            let spared = Set(ProcessTable.tree(from: processes).map(\.id))
            for entry in ProcessTable.all() where entry.id != getpid() && !spared.contains(entry.id) {
                guard ProcessTable.carries(entry.id, mark: prefix, isPrefix: true) else { continue }
                if !marks.contains(where: { ProcessTable.carries(entry.id, mark: $0) }) { kill(entry.id, SIGKILL) }
            }
        }
    }

    /// Nil where there is no thread, or the work takes longer.
    private static func limited<Value: Sendable>(_ patience: Duration, _ work: @escaping @Sendable () -> Value) async -> Value? {
        guard stuck.load(ordering: .relaxed) < mostStuck else { return nil }
        let gate = Gate<Value?>()
        stuck.add(1, ordering: .relaxed)
        do throws(ThreadError) {
            try SystemThread.start("shipkeeper-mark") {
                gate.open(work())
                stuck.subtract(1, ordering: .relaxed)
            }
        } catch {
            stuck.subtract(1, ordering: .relaxed)
            return nil
        }
        let alarm = Task {
            do { try await Task.sleep(for: patience) } catch { return }
            gate.open(nil)
        }
        defer { alarm.cancel() }
        return await gate.wait()
    }
}
