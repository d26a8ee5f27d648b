import CProcess
import Glibc

/// A file descriptor with one owner, closed once, and kept from processes we start. Every `unsafe` call on descriptors
/// is in this file.
package struct OwnedFD: ~Copyable {
    package let raw: CInt

    init(_ raw: CInt) { self.raw = raw }

    deinit { close(raw) }

    /// Gives the descriptor away: the receiver closes it.
    package consuming func release() -> CInt {
        let raw = raw
        discard self
        return raw
    }

    /// A pipe; nil where the system has no descriptors left. The read end doesn't block.
    static func pipe() -> (read: CInt, write: CInt)? {
        var ends: [CInt] = [0, 0]
        guard unsafe cprocess_pipe(&ends) == 0 else { return nil }
        return (ends[0], ends[1])
    }

    /// A pipe that holds these bytes and nothing after them; nil where the system has no room for it. Gives the end to read.
    static func pipe(holding bytes: [UInt8]) -> CInt? {
        guard let ends = pipe() else { return nil }
        // Who reads it may wait.
        _ = cprocess_set_blocking(ends.read)
        // And nobody reads it yet: what does not fit must not be waited for.
        _ = cprocess_set_nonblocking(ends.write)
        defer { close(ends.write) }
        if bytes.count > 65_536, cprocess_pipe_size(ends.write, CInt(bytes.count)) < 0 {
            close(ends.read)
            return nil
        }
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(ends.write, $0.baseAddress! + done, bytes.count - done) }
            if count < 0, errno != EINTR {
                close(ends.read)
                return nil
            }
            done += max(0, count)
        }
        return ends.read
    }

    /// What the descriptor holds, up to so many bytes: empty at its end, nil when there is nothing just now.
    static func read(_ raw: CInt, most: Int = 65_536) -> [UInt8]? {
        var failure: CInt = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            let found = unsafe Glibc.read(raw, buffer.baseAddress, most)
            failure = found < 0 ? errno : 0
            count = max(0, found)
        }
        if failure == EAGAIN || failure == EINTR { return nil }
        // It may wait for a log: then only with the room that it needs.
        return bytes.count < most / 2 ? unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) } : bytes
    }

    static func writeByte(_ raw: CInt) {
        var byte: UInt8 = 0
        unsafe _ = Glibc.write(raw, &byte, 1)
    }

    /// Waits until a descriptor has something to read or has ended, for ever or for so long.
    static func waitUntilReadable(_ raw: CInt, milliseconds: Int?) {
        var entry = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
        unsafe _ = poll(&entry, 1, milliseconds.map { CInt($0) } ?? -1)
    }

    /// The beginning of a file such as one below /proc, in at most so many bytes; nil when it can't be opened.
    static func contents(of path: String, most: Int = 1 << 20) -> [UInt8]? {
        let raw = unsafe cprocess_open(path, O_RDONLY, 0)
        guard raw >= 0 else { return nil }
        let owner = OwnedFD(raw)
        var result: [UInt8] = []
        while result.count < most, let chunk = read(owner.raw, most: min(65_536, most - result.count)), !chunk.isEmpty { result += chunk }
        return result
    }

    /// Writes a text at once to a file of the kernel's, such as one below /sys; false where it can't be.
    static func write(_ text: String, to path: String) -> Bool {
        let raw = unsafe cprocess_open(path, O_WRONLY | O_TRUNC, 0)
        guard raw >= 0 else { return false }
        let owner = OwnedFD(raw)
        let bytes = Array(text.utf8)
        return unsafe Glibc.write(owner.raw, bytes, bytes.count) == bytes.count
    }

    /// Where a symbolic link leads to, such as a descriptor below /proc; nil when there is none, or it is none of ours.
    static func target(ofLink path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = unsafe readlink(path, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// The limit on descriptors of this process, raised to as many as are usual where the system lets it. Processes that are started inherit it.
    package static func raiseLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return usualLimit }
        if limit.rlim_cur < usualLimit, limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = min(rlim_t(usualLimit), limit.rlim_max)
            _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return Int(min(limit.rlim_cur, rlim_t(Int32.max)))
    }

    private static let usualLimit = 1024

    /// How many descriptors more this process may open just now, up to `most`. Opens and closes them; does not block.
    package static func room(upTo most: Int) -> Int {
        var opened: [CInt] = []
        defer { for raw in opened { close(raw) } }
        while opened.count < most {
            let raw = unsafe cprocess_open("/dev/null", O_RDONLY, 0)
            guard raw >= 0 else { break }
            opened.append(raw)
        }
        return opened.count
    }

    /// Takes a lock on a file that ends with us; nil when another process holds it.
    package static func lock(path: String) throws(LockFailure) -> OwnedFD {
        let raw = unsafe cprocess_open(path, O_RDWR | O_CREAT, 0o600)
        guard raw >= 0 else { throw .unwritable(unsafe String(cString: strerror(errno))) }
        let owner = OwnedFD(raw)
        guard flock(raw, LOCK_EX | LOCK_NB) == 0 else { throw .held }
        return owner
    }

    package enum LockFailure: Error {
        case held
        case unwritable(String)
    }
}
