package import Files

/// A file below `locks/`: a program reads or writes the repository, or removes something from it.
package struct LockFile: Hashable, Sendable {
    /// After so many seconds without being refreshed, a lock is that of a program that has ended.
    package static let staleAfter: Int64 = 30 * 60
    /// How often a lock is refreshed, in seconds.
    package static let refreshEvery: Int64 = 5 * 60

    package var time: FileTime
    /// Whether nobody else may use the repository meanwhile: something is removed.
    package var isExclusive: Bool
    package var host: String
    package var user: String
    package var process: Int32
    package var owner: UInt32
    package var group: UInt32
    /// Distinguishes starts of a program whose hosts and processes are named alike, as those of containers may be. Not a key of restic's, which skips it.
    package var instance: String?

    package init(
        time: FileTime, isExclusive: Bool, host: String, user: String, process: Int32, owner: UInt32 = 0, group: UInt32 = 0, instance: String? = nil
    ) {
        self.time = time
        self.isExclusive = isExclusive
        self.host = host
        self.user = user
        self.process = process
        self.owner = owner
        self.group = group
        self.instance = instance
    }

    package static func name(_ id: BlobID) -> String { "locks/\(id)" }

    package func isStale(at now: FileTime) -> Bool { now.seconds - time.seconds > LockFile.staleAfter }

    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.group { writer in
            writer.key("time")
            writer.string(ResticTime.text(time))
            writer.key("exclusive")
            writer.bool(isExclusive)
            writer.key("hostname")
            writer.string(host)
            writer.key("username")
            writer.string(user)
            writer.key("pid")
            writer.number(process)
            writer.key("uid")
            writer.number(owner)
            writer.key("gid")
            writer.number(group)
            if let instance {
                writer.key("instance")
                writer.string(instance)
            }
        }
        return writer.bytes
    }

    /// - Throws: `damaged`.
    package init(json: [UInt8]) throws(ResticError) {
        var time: FileTime?
        var file = LockFile(time: FileTime(seconds: 0), isExclusive: false, host: "", user: "", process: 0)
        var reader = JSONReader(json)
        do {
            try reader.group { key, reader throws(JSONReader.Malformed) in
                switch key {
                case "time": time = ResticTime.time(try reader.string())
                case "exclusive": file.isExclusive = try reader.bool()
                case "hostname": file.host = try reader.string()
                case "username": file.user = try reader.string()
                case "pid": file.process = try reader.number()
                case "uid": file.owner = try reader.number()
                case "gid": file.group = try reader.number()
                case "instance": file.instance = try reader.string()
                default: return false
                }
                return true
            }
        } catch {
            throw .damaged("a lock")
        }
        guard let time else { throw .damaged("a lock") }
        file.time = time
        self = file
    }
}
