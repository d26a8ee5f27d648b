import CInit
import CProcess
import Glibc
package import Threads

/// The daemon's end of the sockets between it and Init. See `Sources/CInit/wire.h`. Every `unsafe` word about it is in this file.
package final class InitLink: Sendable {
    /// Set for the daemon: the number of its end, a colon, and the version that Init speaks.
    package static let variable = "SHIPKEEPER_INIT_SOCKET"
    /// The longest that Init is waited for. It answers at once, or never.
    private static let patience: Int32 = 5000

    /// What Init keeps about a process, as it was given to it.
    package struct Entry: Sendable {
        package var name: String
        package var process: Int32
        package var startedAt: UInt64
        package var note: [UInt8]
        /// They are the receiver's.
        package var descriptors: [Int32]
        /// Its wait status, where it was collected.
        package var status: Int32?
    }

    /// What Init says by itself.
    package enum News: Sendable {
        /// A kept process was collected, with this wait status.
        case ended(process: Int32, startedAt: UInt64, status: Int32)
        /// Init has no room to keep this process.
        case refused(process: Int32)
    }

    private let socket: CInt

    /// Nil where no Init of ours is above, or one that speaks another version. Takes the descriptor away from processes that are started from now on.
    package init?(_ value: String?) {
        let numbers = (value ?? "").split(separator: ":").map { CInt($0) }
        guard numbers.count == 2, let raw = numbers[0], raw > 2, numbers[1] == CInt(CINIT_VERSION) else { return nil }
        var info = stat()
        guard unsafe fstat(raw, &info) == 0, info.st_mode & S_IFMT == S_IFSOCK else { return nil }
        cprocess_close_on_exec(raw)
        socket = raw
    }

    // MARK: To Init. It reads at once, so nothing here waits for more than that.

    /// From now on a stop may take so long.
    package func report(budget: Duration) {
        send(CINIT_BUDGET) {
            $0.head.value = Int64(budget.components.seconds * 1000 + budget.components.attoseconds / 1_000_000_000_000_000)
        }
    }

    /// The program is well. From the first one on Init expects more.
    package func reportHeartbeat() { send(CINIT_HEARTBEAT) }

    /// Keeps a process for the next program. The descriptors are the caller's also afterwards.
    package func keep(_ name: String, process: Int32, startedAt: UInt64, note: [UInt8], descriptors: [Int32]) {
        guard note.count <= Int(CINIT_MOST_DATA), descriptors.count <= Int(CINIT_MOST_DESCRIPTORS) else { return }
        send(CINIT_KEEP, name, data: note, descriptors: descriptors) { ($0.head.process, $0.head.started) = (process, startedAt) }
    }

    package func move(_ name: String, process: Int32, startedAt: UInt64) {
        send(CINIT_MOVE, name) { ($0.head.process, $0.head.started) = (process, startedAt) }
    }

    package func collected(_ name: String, status: Int32) { send(CINIT_COLLECTED, name) { $0.head.value = Int64(status) } }

    package func forget(_ name: String) { send(CINIT_FORGET, name) }

    /// Forgets an entry that nobody understands, and closes its descriptors.
    package func discard(_ entry: Entry) {
        forget(entry.name)
        for descriptor in entry.descriptors { close(descriptor) }
    }

    /// After this program's end another one is started at once, from this path.
    package func replace(by path: String) { send(CINIT_REPLACE, data: Array(path.utf8)) }

    private func send(
        _ kind: Int, _ name: String = "", data: [UInt8] = [], descriptors: [Int32] = [], _ fill: (inout cinit_message) -> Void = { _ in }
    ) {
        var message = cinit_message()
        fill(&message)
        let name = Array(name.utf8.prefix(Int(CINIT_MOST_NAME)))
        message.head.kind = UInt8(kind)
        message.head.name_length = UInt8(name.count)
        message.head.data_length = UInt32(data.count)
        message.descriptor_count = Int32(descriptors.count)
        unsafe withUnsafeMutableBytes(of: &message.name) { unsafe $0.copyBytes(from: name) }
        unsafe withUnsafeMutableBytes(of: &message.data) { unsafe $0.copyBytes(from: data) }
        unsafe withUnsafeMutableBytes(of: &message.descriptors) { target in
            unsafe descriptors.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
        }
        unsafe _ = cinit_send(socket, &message, 0)
    }

    // MARK: From Init

    /// All that is kept, with its descriptors. Blocks. To be called before `listen`, and once.
    package func entries() -> [Entry] {
        var entries: [Entry] = []
        var index: Int32 = 0
        send(CINIT_LIST) { $0.head.index = index }
        while let message = receive(within: InitLink.patience) {
            switch Int(message.head.kind) {
            case CINIT_ENTRY:
                entries.append(InitLink.entry(message))
                index = message.head.index + 1
                send(CINIT_LIST) { $0.head.index = index }
            case CINIT_ENDED:
                for place in entries.indices where entries[place].process == message.head.process && entries[place].startedAt == message.head.started {
                    entries[place].status = Int32(truncatingIfNeeded: message.head.value)
                }
            case CINIT_END: return entries
            default: break
            }
        }
        return entries
    }

    /// Hears what Init says, on a thread of its own, as long as this program lives.
    package func listen(_ onNews: @escaping @Sendable (News) -> Void) throws(ThreadError) {
        try SystemThread.start("shipkeeper-init") { [self] in
            while let message = receive(within: -1) {
                switch Int(message.head.kind) {
                case CINIT_ENDED:
                    onNews(
                        .ended(process: message.head.process, startedAt: message.head.started, status: Int32(truncatingIfNeeded: message.head.value)))
                case CINIT_REFUSED: onNews(.refused(process: message.head.process))
                default: break
                }
            }
        }
    }

    /// Nil at the end, and where nothing comes in time. What is not understood is passed over.
    private func receive(within milliseconds: Int32) -> cinit_message? {
        var message = cinit_message()
        while true {
            var room = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            let count = unsafe poll(&room, 1, milliseconds)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            let found = unsafe cinit_receive(socket, &message, CInt(MSG_DONTWAIT))
            if found > 0 { return message }
            guard found < 0, errno == EBADMSG || errno == EAGAIN else { return nil }
        }
    }

    private static func entry(_ message: cinit_message) -> Entry {
        var message = message
        let name = unsafe withUnsafeBytes(of: &message.name) { unsafe Array($0.prefix(Int(message.head.name_length))) }
        let note = unsafe withUnsafeBytes(of: &message.data) { unsafe Array($0.prefix(Int(message.head.data_length))) }
        let descriptors = unsafe withUnsafeBytes(of: &message.descriptors) { bytes in
            unsafe Array(bytes.assumingMemoryBound(to: Int32.self).prefix(Int(message.descriptor_count)))
        }
        return Entry(
            name: String(decoding: name, as: UTF8.self), process: message.head.process, startedAt: message.head.started, note: note,
            descriptors: descriptors,
            status: Int(message.head.state) == CINIT_STATE_ENDED ? Int32(truncatingIfNeeded: message.head.value) : nil)
    }
}
