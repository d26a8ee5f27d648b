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

    private static func entry(_ id: Int32) -> Entry? {
        guard let bytes = OwnedFD.contents(of: "/proc/\(id)/stat"), let end = bytes.lastIndex(of: UInt8(ascii: ")")) else {
            return nil
        }
        // After the name: state, parent, group, session, …; the 24th field of all is the resident pages.
        let fields = bytes[(end + 1)...].split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
        guard fields.count > 21, let state = fields[0].first, let group = Int32(fields[2]), let session = Int32(fields[3])
        else { return nil }
        return Entry(id: id, state: state, group: group, session: session, resident: (Int64(fields[21]) ?? 0) * Int64(getpagesize()))
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
