import CFiles
import Glibc
import Synchronization

/// Files whose POSIX locks this process holds through a library, such as SQLite while it copies a database.
///
/// The system drops all such locks of a process on a file as soon as *any* of its descriptors of that file is closed. So a descriptor
/// of a held file is not closed but kept, until the file has no holder any more. Every `OpenFile` is closed through here.
package enum HeldFiles {
    private struct Key: Equatable {
        var device: UInt64
        var inode: UInt64
    }

    private struct State {
        let key: Key
        var holders = 0
        /// Descriptors that are being closed at this moment, by threads that came before the holder.
        var closing = 0
        /// To be closed with the last holder.
        var kept: [CInt] = []
    }

    /// Few at a time.
    private static let states = Mutex<[State]>([])

    /// Changes the state of a file, and forgets it where nobody holds or closes it.
    private static func change<Value: Sendable>(_ key: Key, _ body: (inout State) -> Value) -> Value {
        states.withLock { states in
            let index = states.firstIndex { $0.key == key } ?? states.endIndex
            if index == states.endIndex { states.append(State(key: key)) }
            let value = body(&states[index])
            if states[index].holders == 0, states[index].closing == 0 { states.remove(at: index) }
            return value
        }
    }

    /// Holds a file while `body` takes and releases its locks. Blocks first for as long as a descriptor of the file is just being closed.
    package static func holding<Value, Failure: Error>(_ file: FileStatus, _ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        let key = Key(device: file.device, inode: file.inode)
        change(key) { $0.holders += 1 }
        defer { release(key) }
        while change(key, { $0.closing }) > 0 { usleep(100) }
        return try body()
    }

    private static func release(_ key: Key) {
        let kept = change(key) { state -> [CInt] in
            state.holders -= 1
            guard state.holders == 0 else { return [] }
            defer { state.kept = [] }
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
        let isKept = change(key) { state in
            if state.holders > 0 { state.kept.append(raw) } else { state.closing += 1 }
            return state.holders > 0
        }
        if isKept { return }
        Glibc.close(raw)
        change(key) { $0.closing -= 1 }
    }
}
