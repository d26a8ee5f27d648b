import Foundation

extension HTTPResponse {
    fileprivate var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) && header("Location") != nil }

    /// The absolute address that an answer with status 301, 302, 303, 307 or 308 redirects to; nil for other answers and for an unusable
    /// `Location`. An absolute one is returned byte for byte. See RFC 9110 §10.2.2.
    /// - Parameter url: The address of the request, against which a relative one is resolved.
    package func redirect(from url: String) -> String? {
        guard isRedirect, let location = header("Location"), !location.isEmpty else { return nil }
        // Signed addresses must stay as they are, byte for byte.
        if location.hasPrefix("http://") || location.hasPrefix("https://") { return location }
        guard let origin = HTTPOrigin(url) else { return nil }
        if location.hasPrefix("//") { return "\(origin.scheme):\(location)" }
        if location.hasPrefix("/") { return origin.description + location }
        return URL(string: location, relativeTo: URL(string: url))?.absoluteString
    }
}

/// The origin of an address: scheme, host and port. A default port that is written out differs from none. See RFC 6454 §4.
package struct HTTPOrigin: Hashable, Sendable, CustomStringConvertible {
    /// `http` or `https`.
    package var scheme: String
    /// In lower case; an IPv6 address as the URL writes it, in brackets.
    package var host: String
    /// Nil where the address names none.
    package var port: Int?

    /// Nil where the text is not an absolute `http` or `https` address with a host.
    package init?(_ url: String) {
        guard let components = URLComponents(string: String(url.prefix { $0 != "?" && $0 != "#" })), let scheme = components.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = components.host?.lowercased(), !host.isEmpty
        else { return nil }
        self.scheme = scheme
        self.host = host
        port = components.port
    }

    /// Whether it is asked without a network in between. See RFC 6761 §6.3 for names, RFC 1122 §3.2.1.3 and RFC 4291 §2.5.3 for numbers; the
    /// number for no place in particular leads to this machine too.
    package var isThisMachine: Bool {
        let name = host.hasPrefix("[") ? String(host.dropFirst().prefix { $0 != "]" && $0 != "%" }) : host.hasSuffix(".") ? String(host.dropLast()) : host
        if name == "localhost" || name.hasSuffix(".localhost") || name == "::1" || name == "::" { return true }
        let number = name.hasPrefix("::ffff:") ? name.dropFirst("::ffff:".count) : name[...]
        let parts = number.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && !parts.contains(nil) && (parts[0] == 127 || parts == [0, 0, 0, 0])
    }

    /// As at the front of an address, without a slash at its end: `https://example.com:8443`.
    package var description: String {
        let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        return "\(scheme)://\(name)\(port.map { ":\($0)" } ?? "")"
    }
}

extension HTTPTransport {
    /// Sends a request and follows redirects, as long as `rule` gives a next request.
    ///
    /// - Parameter rule: Gets the request that was sent, the answer, and the absolute address that it points to; what is sent
    ///   there, with which headers, is for the rule to decide: the token must not go to another origin. Nil returns the answer as it is.
    /// - Returns: The last answer, and the request it answers.
    /// - Throws: `broken` after 20 redirects; what sending throws.
    package func send(
        _ request: HTTPRequest, onBody: HTTPBodyReceiver? = nil,
        following rule: (_ sent: HTTPRequest, _ answer: HTTPResponse, _ next: String) -> HTTPRequest?
    ) async throws(HTTPFailure) -> (response: HTTPResponse, request: HTTPRequest) {
        var request = request
        var receiver: HTTPBodyReceiver?
        // The body of a redirect itself is dropped.
        if let onBody { receiver = { head, piece in head.isRedirect || onBody(head, piece) } }
        for _ in 0...20 {
            let response = try await send(request, onBody: receiver)
            guard let next = response.redirect(from: request.url), let following = rule(request, response, next) else {
                return (response, request)
            }
            request = following
        }
        throw .broken("it sends us from one address to the next without end")
    }
}
