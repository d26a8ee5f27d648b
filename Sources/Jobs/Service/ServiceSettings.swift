import JobKit
import Settings

extension SettingsReader {
    /// What a check looks at: exactly one of `http`, `tcp` and `exec`.
    mutating func probe() -> ServiceDefinition.Probe? {
        let http = url("http", "An address whose answer below 400 is good", isRequired: false)
        let fallback = strings("fallback", "Paths to try where the first is not known")
        let tcp = tcpAddress()
        let exec = command("exec", "A program whose exit code 0 is good")
        let given = [http.map { _ in "http" }, tcp.map { _ in "tcp" }, exec.map { _ in "exec" }].compactMap(\.self)
        if given.count > 1 { report(given[1], "\(given.joined(separator: " and ")) stand side by side", hint: "keep one of them") }
        if let http { return .http([http] + fallback.map { HTTPAddress.replacingPath(of: http, with: $0) }) }
        if let (host, port) = tcp { return .tcp(host: host, port: port) }
        if let exec {
            if let program = exec.first, !ProgramSearch.isThere(program) {
                warn(
                    at: place(of: "exec"), "the check's program \(program) is not there, so the check can't run: it will say nothing about the service",
                    hint: "install \(program), or use http or tcp")
            }
            return .exec(exec)
        }
        if !has("http"), !has("tcp"), !has("exec") {
            report(at: place, "the check has no target", hint: "set one of http, tcp, exec")
        }
        return nil
    }

    private mutating func tcpAddress() -> (host: String, port: Int)? {
        parsed(
            SettingShape("tcp", "HOST:PORT that accepts a connection", .pattern("^.*:[0-9]+$")),
            expected: "HOST:PORT such as 127.0.0.1:6379"
        ) { text in
            guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port)
            else { return nil }
            let host = text[..<colon].filter { $0 != "[" && $0 != "]" }
            return host.isEmpty ? nil : (host, port)
        }
    }

    /// A size, or a group that lets the restart wait for a quiet moment.
    mutating func memoryLimit() -> ServiceDefinition.MemoryLimit? {
        let (key, about) = ("memory_limit", "Resident memory beyond which it is restarted, at once or at a quiet moment")
        let group = SettingShape.Kind.section(SettingsReader.shapes { _ = SettingsReader.memoryGroup(&$0) })
        guard let node = node(SettingShape(key, about, .either([.size, .pattern("^[0-9]+%$"), group]))) else { return nil }
        if node.entries != nil { return nested(node, path: qualified(key)) { SettingsReader.memoryGroup(&$0) } }
        guard let text = scalar(node, key) else { return nil }
        if let size = SettingsReader.memorySize(text) { return .init(size) }
        report(at: node.place, "\"\(qualified(key))\" is \(node.kind)", hint: "write a size such as 1.5GB or 75%, or { limit: 75%, quiet: 1m }")
        return nil
    }

    private static func memoryGroup(_ reader: inout SettingsReader) -> ServiceDefinition.MemoryLimit? {
        let shape = SettingShape(
            "limit", "Resident memory beyond which it is restarted, or a share of what the container may use", .either([.size, .pattern("^[0-9]+%$")]))
        let size = reader.parsed(shape, expected: "a size such as 1.5GB, or a share such as 75%", memorySize)
        let quiet = reader.duration(
            "quiet", "The time it must have done next to nothing before that", default: .seconds(60), in: .seconds(5) ... .seconds(86_400))
        let within = reader.duration(
            "within", "Without a quiet moment it is restarted after this", default: .seconds(1800), in: .seconds(5) ... .seconds(7 * 86_400))
        if size == nil, !reader.has("limit") { reader.report(at: reader.place, "\"limit\" is missing", hint: "write for example limit: 75%") }
        return size.map { .init($0, quiet: quiet, within: within) }
    }

    private static func memorySize(_ text: String) -> ServiceDefinition.MemoryLimit.Size? {
        guard text.hasSuffix("%") else { return ByteSizeText.parse(text).map { .bytes($0) } }
        return Int(text.dropLast()).flatMap { (1...100).contains($0) ? .share(Double($0) / 100) : nil }
    }

    /// Rules by exit code: `restart_now`, `restart`, `give_up`, `stop`, or `{ run: …, then: … }`.
    mutating func exitRules(_ key: String, _ about: String) -> [Int32: ServiceDefinition.ExitRule] {
        guard let node = node(SettingShape(key, about, .map(.anything))) else { return [:] }
        var rules: [Int32: ServiceDefinition.ExitRule] = [:]
        for entry in node.entries ?? [] {
            guard let code = Int32(entry.key), (0...255).contains(code) else {
                report(at: entry.place, "\"\(entry.key)\" is not an exit code", hint: "write a number from 0 to 255")
                continue
            }
            rules[code] = exitRule(entry.value, key)
        }
        if node.entries == nil { report(at: node.place, "\"\(qualified(key))\" takes a group of exit codes, not \(node.kind)") }
        return rules
    }

    private mutating func exitRule(_ node: ConfigNode, _ key: String) -> ServiceDefinition.ExitRule? {
        if node.entries != nil {
            return nested(node, path: qualified(key)) { reader in
                let program = reader.runLine()
                let after = reader.integer("after", "Ends with that code in a row before it is repaired", default: 1, in: 1...1000)
                let then = reader.node(SettingShape("then", "What follows after the repair", .text))
                let rule = then.flatMap { reader.simpleRule($0, key) } ?? .giveUp
                return program.map { .repair($0, after: after, then: rule) }
            }
        }
        return simpleRule(node, key)
    }

    private mutating func runLine() -> ProgramLine? {
        guard
            let node = node(
                SettingShape(
                    "run", "A program that repairs, as a list or a line of shell", .either([.text, .list(.text)]), isRequired: true))
        else { return nil }
        if let elements = node.elements { return .command(elements.compactMap(\.text)) }
        return node.text.map { .shell($0) }
    }

    private mutating func simpleRule(_ node: ConfigNode, _ key: String) -> ServiceDefinition.ExitRule? {
        switch node.text {
        case "restart_now": return .restartNow
        case "restart": return .restart
        case "give_up": return .giveUp
        case "stop": return .stop
        default:
            report(
                at: node.place, "\"\(qualified(key))\" holds \(node.kind)",
                hint: "allowed are restart_now, restart, give_up, stop, or { run: …, then: … }")
            return nil
        }
    }
}

enum HTTPAddress {
    /// The same host with another path; a whole address replaces all.
    static func replacingPath(of url: String, with path: String) -> String {
        if path.contains("://") { return path }
        guard let scheme = url.firstRange(of: "://") else { return path }
        let host = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
        return url[..<scheme.upperBound] + host + (path.hasPrefix("/") ? "" : "/") + path
    }
}
