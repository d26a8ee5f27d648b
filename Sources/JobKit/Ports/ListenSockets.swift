package import Settings

/// An address at which the program listens for a service.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    package enum Target: Hashable, Sendable {
        /// - Parameter host: An address in numbers, of IPv4 or IPv6.
        case tcp(host: String, port: Int)
        /// An absolute path.
        case unix(path: String)
    }

    package var target: Target
    /// Where it is in the configuration.
    package var place: SourcePlace

    package init(_ target: Target, at place: SourcePlace) {
        self.target = target
        self.place = place
    }

    /// As it is written: `127.0.0.1:8080`, `[::1]:8080`, `/run/app.sock`.
    package var description: String {
        switch target {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }

    /// The longest path of a Unix socket, in bytes. See unix(7).
    package static let longestPath = 107
    /// The most sockets of one service.
    package static let most = 16
}

/// Why the program can't listen at an address.
package struct ListenError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Reason: Hashable, Sendable {
        /// Something else listens there: another service, or nothing that is known.
        case inUse(by: String?)
        /// A port below 1024, which this user may not use.
        case privileged
        /// A path that this user may not write to.
        case forbidden
        case folderMissing
        /// The path is that of something else than a socket.
        case noSocket
        /// No address of this machine.
        case foreign
        /// Another error of the system.
        case failed(String)
    }

    package var address: ListenAddress
    package var reason: Reason

    package init(_ address: ListenAddress, _ reason: Reason) {
        self.address = address
        self.reason = reason
    }

    package var description: String {
        let words =
            switch reason {
            case .inUse(let service?): "the service \(service) listens there"
            case .inUse(nil): "another program listens there"
            case .privileged: "ports below 1024 are not for this user"
            case .forbidden: "this user may not create it"
            case .folderMissing: "its folder does not exist"
            case .noSocket: "a file that is not a socket is there"
            case .foreign: "this machine has no such address"
            case .failed(let text): text
            }
        return "\(address.place): can't listen at \(address): \(words)"
    }

    /// What to do about it.
    package var hint: String {
        switch reason {
        case .inUse: "end what listens there (ss -ltnpx shows it), or write another address"
        case .privileged: "write a port from 1024 on, or run as root, or with the capability CAP_NET_BIND_SERVICE"
        case .forbidden: "write a path in a folder that this user may write to"
        case .folderMissing: "create it, or write another path"
        case .noSocket: "remove it, or write another path"
        case .foreign: "write 127.0.0.1 for this machine alone, or 0.0.0.0 for all of its addresses"
        case .failed: "the cause is the system's own; see also its limits"
        }
    }
}

/// Keeps the sockets at which services accept connections, for as long as a run of the service continues: while no process of it is there, connections wait.
package protocol ListenSockets: Sendable {
    /// Opens the sockets of a run that are not open, and closes those of its job that no run has asked for. May wait for a disk.
    /// - Returns: A descriptor for each address, in their order. They belong to the keeper, and are there until the run is released.
    func open(_ addresses: [ListenAddress], for job: String, run: Int64) async throws(ListenError) -> [Int32]
    /// A run has ended: sockets that no other run of its job has asked for are closed.
    /// - Parameter isLast: Whether no other run of the job follows: then all are closed.
    func release(run: Int64, of job: String, isLast: Bool)
    /// Closes the sockets of all other jobs.
    func retain(jobs: Set<String>)
}
