/// What the public port is to do, with everything that is written into nginx's configuration. A value.
package struct FrontPlan: Hashable, Sendable {
    /// An address that nginx listens at.
    package struct Listen: Hashable, Sendable {
        /// A name or an address; nil for all addresses of the machine.
        package var host: String?
        package var port: Int

        package init(host: String? = nil, port: Int) {
            self.host = host
            self.port = port
        }
    }

    /// The app behind the port, as host and port.
    package struct Upstream: Hashable, Sendable {
        package var host: String
        package var port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    /// The user and the group of nginx's worker processes.
    package struct Worker: Hashable, Sendable {
        package var user: String
        package var group: String

        package init(user: String, group: String) {
            self.user = user
            self.group = group
        }
    }

    package var listen: [Listen]
    /// Nil where nothing is behind the port: all of it is the page.
    package var upstream: Upstream?
    /// Where the app may be shown in a frame, in the words of the header `Content-Security-Policy`; empty to leave the app's own headers.
    package var frameAncestors: [String]
    /// The most bytes that a request to the app may carry.
    package var mostBody: Int64
    /// Where the files of the front are; see `FrontFolder`.
    package var folder: String
    /// Marks the answers of this front, which differ from those of any other; see `FrontFolder.instance`. Hexadecimal digits.
    package var instance: String
    /// Nil where nginx runs as the user of this program.
    package var worker: Worker?
    /// Whether the machine has IPv6.
    package var hasIPv6: Bool

    package init(
        listen: [Listen], upstream: Upstream?, frameAncestors: [String] = [], mostBody: Int64 = 64 << 20, folder: String, instance: String = "0",
        worker: Worker? = nil, hasIPv6: Bool = true
    ) {
        self.listen = listen
        self.upstream = upstream
        self.frameAncestors = frameAncestors
        self.mostBody = mostBody
        self.folder = folder
        self.instance = instance
        self.worker = worker
        self.hasIPv6 = hasIPv6
    }

    /// Written when the upstream is ready, removed when it is not: nginx looks for it at each request.
    package var readyFile: String { "\(folder)/ready" }
    /// Where nginx asks for our pages.
    package var pageSocket: String { "\(folder)/page.sock" }
    /// Where nginx reports visits.
    package var visitSocket: String { "\(folder)/visits.sock" }
    package var configurationFile: String { "\(folder)/nginx.conf" }

    /// The addresses as nginx writes them.
    var listenTexts: [String] {
        listen.flatMap { address in
            guard let host = address.host else { return ["0.0.0.0:\(address.port)"] + (hasIPv6 ? ["[::]:\(address.port)"] : []) }
            return [host.contains(":") ? "[\(host)]:\(address.port)" : "\(host):\(address.port)"]
        }
    }
}

extension FrontPlan.Upstream {
    var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
