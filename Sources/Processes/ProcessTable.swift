import CProcess
import Glibc

/// One process for its whole life: numbers are used again, and not with the same start.
struct ProcessKey: Hashable, Sendable {
    var id: Int32
    /// Since the machine was started, in ticks.
    var startedAt: UInt64
}

/// The processes of this machine, as /proc shows them. What is read here never waits for the process itself, but for `carries`.
enum ProcessTable {
    struct Entry: Sendable {
        var id: Int32
        var state: Character
        var parent: Int32
        var group: Int32
        var session: Int32
        /// Resident memory in bytes.
        var resident: Int64
        /// Time on processors.
        var processorTime: Duration
        /// Since the machine was started, in ticks.
        var startedAt: UInt64

        var key: ProcessKey { ProcessKey(id: id, startedAt: startedAt) }
        /// It has ended, and only waits to be reaped.
        var isGone: Bool { state == "Z" || state == "X" }
    }

    private static let mostOfStat = 1024
    private static let mostOfEnvironment = 4 << 20
    private static let mostOfChildren = 1 << 20
    private static let ticksPerSecond = Int64(max(1, sysconf(Int32(_SC_CLK_TCK))))

    static func entry(_ id: Int32) -> Entry? {
        guard let bytes = OwnedFD.contents(of: "/proc/\(id)/stat", most: mostOfStat), let end = bytes.lastIndex(of: UInt8(ascii: ")")) else {
            return nil
        }
        // After the name: state, parent, group, session, …; of all fields the 14th to 17th are ticks on processors, its own
        // and those of children that have ended; the 22nd is the start, the 24th resident pages. See proc_pid_stat(5).
        let fields = bytes[(end + 1)...].split(separator: 32, maxSplits: 23)
        guard fields.count > 21, let state = fields[0].first else { return nil }
        func number(_ index: Int) -> Int64 { fields[index].reduce(0) { (48...57).contains($1) ? $0 &* 10 &+ Int64($1 - 48) : $0 } }
        let ticks = (11...14).reduce(0) { $0 + number($1) }
        return Entry(
            id: id, state: Character(Unicode.Scalar(state)), parent: Int32(truncatingIfNeeded: number(1)), group: Int32(truncatingIfNeeded: number(2)),
            session: Int32(truncatingIfNeeded: number(3)), resident: number(21) * Int64(getpagesize()),
            processorTime: .milliseconds(ticks * 1000 / ticksPerSecond), startedAt: UInt64(truncatingIfNeeded: number(19)))
    }

    // MARK: Families

    /// The children of a process, those that wait to be reaped among them.
    static func children(of id: Int32) -> [Int32] {
        let tasks = names(below: "/proc/\(id)/task")
        if tasks.count == 1 { return children(of: id, thread: id) ?? scanned(childrenOf: id) }
        var found: [Int32] = []
        for task in tasks {
            guard let task = Int32(task), let children = children(of: id, thread: task) else { continue }
            found += children
        }
        return found.isEmpty && !knowsChildren ? scanned(childrenOf: id) : found
    }

    /// Some processes and all that descend from them, without those that have ended.
    static func tree(from roots: [Int32]) -> [Entry] {
        var (found, rest): ([Int32: Entry], [Int32]) = ([:], roots)
        while let id = rest.popLast() {
            guard found[id] == nil, id != getpid(), let entry = entry(id) else { continue }
            found[id] = entry
            if !entry.isGone { rest += children(of: id) }
        }
        return found.values.filter { !$0.isGone }
    }

    /// Orphans that the kernel has given to us: they go to a process's first thread.
    static func adopted() -> [Int32] {
        guard cprocess_has_children() != 0 else { return [] }
        return children(of: getpid(), thread: getpid()) ?? scanned(childrenOf: getpid())
    }

    /// Nil where the kernel keeps no such file.
    private static func children(of id: Int32, thread: Int32) -> [Int32]? {
        guard let bytes = OwnedFD.contents(of: "/proc/\(id)/task/\(thread)/children", most: mostOfChildren) else { return knowsChildren ? [] : nil }
        return bytes.split(separator: 32).compactMap { Int32(String(decoding: $0, as: UTF8.self)) }
    }

    /// Whether the kernel was built with lists of children.
    private static let knowsChildren = OwnedFD.contents(of: "/proc/self/task/\(getpid())/children", most: 1) != nil

    private static func scanned(childrenOf parent: Int32) -> [Int32] { all().filter { $0.parent == parent }.map(\.id) }

    static func all() -> [Entry] { names(below: "/proc").compactMap { Int32($0) }.compactMap(entry) }

    // MARK: Marks

    /// Whether a process was started with such a mark, or one that begins so. Blocks where the process is stuck in the kernel.
    static func carries(_ id: Int32, mark: String, isPrefix: Bool = false) -> Bool {
        guard let bytes = OwnedFD.contents(of: "/proc/\(id)/environ", most: mostOfEnvironment) else { return false }
        let wanted = Array("\(SystemProcessLauncher.markVariable)=\(mark)".utf8)
        return bytes.split(separator: 0).contains { isPrefix ? $0.starts(with: wanted) : $0.elementsEqual(wanted) }
    }

    /// Whether one of a process's standard streams is one of these pipes.
    static func writes(_ id: Int32, to pipes: Set<String>) -> Bool {
        (0...2).contains { stream in OwnedFD.target(ofLink: "/proc/\(id)/fd/\(stream)").map(pipes.contains) ?? false }
    }

    // MARK: Ports

    /// Those of some processes that hold a socket which listens at a port of TCP.
    static func listeners(at port: Int, among entries: [Entry]) -> [Entry] {
        let sockets = Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap { listening(at: port, in: $0) })
        guard !sockets.isEmpty else { return [] }
        return entries.filter { entry in
            names(below: "/proc/\(entry.id)/fd").contains { name in
                OwnedFD.target(ofLink: "/proc/\(entry.id)/fd/\(name)").map(sockets.contains) ?? false
            }
        }
    }

    /// Names of sockets, as descriptors show them. See proc_pid_net(5): local address, state 0A for listening, and the inode.
    private static func listening(at port: Int, in table: String) -> [String] {
        let digits = String(port, radix: 16, uppercase: true)
        let end = ":" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return (OwnedFD.contents(of: table, most: 8 << 20) ?? []).split(separator: 10).compactMap { line in
            let fields = String(decoding: line, as: UTF8.self).split(separator: " ")
            guard fields.count > 9, fields[1].hasSuffix(end), fields[3] == "0A" else { return nil }
            return "socket:[\(fields[9])]"
        }
    }

    private static func names(below path: String) -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
