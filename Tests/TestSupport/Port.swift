import Foundation
import Synchronization

/// Ports of this machine for programs under test that are given one by their settings.
package enum Port {
    private static let reserved = Mutex<[Int: Int32]>([:])

    /// A port that nobody listens on, and that no other test run on this machine is given as long as this process runs.
    ///
    /// It lies outside the range from which the system takes ports for connections, and a lock on a file in `/tmp` says whose it is. A server that is ours
    /// listens on port 0 instead and says which port it got.
    package static func reserve() -> Int {
        _ = unsafe mkdir(folder, 0o777)
        // The mask of this process does not count.
        _ = unsafe chmod(folder, 0o1777)
        while true {
            let port = Int.random(in: 10_240..<65_536)
            guard !forConnections.contains(port), isFree(port), lock(port) else { continue }
            return port
        }
    }

    private static let folder = "/tmp/shipkeeper-test-ports"

    private static let forConnections: ClosedRange<Int> = {
        let text = (try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)) ?? ""
        let ends = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard ends.count == 2, ends[0] <= ends[1], ends[1] - ends[0] < 54_000 else { return 32_768...60_999 }
        return ends[0]...ends[1]
    }()

    private static func lock(_ port: Int) -> Bool {
        reserved.withLock { reserved in
            guard reserved[port] == nil else { return false }
            let path = "\(folder)/\(port)"
            // In a sticky folder the system may refuse to create what is there and belongs to another user.
            var descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
            if descriptor < 0 { descriptor = unsafe open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0o644) }
            guard descriptor >= 0 else { return false }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                return false
            }
            reserved[port] = descriptor
            return true
        }
    }

    private static func isFree(_ port: Int) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        return unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
        }
    }
}
