import CProcess
import Glibc
import JobKit
import Settings
import Synchronization

/// A socket at which a process says how it is (sd_notify(3)). Every `unsafe` word about it is in this file.
///
/// Its address is an abstract one (unix(7)): it needs no folder that can be written, is never too long, is reached by a process that has given up its
/// rights, and nothing of it stays after a crash. Who may write to it is not asked of the file system but of each message: the kernel says which process
/// has sent it, and only those of the service count.
///
/// A message is looked at first, and taken from the socket when it has been acted upon: should this program die between, its successor gets it again.
final class NotifySocket: Sendable {
    private enum Stage {
        case idle
        case listening(OutputPump.ID)
        case closed
    }

    private struct State {
        var stage = Stage.idle
        /// Of processes that may belong to it, in order, with those being looked at first.
        var undecided: [(sender: Int32, bytes: [UInt8])] = []
    }

    /// As in systemd: a longer one is ignored.
    private static let longest = 4096
    private static let mostUndecided = 16

    let raw: CInt
    /// As in `NOTIFY_SOCKET`; empty for one that was adopted.
    private let address: String
    private let state = Mutex(State())

    private init(_ raw: CInt, _ address: String) {
        self.raw = raw
        self.address = address
    }

    /// That of a program that is gone. The descriptor is the socket's from now on.
    convenience init(adopting raw: CInt) {
        self.init(raw, "")
        cprocess_notice_all(raw)
    }

    /// Nil where the command asks for none.
    static func make(_ command: ProcessCommand) throws(LaunchError) -> NotifySocket? {
        guard command.notification != nil else { return nil }
        // Two numbers at random: nobody can have taken the name before.
        let name = "shipkeeper/\(String(UInt64.random(in: 0 ... .max), radix: 36))\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        let raw = unsafe cprocess_notify_socket(name)
        guard raw < 0 else { return NotifySocket(raw, "@" + name) }
        let program = command.arguments.first ?? ""
        if [EMFILE, ENFILE].contains(errno) { throw .short(program: program, .descriptors) }
        if [ENOMEM, ENOBUFS].contains(errno) { throw .short(program: program, .memory) }
        throw .failed(program: program, reason: "no socket for its notifications: \(unsafe String(cString: strerror(errno)))")
    }

    /// Adds the variables by which the process finds it; gives the name of a variable that is to have its own id.
    func add(to environment: inout [String: String], _ command: ProcessCommand) -> String? {
        environment["NOTIFY_SOCKET"] = address
        (environment["WATCHDOG_USEC"], environment["WATCHDOG_PID"]) = (nil, nil)
        guard let watchdog = command.notification?.watchdog else { return nil }
        environment["WATCHDOG_USEC"] = "\(Int64(watchdog.seconds * 1_000_000))"
        return "WATCHDOG_PID"
    }

    /// See `RunningProcess.listen`.
    func listen(to family: Family, _ keeper: ChildKeeper, _ onMessage: @escaping @Sendable ([UInt8]) -> Void) {
        state.withLock { state in
            guard case .idle = state.stage else { return }
            let receiver = OutputPump.Receiver.datagrams { [weak self] in
                self?.take { sender, bytes in self?.judge(sender, bytes, family, keeper, onMessage) }
            }
            if let id = OutputPump.shared.add(raw, receiver, onEnd: {}) { state.stage = .listening(id) }
        }
    }

    /// Nobody listens any more.
    func close() {
        state.withLock { state in
            switch state.stage {
            case .idle: Glibc.close(raw)
            case .listening(let id): OutputPump.shared.remove(id)
            case .closed: break
            }
            state.stage = .closed
        }
    }

    /// Looks at the next message, and takes it away after that.
    private func take(_ look: (_ sender: Int32, [UInt8]) -> Void) -> Int? {
        var notice = cprocess_notice()
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: NotifySocket.longest) { buffer, count in
            notice = unsafe cprocess_read_notice(raw, buffer.baseAddress, NotifySocket.longest, 0)
            count = max(0, notice.length)
        }
        guard notice.length >= 0 else { return nil }
        if notice.is_cut == 0, notice.sender > 0 { look(notice.sender, bytes) }
        _ = cprocess_read_notice(raw, nil, 0, 1)
        return max(1, notice.length)
    }

    private func judge(
        _ sender: Int32, _ bytes: [UInt8], _ family: Family, _ keeper: ChildKeeper, _ onMessage: @escaping @Sendable ([UInt8]) -> Void
    ) {
        if keeper.isMember(sender, of: family) { return onMessage(bytes) }
        // A daemon of its own making, or a stranger. Strangers must not cost more than a little.
        let isFirst = state.withLock { state in
            if state.undecided.count < NotifySocket.mostUndecided { state.undecided.append((sender, bytes)) }
            return state.undecided.count == 1
        }
        guard isFirst else { return }
        // Owned by nobody: it ends when all have been looked at, of which there are few.
        Task { [self] in
            var next: (sender: Int32, bytes: [UInt8])? = (sender, bytes)
            while let message = next {
                var belongs = keeper.isMember(message.sender, of: family)
                if !belongs { belongs = await keeper.isMarked(message.sender, of: family) }
                if belongs { onMessage(message.bytes) }
                next = state.withLock { state in
                    state.undecided.removeFirst()
                    return state.undecided.first
                }
            }
        }
    }
}
