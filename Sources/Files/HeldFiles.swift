import CFiles
import Glibc
import Synchronization

/// Files whose POSIX locks this process holds through a library, such as SQLite while it copies a database.
///
/// The system drops all such locks of a process on a file as soon as *any* of its descriptors of that file is closed. So a descriptor
/// of a held file is not closed but kept, until the file has no holder any more. Every `OpenFile` is closed through here.
package enum HeldFiles {
    private struct Key: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    private struct State {
        var holders = 0
        /// Descriptors that are being closed at this moment, by threads that came before the holder.
        var closing = 0
        /// To be closed with the last holder.
        var kept: [CInt] = []
    }

    private static let states = Mutex<[Key: State]>([:])

    /// Holds a file while `body` takes and releases its locks. Blocks first for as long as a descriptor of the file is just being closed.
    package static func holding<Value, Failure: Error>(_ file: FileStatus, _ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        let key = Key(device: file.device, inode: file.inode)
        states.withLock { $0[key, default: State()].holders += 1 }
        defer { release(key) }
        while states.withLock({ $0[key]?.closing ?? 0 }) > 0 { usleep(100) }
        return try body()
    }

    private static func release(_ key: Key) {
        let kept = states.withLock { states -> [CInt] in
            guard var state = states[key] else { return [] }
            state.holders -= 1
            guard state.holders == 0 else {
                states[key] = state
                return []
            }
            states[key] = state.closing > 0 ? State(closing: state.closing) : nil
            return state.kept
        }
        for raw in kept { close(raw) }
    }

    /// Closes a descriptor, or keeps it while its file is held.
    static func close(_ raw: CInt) {
        var info = stat()
        guard unsafe fstat(raw, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            Glibc.close(raw)
            return
        }
        let key = Key(device: UInt64(info.st_dev), inode: UInt64(info.st_ino))
        let isKept = states.withLock { states in
            if states[key]?.holders ?? 0 > 0 {
                states[key]?.kept.append(raw)
                return true
            }
            states[key, default: State()].closing += 1
            return false
        }
        if isKept { return }
        Glibc.close(raw)
        states.withLock { states in
            states[key]?.closing -= 1
            if states[key]?.closing == 0, states[key]?.holders == 0 { states[key] = nil }
        }
    }
}
