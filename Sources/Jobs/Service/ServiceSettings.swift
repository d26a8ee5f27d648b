import JobKit
import Settings

extension SettingsReader {
    /// The target of a check: exactly one of `http`, `tcp` and `exec`, unless one of others that are possible is set.
    /// - Parameter more: Reads the others, and gives with their names whether they are set.
    mutating func probe(or more: (inout SettingsReader) -> KeyValuePairs<String, Bool> = { _ in [:] }) -> ServiceDefinition.Probe? {
        let http = url("http", "URL; the check passes on a status below 400", isRequired: false)
        let fallback = strings("fallback", "Paths to try next where the first URL answers 404")
        let tcp = tcpAddress()
        let exec = command("exec", "Program and arguments; the check passes on exit code 0")
        let others = more(&self)
        let given =
            [http.map { _ in "http" }, tcp.map { _ in "tcp" }, exec.map { _ in "exec" }].compactMap(\.self)
            + others.filter(\.value).map(\.key)
        if http == nil, has("fallback"), let target = given.first {
            warn(at: place(of: "fallback"), "\"fallback\" has no meaning with \(target)", hint: "remove it")
        }
        if given.count > 1 { report(given[1], "\(given.joined(separator: " and ")) are both set", hint: "keep one of them") }
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
        let names = ["http", "tcp", "exec"] + others.map(\.key)
        if given.isEmpty, !names.contains(where: { has($0) && $0 != "notify" }) {
            report(at: place, "the check has no target", hint: "set one of \(names.joined(separator: ", "))")
        }
        return nil
    }

    private mutating func tcpAddress() -> (host: String, port: Int)? {
        parsed(
            SettingShape("tcp", "The check passes when this accepts a connection", .pattern("^.*:[0-9]+$", form: "HOST:PORT")),
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
        let (key, about) = (
            "memory_limit", "Restart above this much resident memory (a percentage is of the container's memory); as a group, when the service is idle"
        )
        let group = SettingShape.Kind.section(SettingsReader.shapes { _ = SettingsReader.memoryGroup(&$0) })
        guard let node = node(SettingShape(key, about, .either([.size, .pattern("^[0-9]+%$", form: "percentage"), group]))) else { return nil }
        if node.entries != nil { return nested(node, path: qualified(key)) { SettingsReader.memoryGroup(&$0) } }
        guard let text = scalar(node, key) else { return nil }
        if let size = SettingsReader.memorySize(text) { return .init(size) }
        report(at: node.place, "\"\(qualified(key))\" is \(node.kind)", hint: "write a size such as 1.5GB or 75%, or { limit: 75%, quiet: 1m }")
        return nil
    }

    private static func memoryGroup(_ reader: inout SettingsReader) -> ServiceDefinition.MemoryLimit? {
        let shape = SettingShape(
            "limit", "Resident memory above which it is restarted, or a percentage of the container's memory; required in the group",
            .either([.size, .pattern("^[0-9]+%$", form: "percentage")]))
        let size = reader.parsed(shape, expected: "a size such as 1.5GB, or a share such as 75%", memorySize)
        let quiet = reader.duration(
            "quiet", "Restart once the service has been idle for this long", default: .seconds(60), in: .seconds(5) ... .seconds(86_400))
        let within = reader.duration(
            "within", "Restart at the latest after this", default: .seconds(1800), in: .seconds(5) ... .seconds(7 * 86_400))
        if size == nil, !reader.has("limit") { reader.report(at: reader.place, "\"limit\" is missing", hint: "write for example limit: 75%") }
        return size.map { .init($0, quiet: quiet, within: within) }
    }

    private static func memorySize(_ text: String) -> ServiceDefinition.MemoryLimit.Size? {
        // A number without a unit was meant as megabytes, and every program is above it.
        guard text.hasSuffix("%") else { return ByteSizeText.parse(text).flatMap { $0 < 1 << 20 ? nil : .bytes($0) } }
        return Int(text.dropLast()).flatMap { (1...100).contains($0) ? .share(Double($0) / 100) : nil }
    }

    /// Rules by exit code: `restart_now`, `restart`, `give_up`, `stop`, or `{ run: …, then: … }`.
    mutating func exitRules(_ key: String, _ about: String) -> [Int32: ServiceDefinition.ExitRule] {
        let repair = SettingShape.Kind.section(SettingsReader.shapes { _ = $0.repairRule(key) })
        let rule = SettingShape.Kind.either([.choice(SimpleRule.allCases.map(\.rawValue)), repair])
        guard let node = node(SettingShape(key, about, .map(rule))) else { return [:] }
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
        guard node.entries != nil else { return simpleRule(node, key) }
        return nested(node, path: qualified(key)) { $0.repairRule(key) }
    }

    private mutating func repairRule(_ key: String) -> ServiceDefinition.ExitRule? {
        let program = runLine()
        let after = integer("after", "The repair runs after this many exits with that code in a row", default: 1, in: 1...1000)
        let shape = SettingShape(
            "then", "What the next exit with that code leads to", .choice(SimpleRule.allCases.map(\.rawValue)), default: SimpleRule.giveUp.rawValue)
        let rule = node(shape).flatMap { simpleRule($0, key) } ?? .giveUp
        return program.map { .repair($0, after: after, then: rule) }
    }

    private mutating func runLine() -> ProgramLine? {
        guard
            let node = node(
                SettingShape(
                    "run", "The repair: a program with arguments as a list, or a line of shell", .either([.text, .list(.text)]), isRequired: true))
        else { return nil }
        if let elements = node.elements { return .command(elements.compactMap(\.text)) }
        return node.text.map { .shell($0) }
    }

    private mutating func simpleRule(_ node: ConfigNode, _ key: String) -> ServiceDefinition.ExitRule? {
        if let rule = node.text.flatMap(SimpleRule.init(rawValue:)) { return rule.rule }
        report(
            at: node.place, "\"\(qualified(key))\" holds \(node.kind)",
            hint: "allowed are restart_now, restart, give_up, stop, or { run: …, then: … }")
        return nil
    }
}

/// What may follow an exit, in one word.
private enum SimpleRule: String, CaseIterable {
    case restartNow = "restart_now"
    case restart
    case giveUp = "give_up"
    case stop

    var rule: ServiceDefinition.ExitRule {
        switch self {
        case .restartNow: .restartNow
        case .restart: .restart
        case .giveUp: .giveUp
        case .stop: .stop
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
