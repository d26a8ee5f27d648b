import Glibc
import Synchronization
import Threads

/// HTTP over a Unix socket of this machine, without libcurl and the thirty libraries that it brings: a command that asks the running program needs none
/// of them. One connection for each request, and no bodies of requests.
package struct SocketClient: Sendable {
    private static let pieceBytes = 64 << 10

    package init() {}

    /// Sends a request to its `unixSocket` and waits for the whole answer, on a thread of its own. Cancelling the task ends it.
    /// - Parameter request: `timeout`, `mostBody` and `headers` hold; redirects come as they are.
    /// - Throws: `refused` where nothing listens, `timedOut`, `cancelled`, `noThread`, or `broken`.
    package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let connection = Connection()
        let result = await withTaskCancellationHandler {
            await ThreadWork.result("socket") { SocketClient.result { () throws(HTTPFailure) in try connection.exchange(request) } }
        } onCancel: {
            connection.cancel()
        }
        switch result {
        case .success(let answer): return try answer.get()
        case .failure(let error): throw .noThread(error.description)
        }
    }

    private static func result(_ work: () throws(HTTPFailure) -> HTTPResponse) -> Result<HTTPResponse, HTTPFailure> {
        do throws(HTTPFailure) { return .success(try work()) } catch { return .failure(error) }
    }

    /// A socket that another thread may end.
    private final class Connection: Sendable {
        private enum State {
            case idle
            case open(CInt)
            case cancelled
        }

        private let state = Mutex(State.idle)

        /// A thread that waits for the socket finds its end.
        func cancel() {
            state.withLock { state in
                if case .open(let socket) = state { shutdown(socket, CInt(SHUT_RDWR)) }
                state = .cancelled
            }
        }

        private var isCancelled: Bool { state.withLock { if case .cancelled = $0 { true } else { false } } }

        func exchange(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPResponse {
            let end = request.timeout.map { ContinuousClock.now + $0 }
            let socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            guard socket >= 0 else { throw .broken(SocketClient.words(errno)) }
            defer { close(socket) }
            let isOpen = state.withLock { state in
                guard case .idle = state else { return false }
                state = .open(socket)
                return true
            }
            guard isOpen else { throw .cancelled }
            // Before the descriptor is closed, and another file may get its number.
            defer { state.withLock { if case .open = $0 { $0 = .idle } } }
            do throws(HTTPFailure) {
                try SocketClient.connect(socket, to: request.unixSocket ?? "")
                try SocketClient.write(SocketClient.head(of: request), to: socket, until: end)
                return try SocketClient.answer(from: socket, mostBody: request.mostBody, until: end)
            } catch {
                throw isCancelled ? .cancelled : error
            }
        }
    }

    // MARK: Calls

    private static func words(_ code: CInt) -> String { unsafe String(cString: strerror(code)) }

    private static func connect(_ socket: CInt, to path: String) throws(HTTPFailure) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard path.utf8.count < room.count else { return false }
            unsafe room.copyBytes(from: path.utf8)
            return true
        }
        guard fits else { throw .refused("the path of the socket is too long") }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.connect(socket, $0, length) }
        }
        guard result != 0 else { return }
        let code = errno
        throw [ENOENT, ECONNREFUSED, ENOTDIR].contains(code) ? .refused(words(code)) : .broken(words(code))
    }

    private static func head(of request: HTTPRequest) -> [UInt8] {
        let address = request.url.firstRange(of: "://").map { request.url[$0.upperBound...] } ?? request.url[...]
        let slash = address.firstIndex(of: "/") ?? address.endIndex
        var lines = ["\(request.method) \(slash == address.endIndex ? "/" : address[slash...]) HTTP/1.1", "Host: \(address[..<slash])", "Connection: close"]
        lines += request.headers.map { "\($0.name): \($0.value)" }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// Waits until the socket can be used.
    private static func wait(for events: Int32, of socket: CInt, until end: ContinuousClock.Instant?) throws(HTTPFailure) {
        while true {
            var left = -1 as CInt
            if let end {
                let rest = end - ContinuousClock.now
                guard rest > .zero else { throw .timedOut("no answer came in time") }
                left = CInt(clamping: rest.components.seconds * 1000 + rest.components.attoseconds / 1_000_000_000_000_000 + 1)
            }
            var entry = pollfd(fd: socket, events: Int16(events), revents: 0)
            let count = unsafe poll(&entry, 1, left)
            if count > 0 { return }
            if count < 0, errno != EINTR { throw .broken(words(errno)) }
        }
    }

    private static func write(_ bytes: [UInt8], to socket: CInt, until end: ContinuousClock.Instant?) throws(HTTPFailure) {
        var sent = 0
        while sent < bytes.count {
            try wait(for: POLLOUT, of: socket, until: end)
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(socket, $0.baseAddress! + sent, $0.count - sent, CInt(MSG_NOSIGNAL)) }
            if count > 0 { sent += count } else if errno != EINTR { throw .broken(words(errno)) }
        }
    }

    private static func answer(from socket: CInt, mostBody: Int, until end: ContinuousClock.Instant?) throws(HTTPFailure) -> HTTPResponse {
        var answer = WholeAnswer(mostBody: mostBody)
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            try wait(for: POLLIN, of: socket, until: end)
            let count = unsafe piece.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
            if count > 0 {
                if let whole = try answer.add(piece[..<count]) { return whole }
            } else if count == 0 {
                return try answer.end()
            } else if errno != EINTR {
                throw .broken(words(errno))
            }
        }
    }
}
