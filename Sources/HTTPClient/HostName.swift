import Glibc
import Threads

/// Looks names of hosts up, as the system does: `/etc/hosts`, DNS and what else it is set up with.
package enum HostName {
    /// Why a name has no address, as the system's message (gai_strerror(3)); nil where it has one. Suspends; a thread of its own is blocked for as
    /// long as the system looks, which may be many seconds without a network.
    package static func problem(_ name: String) async -> String? {
        let result = await ThreadWork.result("shipkeeper-lookup") { look(name) }
        switch result {
        case .success(let problem): return problem
        case .failure(let error): return error.description
        }
    }

    private static func look(_ name: String) -> String? {
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(name, nil, nil, &found)
        if let found = unsafe found { unsafe freeaddrinfo(found) }
        return code == 0 ? nil : unsafe String(cString: gai_strerror(code))
    }
}
