import Config
import Crypto
import Foundation
import JobKit
import Settings

/// Objects of Kubernetes: one workload for what shipkeeper keeps together, a Deployment for each independent service, a CronJob for each independent schedule.
struct KubernetesExport {
    let plan: ExportPlan
    /// Differs when the configuration or its variables do: pods with another one are replaced.
    private let checksum: String
    private var objects: [(kind: String, name: String, node: YAMLNode, comments: [String])] = []
    var found = Exported()

    init(_ plan: ExportPlan) {
        self.plan = plan
        let all = plan.request.source.text + plan.request.variables.sorted { $0.key < $1.key }.map { "\n\($0.key)=\($0.value)" }.joined()
        checksum = SHA256.hash(data: Data(all.utf8)).prefix(16).map { String(Int($0) + 256, radix: 16).suffix(2) }.joined()
    }

    func exported() -> Exported {
        var export = self
        plan.noteCommon(into: &export.found)
        export.addConfiguration()
        if plan.layout.isKeeping { export.addKeeper() }
        for service in plan.layout.services { export.addService(service) }
        for job in plan.layout.scheduled { export.addCronJob(job) }
        if let first = plan.configuration.jobs.first { export.found.differsOnce(.readOnlyRoot, at: first.places.name) }
        return export.finished()
    }

    private func finished() -> Exported {
        var result = found
        result.files = objects.enumerated().map { index, object in
            let head = index == 0 ? ["# \(plan.title)"] + secretComment : ["# \(plan.title)"]
            let comments = object.comments.map { "# \($0)" }
            return Exported.File(
                name: "\(object.kind.lowercased())-\(object.name).yaml", text: (head + comments).joined(separator: "\n") + "\n" + object.node.document)
        }
        return result
    }

    /// What must be there before the objects work.
    private var secretComment: [String] {
        let names = plan.allSecrets
        guard !names.isEmpty else { return [] }
        return ["# It needs the Secret \(secretName) with the keys \(names.joined(separator: ", "))."]
    }

    // MARK: Objects

    mutating func add(_ kind: String, _ version: String, _ name: String, component: String? = nil, comments: [String] = [], _ rest: [YAMLNode.Entry]) {
        let metadata = YAMLNode.group([
            .init("name", .text(name)), plan.request.namespace.map { .init("namespace", .text($0)) }, .init("labels", labels(component)),
        ])
        let node = YAMLNode.map([.init("apiVersion", .text(version)), .init("kind", .text(kind)), .init("metadata", metadata)] + rest)
        objects.append((kind, name, node, comments))
    }

    /// See https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/.
    func labels(_ component: String?) -> YAMLNode {
        .group([
            .init("app.kubernetes.io/name", .text(plan.app)), component.map { .init("app.kubernetes.io/component", .text($0)) },
            .init("app.kubernetes.io/managed-by", .text("shipkeeper-export")),
        ])
    }

    /// What the pods of a component are found by.
    func selector(_ component: String) -> YAMLNode {
        .map([.init("app.kubernetes.io/name", .text(plan.app)), .init("app.kubernetes.io/component", .text(component))])
    }

    // MARK: Configuration

    var configurationName: String { "\(plan.app)-configuration" }
    var variablesName: String { "\(plan.app)-environment" }
    var secretName: String { "\(plan.app)-secrets" }

    private static let file = "shipkeeper.yaml"
    static let path = "/etc/shipkeeper/shipkeeper.yaml"
    /// What is left of the mebibyte of a ConfigMap.
    private static let largestFile = 1_040_000

    private mutating func addConfiguration() {
        add("ConfigMap", "v1", configurationName, [.init("data", .map([.init(KubernetesExport.file, .text(plan.request.source.text))]))])
        let size = plan.request.source.text.utf8.count
        if size > KubernetesExport.largestFile { found.differsOnce(.fileTooLarge(bytes: size), at: plan.wholeFile) }
        guard !plan.request.variables.isEmpty else { return }
        let variables = plan.request.variables.sorted { $0.key < $1.key }
        add("ConfigMap", "v1", variablesName, [.init("data", .map(variables.map { .init($0.key, .text($0.value)) }))])
    }

    var checksumAnnotation: YAMLNode.Entry { .init("checksum/configuration", .text(checksum)) }

    /// The one file alone: plug-ins that the image has next to it stay.
    var configurationMount: YAMLNode { PodTemplate.mount("configuration", at: KubernetesExport.path, subPath: KubernetesExport.file, isReadOnly: true) }
    var configurationVolume: YAMLNode {
        .map([.init("name", .text("configuration")), .init("configMap", .map([.init("name", .text(configurationName))]))])
    }

