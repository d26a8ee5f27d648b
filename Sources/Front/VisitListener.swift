import Glibc
package import Threads

/// Hears what nginx reports of visits, on a thread of its own. Every `unsafe` word about its socket is in this file.
package enum VisitListener {
    package enum Failure: Error, CustomStringConvertible {
        case socket(path: String, code: Int32)
        case thread(ThreadError)

        package var description: String {
            switch self {
            case .socket(let path, let code): unsafe "the socket \(path) can't be made: \(String(cString: strerror(code)))"
            case .thread(let error): "\(error)"
            }
        }
    }

    /// A report of nginx is cut at 2,048 bytes by itself. Source: ngx_log.h, NGX_MAX_ERROR_STR.
    private static let mostBytes = 4096

    /// Listens until the program ends.
    /// - Parameters:
    ///   - path: Of the socket; what is there is replaced.
    ///   - owner: The user and the group that report; nil for the own ones.
    ///   - onVisit: Called on the thread; must not block.
    package static func start(_ path: String, owner: (user: UInt32, group: UInt32)?, onVisit: @escaping @Sendable (Visit) -> Void) throws(Failure) {
        let raw = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard raw >= 0 else { throw .socket(path: path, code: errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        unsafe unlink(path)
        let isBound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 }
        }
        guard isBound, unsafe chmod(path, 0o600) == 0, owner.map({ unsafe chown(path, $0.user, $0.group) == 0 }) ?? true else {
            defer { close(raw) }
            throw .socket(path: path, code: errno)
        }
        do throws(ThreadError) {
            try SystemThread.start("shipkeeper-visit") { read(raw, onVisit) }
        } catch {
            close(raw)
            throw .thread(error)
        }
    }

    private static func read(_ raw: CInt, _ onVisit: @Sendable (Visit) -> Void) {
        var buffer = [UInt8](repeating: 0, count: mostBytes)
        while true {
            let count = unsafe recv(raw, &buffer, buffer.count, 0)
            if count < 0, errno != EINTR { break }
            if count > 0, let visit = Visit(message: Array(buffer.prefix(count))) { onVisit(visit) }
        }
        close(raw)
    }
}
