import Glibc

/// The processes of this machine, as /proc shows them.
struct ProcessTable {
    struct Entry {
        var id: Int32
        var state: Character
        var group: Int32
        var session: Int32
        /// Resident memory in bytes.
        var resident: Int64
        /// Time on processors.
        var processorTime: Duration
        /// Since the machine was started, in ticks: with the id it names one process for good.
        var startedAt: UInt64
    }

    /// Processes of a session or that carry the mark, without those that have ended and only wait to be reaped.
    static func members(session: Int32, mark: String) -> [Entry] {
        let own = getpid()
        return all().filter { entry in
            entry.id != own && entry.state != "Z" && entry.state != "X"
                && (entry.session == session || carries(entry.id, mark: mark))
        }
    }

    static func killAll(markPrefix: String) {
        for entry in all() where entry.id != getpid() && carries(entry.id, markPrefix: markPrefix) { kill(entry.id, SIGKILL) }
    }

    private static func all() -> [Entry] {
        names(below: "/proc").compactMap { Int32($0) }.compactMap(entry)
    }

    static func entry(_ id: Int32) -> Entry? {
        guard let bytes = OwnedFD.contents(of: "/proc/\(id)/stat"), let end = bytes.lastIndex(of: UInt8(ascii: ")")) else {
            return nil
        }
        // After the name: state, parent, group, session, …; of all fields the 14th to 17th are ticks on processors, its own
        // and those of children that have ended; the 22nd is the start, the 24th resident pages. See proc_pid_stat(5).
        let fields = bytes[(end + 1)...].split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
        guard fields.count > 21, let state = fields[0].first, let group = Int32(fields[2]), let session = Int32(fields[3])
        else { return nil }
        let ticks = fields[11...14].reduce(0) { $0 + (Int64($1) ?? 0) }
        return Entry(
            id: id, state: state, group: group, session: session, resident: (Int64(fields[21]) ?? 0) * Int64(getpagesize()),
            processorTime: .milliseconds(ticks * 1000 / Int64(max(1, sysconf(Int32(_SC_CLK_TCK))))), startedAt: UInt64(fields[19]) ?? 0)
    }

    private static func carries(_ id: Int32, mark: String) -> Bool {
        guard let bytes = OwnedFD.contents(of: "/proc/\(id)/environ") else { return false }
        let wanted = Array("\(SystemProcessLauncher.markVariable)=\(mark)".utf8)
        return bytes.split(separator: 0).contains { $0.elementsEqual(wanted) }
    }

    private static func carries(_ id: Int32, markPrefix: String) -> Bool {
        guard let bytes = OwnedFD.contents(of: "/proc/\(id)/environ") else { return false }
        let wanted = Array("\(SystemProcessLauncher.markVariable)=\(markPrefix)".utf8)
        return bytes.split(separator: 0).contains { $0.starts(with: wanted) }
    }

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
            names.append(
                unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
                })
        }
        return names
    }
}
