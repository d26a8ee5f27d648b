package import Front
import JobKit
import Platforms
import Scheduler
package import Settings

extension Configuration {
    /// The public port.
    package struct Front: Hashable, Sendable {
        /// The service behind the port.
        package struct Upstream: Hashable, Sendable {
            /// The job's name.
            package var service: String
            package var address: FrontPlan.Upstream
        }

        /// The name of the service that is made of these keys.
        package static let jobName = "front"

        package var listen: [FrontPlan.Listen]
        /// Nil where the port has nothing but the page.
        package var upstream: Upstream?
        /// As the header `Content-Security-Policy` has them.
        package var frameAncestors: [String]
        package var mostBody: Int64
        /// Where the file has it.
        package var place: SourcePlace
    }
}

/// Reads `front`. What it says of a service is judged once the jobs are read.
struct FrontKeys {
    private struct Named {
        var service: String
        var address: FrontPlan.Upstream?
        var place: SourcePlace
    }

    private var front: Configuration.Front
    private var named: Named?

    private static let listenAbout = "The public port, as PORT or HOST:PORT, or a list of them; without it the one that the platform routes visitors to"
    private static let address = SettingShape.Kind.pattern("^(.*:)?[0-9]+$", form: "PORT or HOST:PORT")

    /// The group `front`, if the file has one.
    static func section(_ reader: inout SettingsReader, environment: [String: String]) -> FrontKeys? {
        reader.section("front", "The public port: nginx in front of a service, with a page of its own until that is ready, and below /-/") {
            read(&$0, environment: environment)
        }
    }

    static func read(_ reader: inout SettingsReader, environment: [String: String]) -> FrontKeys {
        let usual = FrontPlan.Listen(port: Platform(environment).port)
        let place = reader.place
        let listen = addresses(&reader)
        let named = upstream(&reader)
        let ancestors = frameAncestors(&reader)
        let most = reader.size("max_body", "The most bytes that a request to the service may carry", default: 64 << 20)
        return FrontKeys(
            front: .init(listen: listen.isEmpty ? [usual] : listen, upstream: nil, frameAncestors: ancestors, mostBody: most, place: place), named: named)
    }

    private static func addresses(_ reader: inout SettingsReader) -> [FrontPlan.Listen] {
        guard let node = reader.node(SettingShape("listen", listenAbout, .either([.integer(1...65_535), address, .list(address)]))) else { return [] }
        return (node.elements ?? [node]).compactMap { element in
            guard let found = element.text.flatMap(parse) else {
                reader.report(at: element.place, "\"front.listen\" is \(element.kind), not a port", hint: "write for example listen: 7860, or 127.0.0.1:7860")
                return nil
            }
            return found
        }
    }

