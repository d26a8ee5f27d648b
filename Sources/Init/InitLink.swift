import CInit
import CProcess
import Glibc

/// The daemon's end of the sockets between it and Init. See `Sources/CInit/wire.h`. Every `unsafe` word about it is in this file.
package final class InitLink: Sendable {
    /// Set for the daemon: the number of its end, a colon, and the version that Init speaks.
    package static let variable = "SHIPKEEPER_INIT_SOCKET"

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

    /// From now on a stop may take so long. Never waits.
    package func report(budget: Duration) {
        var message = cinit_message()
        message.head.kind = UInt8(CINIT_BUDGET)
        message.head.value = Int64(budget.components.seconds * 1000 + budget.components.attoseconds / 1_000_000_000_000_000)
        unsafe _ = cinit_send(socket, &message, CInt(MSG_DONTWAIT))
    }
}
