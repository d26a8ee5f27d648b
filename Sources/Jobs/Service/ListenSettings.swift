import JobKit
import Settings

extension SettingsReader {
    /// Where shipkeeper listens for a service.
    mutating func listen() -> [ListenAddress] {
        let form = SettingShape.Kind.pattern("^(/.*|.*:[0-9]+)$", form: "address")
        let shape = SettingShape(
            "listen",
            "Addresses at which shipkeeper listens for the service, which inherits the sockets (LISTEN_FDS, as from systemd): connections wait while it restarts",
            .either([form, .list(form)]))
        guard let node = node(shape) else { return [] }
        var found: [ListenAddress] = []
        for element in node.elements ?? [node] {
            guard let text = scalar(element, "listen") else { continue }
            guard let target = SettingsReader.listenTarget(text) else {
                report(at: element.place, "\"\(qualified("listen"))\" is \(element.kind)", hint: SettingsReader.listenHint(text))
                continue
            }
            if found.contains(where: { $0.target == target }) { report(at: element.place, "\(text) is there twice") }
            found.append(ListenAddress(target, at: element.place))
        }
        if found.count > ListenAddress.most { report(at: node.place, "\"\(qualified("listen"))\" takes up to \(ListenAddress.most) addresses") }
        return found
    }

    private static func listenHint(_ text: String) -> String {
        if Int(text) != nil { return "write 127.0.0.1:\(text) for this machine alone, or 0.0.0.0:\(text) for all of its addresses" }
        if text.hasPrefix("/") { return "the path of a socket has up to \(ListenAddress.longestPath) bytes" }
        return "write an address in numbers with a port, such as 127.0.0.1:8080 or [::1]:8080, or the absolute path of a Unix socket"
    }

    private static func listenTarget(_ text: String) -> ListenAddress.Target? {
        if text.hasPrefix("/") {
            return text.utf8.count <= ListenAddress.longestPath && !text.hasSuffix("/") && !text.utf8.contains(0) ? .unix(path: text) : nil
        }
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port) else { return nil }
        let host = text[..<colon]
        if host == "localhost" { return .tcp(host: "127.0.0.1", port: port) }
        if host.hasPrefix("["), host.hasSuffix("]") {
            let inner = host.dropFirst().dropLast()
            let isAddress = inner.contains(":") && inner.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
            return isAddress ? .tcp(host: String(inner), port: port) : nil
        }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers.allSatisfy({ UInt8($0) != nil }) ? .tcp(host: String(host), port: port) : nil
    }

    /// A new process that is started next to the old one takes its place once it is ready, so that must show.
    mutating func checkRestartOrder(of definition: ServiceDefinition) {
        guard !isDescribing, definition.restart.order == .startFirst else { return }
        guard let ready = definition.ready else {
            // A group with mistakes was reported.
            if !has("ready") {
                report(
                    "restart", "\"order: start_first\" needs a ready check, which decides when the old process ends", hint: "add ready: { http: \"http://…\" }")
            }
            return
        }
        let port: Int
        switch ready.probe {
        case nil, .exec: return
        case .http(_)?, .tcp(_, _)?:
            guard let local = ready.probe?.localPort else {
                return warn(
                    at: place(of: "ready"), "with \"order: start_first\" this check may be answered by the old process, for it asks another machine",
                    hint: "let it ask the service itself, at 127.0.0.1")
            }
            port = local
        }
        let isShared = definition.listen.contains { if case .tcp(_, port) = $0.target { true } else { false } }
        if isShared {
            warn(
                at: place(of: "ready"), "with \"order: start_first\" this check may be answered by the old process, for both have the sockets of \"listen\"",
                hint: "use a check that only the new process passes, such as notify, log or exec; or leave out \"order\": connections wait anyway")
        }
    }
}
