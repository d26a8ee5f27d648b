/// The parts of an address `http://host:port/path` that a check needs.
struct WebAddress: Hashable, Sendable {
    var isSecure: Bool
    var host: String
    var port: Int
    /// With the query; begins with a slash.
    var path: String

    /// Nil where it is none.
    init?(_ text: String) {
        guard let scheme = text.firstRange(of: "://") else { return nil }
        isSecure = text[..<scheme.lowerBound].lowercased() == "https"
        let rest = text[scheme.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        let tail = rest[authority.endIndex...].prefix { $0 != "#" }
        path = tail.hasPrefix("/") ? String(tail) : "/" + tail
        let plain = authority.split(separator: "@").last ?? ""
        let isBare = plain.hasPrefix("[") && plain.hasSuffix("]")
        if !isBare, let colon = plain.lastIndex(of: ":") {
            guard let number = Int(plain[plain.index(after: colon)...]) else { return nil }
            (host, port) = (plain[..<colon].filter { $0 != "[" && $0 != "]" }, number)
        } else {
            (host, port) = (plain.filter { $0 != "[" && $0 != "]" }, isSecure ? 443 : 80)
        }
        guard !host.isEmpty, (1...65_535).contains(port) else { return nil }
    }
}