    /// The variables of the container, from the ConfigMap; none where there are none.
    var commonVariables: YAMLNode.Entry? {
        plan.request.variables.isEmpty
            ? nil : .init("envFrom", .list([.map([.init("configMapRef", .map([.init("name", .text(variablesName))]))])]))
    }

    static func variable(_ name: String, _ value: String) -> YAMLNode { .map([.init("name", .text(name)), .init("value", .text(value))]) }

    /// - Parameter isOptional: Whether the pod starts without it; shipkeeper switches off what needs it then.
    func secretVariable(_ name: String, isOptional: Bool) -> YAMLNode {
        let reference = YAMLNode.group([
            .init("name", .text(secretName)), .init("key", .text(name)), isOptional ? .init("optional", .boolean(true)) : nil,
        ])
        return .map([.init("name", .text(name)), .init("valueFrom", .map([.init("secretKeyRef", reference)]))])
    }

    /// Variables for a container in which shipkeeper runs.
    func shipkeeperVariables(_ secrets: [String], _ more: [YAMLNode] = []) -> YAMLNode {
        let own = [KubernetesExport.variable("SHIPKEEPER_CONFIG", KubernetesExport.path), KubernetesExport.variable("SHIPKEEPER_STATE", plan.stateFolder)]
        return .list(own + more + secrets.map { secretVariable($0, isOptional: plan.isOptional($0)) })
    }

    /// Text of a command or a variable, in which Kubernetes puts variables in by `$(NAME)`.
    static func expanded(_ text: String) -> String {
        SecretText(text).written(
            escape: { literal in
                var result = ""
                for (index, letter) in literal.enumerated() {
                    result.append(letter)
                    let next = literal.dropFirst(index + 1).first
                    if letter == "$", next == "$" || next == "(" { result.append("$") }
                }
                return result
            }, reference: { "$(\($0))" })
    }

    // MARK: Ports

    /// A Service for a port of the component's pods, and the rule that lets others reach it. Without a port the Service only gives pods their names.
    mutating func addService(named name: String, component: String, ports: [(name: String, outside: Int)], isHeadless: Bool = false) {
        let written = ports.map { port in
            YAMLNode.map([
                .init("name", .text(port.name)), .init("port", .integer(port.outside)), .init("targetPort", .text(port.name)), .init("protocol", .text("TCP")),
            ])
        }
        guard isHeadless || !ports.isEmpty else { return }
        add(
            "Service", "v1", name, component: component,
            [
                .init(
                    "spec",
                    .group([
                        isHeadless ? .init("clusterIP", .text("None")) : .init("type", .text("ClusterIP")), .init("selector", selector(component)),
                        written.isEmpty ? nil : .init("ports", .list(written)),
                    ]))
            ])
    }

    /// What may reach the component's pods, and what they may reach: everything but the machines' own metadata, which hold credentials of the cluster.
    mutating func addNetworkPolicy(named name: String, component: String, ports: [String]) {
        let open = YAMLNode.list([
            .map([.init("ports", .list(ports.map { .map([.init("port", .text($0)), .init("protocol", .text("TCP"))]) }))])
        ])
        func block(_ range: String, except: String) -> YAMLNode {
            .map([.init("ipBlock", .map([.init("cidr", .text(range)), .init("except", .texts([except]))]))])
        }
        let outside = YAMLNode.map([.init("to", .list([block("0.0.0.0/0", except: "169.254.169.254/32"), block("::/0", except: "fd00:ec2::254/128")]))])
        let inside = YAMLNode.map([.init("to", .list([.map([.init("namespaceSelector", .map([]))])]))])
        add(
            "NetworkPolicy", "networking.k8s.io/v1", name, component: component,
            [
                .init(
                    "spec",
                    .map([
                        .init("podSelector", .map([.init("matchLabels", selector(component))])), .init("policyTypes", .texts(["Ingress", "Egress"])),
                        .init("ingress", ports.isEmpty ? .list([]) : open), .init("egress", .list([inside, outside])),
                    ]))
            ])
    }

    static func containerPort(_ name: String, _ port: Int) -> YAMLNode {
        .map([.init("name", .text(name)), .init("containerPort", .integer(port)), .init("protocol", .text("TCP"))])
    }

    // MARK: Resources

    /// Requests are what the scheduler of the cluster counts with; without a limit in the file there is none.
    static func resources(limit: Int64?, request: Int64) -> YAMLNode.Entry {
        let requests = YAMLNode.Entry("requests", .map([.init("cpu", .text("50m")), .init("memory", .text(size(limit ?? request)))]))
        return .init("resources", .group([requests, limit.map { .init("limits", .map([.init("memory", .text(size($0)))])) }]))
    }

    /// In whole mebibytes, rounded up.
    static func size(_ bytes: Int64) -> String { "\((bytes + (1 << 20) - 1) >> 20)Mi" }
}
