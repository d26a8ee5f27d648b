import Glibc
import Synchronization

/// The control groups of this container, version 2, where they can be written: a job's processes get one of their own below ours. See the kernel's
/// cgroup-v2.rst.
///
/// A group that has groups below it with limits may hold no process itself, so the first time all that is in ours moves to a group next to them.
final class ControlGroups: Sendable {
    /// Why a process was not put in a group.
    enum Refusal: Error, CustomStringConvertible {
        /// There is no version 2, or it does not control memory here.
        case notThere
        /// The files can't be written.
        case notOurs(path: String)

        var description: String {
            switch self {
            case .notThere: "control groups of version 2 with memory are not to be found here"
            case .notOurs(let path): "\(path) can't be written; the container must be given its control group"
            }
        }
    }

    private static let own = "shipkeeper.main"

    private let root: String
    /// The group that was the container's when this was made.
    private let group: String?
    private let lock = Mutex(())

    /// - Parameters:
    ///   - root: Where the groups are mounted.
    ///   - membership: The file that says in which of them this process is.
    init(root: String = "/sys/fs/cgroup", membership: String = "/proc/self/cgroup") {
        self.root = root
        let text = OwnedFD.contents(of: membership).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("0::/") }
        group = line.map { line in
            let path = line.dropFirst(3)
            return path.hasSuffix("/\(ControlGroups.own)") ? String(path.dropLast(ControlGroups.own.count + 1)) : String(path)
        }
    }

    /// Puts a process, and what it starts from now on, into the group of a job. Blocks for a moment.
    func admit(_ process: Int32, of job: String, memoryHigh: Int64) throws(Refusal) {
        guard let group else { throw .notThere }
        let folder = root + (group == "/" ? "" : group)
        // One after the other: two that begin would both move what is there.
        try lock.withLock { _ throws(Refusal) in
            try prepare(folder)
            let place = "\(folder)/shipkeeper.job.\(job)"
            try make(place)
            try write("\(memoryHigh)", to: place + "/memory.high")
            try write("\(process)", to: place + "/cgroup.procs")
        }
    }

    /// Lets groups below ours have limits of memory.
    private func prepare(_ folder: String) throws(Refusal) {
        guard words("\(folder)/cgroup.controllers").contains("memory") else { throw .notThere }
        guard !words("\(folder)/cgroup.subtree_control").contains("memory") else { return }
        let main = "\(folder)/\(ControlGroups.own)"
        try make(main)
        // What begins meanwhile begins in the old group: so until none is left.
        for _ in 0..<10 {
            let processes = words("\(folder)/cgroup.procs")
            if processes.isEmpty { break }
            for process in processes { try? write(process, to: main + "/cgroup.procs") }
        }
        try write("+memory", to: "\(folder)/cgroup.subtree_control")
    }

    private func words(_ path: String) -> [String] {
        OwnedFD.contents(of: path).map { String(decoding: $0, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init) } ?? []
    }

    private func make(_ path: String) throws(Refusal) {
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .notOurs(path: path) }
    }

    private func write(_ text: String, to path: String) throws(Refusal) {
        guard OwnedFD.write(text, to: path) else { throw .notOurs(path: path) }
    }
}
