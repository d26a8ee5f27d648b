import JobKit
import Settings

/// Checks as Kubernetes makes them. See https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/.
struct Probes {
    private let service: ServiceDefinition

    init(_ service: ServiceDefinition) { self.service = service }

    /// The port that the service is asked at, or that it inherits; nil where nothing says one.
    var port: Int? {
        let inherited = service.listen.lazy.compactMap { address -> Int? in if case .tcp(_, let port) = address.target { port } else { nil } }
        return [service.ready?.probe, service.live?.probe].compactMap { $0?.port }.first ?? inherited.first
    }

    /// The probes of its container. A service that is not ready in time is restarted: that is what a startup probe does.
    var entries: [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        if let ready = service.ready, let target = Probes.target(of: ready.target, port: port) {
            let every = Probes.seconds(ready.every)
            let common = [target, .init("periodSeconds", .integer(every)), .init("timeoutSeconds", .integer(Probes.seconds(ready.timeout)))]
            let failures = max(1, (Probes.seconds(ready.within) + every - 1) / every)
            entries.append(.init("startupProbe", .map(common + [.init("failureThreshold", .integer(failures))])))
            entries.append(.init("readinessProbe", .map(common + [.init("failureThreshold", .integer(3))])))
        }
        guard let live = service.live, let target = Probes.target(of: .probe(live.probe), port: port) else { return entries }
        let every = Probes.seconds(live.every)
        let common = [target, .init("periodSeconds", .integer(every)), .init("timeoutSeconds", .integer(Probes.seconds(live.timeout)))]
        if service.ready == nil, live.startPeriod > .zero {
            let failures = max(live.failures, Probes.seconds(live.startPeriod) / every + live.failures)
            entries.append(.init("startupProbe", .map(common + [.init("failureThreshold", .integer(failures))])))
        }
        entries.append(.init("livenessProbe", .map(common + [.init("failureThreshold", .integer(live.failures))])))
        return entries
    }

    /// What is asked; nil where Kubernetes can't ask it.
    /// - Parameter port: The one that has the name `http`.
    static func target(of target: ServiceDefinition.ReadyTarget, port named: Int?) -> YAMLNode.Entry? {
        func written(_ port: Int) -> YAMLNode { port == named ? .text("http") : .integer(port) }
        switch target {
        case .probe(.http(let addresses)):
            guard let address = addresses.first.flatMap(WebAddress.init) else { return nil }
            return .init(
                "httpGet",
                .group([
                    .init("path", .text(address.path)), .init("port", written(address.port)), address.isSecure ? .init("scheme", .text("HTTPS")) : nil,
                ]))
        case .probe(.tcp(_, let port)): return .init("tcpSocket", .map([.init("port", written(port))]))
        case .probe(.exec(let words)): return .init("exec", .map([.init("command", .texts(words))]))
        case .file(let path): return .init("exec", .map([.init("command", .texts(["test", "-e", path]))]))
        case .notify, .log: return nil
        }
    }

    /// At least one, rounded up.
    static func seconds(_ length: Duration) -> Int {
        let (seconds, rest) = length.components
        return max(1, Int(seconds) + (rest > 0 ? 1 : 0))
    }

    // MARK: shipkeeper's own

    /// Kubernetes restarts the container only where nothing answers for ten minutes: the app and a program that hangs are restarted by shipkeeper itself, which keeps the rest alive.
    static func patient(_ target: YAMLNode.Entry) -> YAMLNode {
        .map([target, .init("periodSeconds", .integer(60)), .init("timeoutSeconds", .integer(10)), .init("failureThreshold", .integer(10))])
    }

    static func prompt(_ target: YAMLNode.Entry) -> YAMLNode {
        .map([target, .init("periodSeconds", .integer(10)), .init("timeoutSeconds", .integer(10)), .init("failureThreshold", .integer(3))])
    }

    static let status = YAMLNode.Entry("exec", .map([.init("command", .texts(["shipkeeper", "status"]))]))

    static func page(_ path: String) -> YAMLNode.Entry { .init("httpGet", .map([.init("path", .text(path)), .init("port", .text("http"))])) }
}

extension ServiceDefinition.Probe {
    /// The port of its own machine that it asks at.
    var port: Int? {
        switch self {
        case .http(let addresses): addresses.first.flatMap(WebAddress.init)?.port
        case .tcp(_, let port): port
        case .exec: nil
        }
    }
}
