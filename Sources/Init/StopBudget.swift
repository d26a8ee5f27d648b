import CProcess
import Glibc

/// Init's end of the pipe by which the daemon reports its stop budget. Every `unsafe` word about it is in this file.
struct StopBudgetReader {
    /// Until the daemon has read its configuration.
    private static let unknown = 8_000

    private var pipe: CInt = -1
    private var last = StopBudgetReader.unknown
    private var pending: [UInt8] = []

    /// What the daemon has reported last, in milliseconds. Never waits.
    mutating func latest() -> Int {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while pipe >= 0 {
            let count = unsafe read(pipe, &buffer, buffer.count)
            guard count > 0 else { break }
            pending += buffer.prefix(count)
        }
        let lines = pending.split(separator: 10, omittingEmptySubsequences: false)
        if let line = lines.dropLast().last, let number = Int(String(decoding: line, as: UTF8.self)), number > 0 { last = number }
        pending = lines.last.map(Array.init) ?? []
        return last
    }

    /// Makes a pipe for a new daemon; gives the end to write to, which the caller closes. Nil where the system has none left:
    /// then the last budget stays.
    mutating func open() -> CInt? {
        _ = latest()
        if pipe >= 0 { close(pipe) }
        (pipe, pending) = (-1, [])
        var ends: [CInt] = [0, 0]
        guard unsafe cprocess_pipe(&ends) == 0 else { return nil }
        pipe = ends[0]
        return ends[1]
    }
}

/// The daemon's end: reports the stop budget to Init, which keeps the deadline.
package final class StopBudgetReporter: Sendable {
    /// Set for the daemon: the descriptor to write to.
    package static let variable = "SHIPKEEPER_STOP_BUDGET_FD"

    private let pipe: CInt

    /// Nil where no Init of ours is above. Takes the descriptor away from processes that are started from now on.
    package init?(descriptor: String?) {
        guard let raw = descriptor.flatMap({ CInt($0) }), raw > 2 else { return nil }
        var info = stat()
        guard unsafe fstat(raw, &info) == 0, info.st_mode & S_IFMT == S_IFIFO else { return nil }
        cprocess_close_on_exec(raw)
        _ = cprocess_set_nonblocking(raw)
        pipe = raw
    }

    /// From now on a stop may take so long. Never waits.
    package func report(_ budget: Duration) {
        let milliseconds = budget.components.seconds * 1000 + budget.components.attoseconds / 1_000_000_000_000_000
        let line = Array("\(milliseconds)\n".utf8)
        unsafe _ = write(pipe, line, line.count)
    }
}