    private static func parse(_ text: String) -> FrontPlan.Listen? {
        guard let colon = text.lastIndex(of: ":") else { return Int(text).flatMap { (1...65_535).contains($0) ? .init(port: $0) : nil } }
        guard let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port) else { return nil }
        let host = text[..<colon].filter { $0 != "[" && $0 != "]" }
        guard !host.isEmpty, host.allSatisfy({ $0.isLetter || $0.isNumber || ".:-".contains($0) }) else { return nil }
        return .init(host: host, port: port)
    }

    private static func upstream(_ reader: inout SettingsReader) -> Named? {
        let group = SettingShape.Kind.section(SettingsReader.shapes { _ = upstreamGroup(&$0) })
        let about = "The service that the port belongs to once it is ready, at the address of its ready or live check; as a group where that is another"
        guard let node = reader.node(SettingShape("upstream", about, .either([.text, group]))) else { return nil }
        if node.entries != nil { return reader.nested(node, path: reader.qualified("upstream")) { upstreamGroup(&$0) } }
        return reader.scalar(node, "upstream").map { Named(service: $0, address: nil, place: node.place) }
    }

    private static func upstreamGroup(_ reader: inout SettingsReader) -> Named? {
        let place = reader.place
        let service = reader.string("service", "The service's name")
        let shape = SettingShape("address", "Where the service listens", address)
        let found = reader.parsed(shape, expected: "PORT or HOST:PORT, such as 127.0.0.1:18789", parse)
        return Named(service: service, address: found.map { .init(host: $0.host ?? "127.0.0.1", port: $0.port) }, place: place)
    }

    private static func frameAncestors(_ reader: inout SettingsReader) -> [String] {
        let about = "Sites that may show the service in a frame: \"self\", or addresses such as https://huggingface.co. Replaces what the service says of it"
        let words = reader.strings("frame_ancestors", about)
        return words.compactMap { word in
            if ["self", "'self'", "none", "'none'"].contains(word) { return "'\(word.filter { $0 != "'" })'" }
            if word.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ":/.*-_".contains($0)) }), !word.isEmpty { return word }
            reader.report(
                "frame_ancestors", "\"front.frame_ancestors\" holds \"\(word)\"", hint: "write self, none, or an address such as https://huggingface.co")
            return nil
        }
    }

    // MARK: With the jobs

    /// The configuration of the front, and what is wrong with it.
    func resolve(_ jobs: [Configuration.Job]) -> (front: Configuration.Front, problems: [Problem]) {
        var (front, problems) = (front, [Problem]())
        if let job = jobs.first(where: { $0.definition.name == Configuration.Front.jobName }) {
            problems.append(
                Problem(at: job.places.name, "a job is named \"front\", which is the name of the public port's own service", hint: "give the job another name"))
        }
        guard let named else { return (front, problems) }
        switch target(of: named, jobs) {
        case .address(let address):
            front.upstream = .init(service: named.service, address: address)
            if front.listen.contains(where: { $0.port == address.port && ($0.host == nil || $0.host == address.host) }) {
                problems.append(
                    Problem(
                        at: named.place, "\"front\" listens at port \(address.port), and so does its service \(named.service)",
                        hint: "let the service listen at another port of 127.0.0.1"))
            }
        case .problem(let problem): problems.append(problem)
        }
        return (front, problems)
    }

    private enum Target {
        case address(FrontPlan.Upstream)
        case problem(Problem)
    }

    private func target(of named: Named, _ jobs: [Configuration.Job]) -> Target {
        let services = jobs.filter(\.definition.isService).map(\.definition.name)
        guard let job = jobs.first(where: { $0.definition.name == named.service }), case .service(let definition) = job.work else {
            let nearest = NearestWord.find(named.service, in: services).map { "did you mean \"\($0)\"?" }
            return .problem(
                Problem(
                    at: named.place, "\"front.upstream\" names \"\(named.service)\", which is not a service",
                    hint: nearest ?? (services.isEmpty ? "there is no job with type: service" : "services are \(services.joined(separator: ", "))")))
        }
        if let address = named.address { return .address(address) }
        let found = [definition.ready?.probe, definition.live?.probe].compactMap { $0?.address }.first
        guard let found else {
            return .problem(
                Problem(
                    at: named.place, "nothing says where the service \(named.service) listens: it has no ready or live check by http or tcp",
                    hint: "write upstream: { service: \(named.service), address: 127.0.0.1:PORT }"))
        }
        return .address(found)
    }
}

extension ServiceDefinition.Probe {
    /// The address that a check connects to without TLS; nil where there is none.
    fileprivate var address: FrontPlan.Upstream? {
        switch self {
        case .tcp(let host, let port): return .init(host: host, port: port)
        case .http(let urls):
            guard let url = urls.first, let scheme = url.firstRange(of: "://"), url[..<scheme.lowerBound].lowercased() == "http" else { return nil }
            let authority = url[scheme.upperBound...].prefix { !"/?#".contains($0) }
            let plain = authority.split(separator: "@").last.map(String.init) ?? ""
            if let colon = plain.lastIndex(of: ":"), let port = Int(plain[plain.index(after: colon)...]) {
                return .init(host: plain[..<colon].filter { $0 != "[" && $0 != "]" }, port: port)
            }
            return plain.isEmpty ? nil : .init(host: plain, port: 80)
        case .exec: return nil
        }
    }
}
