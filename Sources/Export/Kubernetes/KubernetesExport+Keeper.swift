import Config
import Front
import JobKit
import Scheduler
import Settings

extension KubernetesExport {
    /// What is tied together, in one pod: shipkeeper is process 1 of its one container, and restores, supervises and backs up as anywhere else. A StatefulSet runs no second pod
    /// before the first is known to be gone, so the volume has one writer; where a cluster is forced to do otherwise, the lineage of the repository refuses the second.
    mutating func addKeeper() {
        let (component, name) = (KubernetesExport.keeper, plan.names.keeper)
        let port = publicPort
        let keeps = plan.layout.kept.contains { !$0.definition.isService } || !keptFolders.isEmpty
        if keeps {
            add("StatefulSet", "apps/v1", name, component: component, comments: keeperComments, [.init("spec", .group(statefulSet(name, component, port)))])
        } else {
            add("Deployment", "apps/v1", name, component: component, comments: keeperComments, [.init("spec", .group(deployment(component, port)))])
        }
        let outside = plan.configuration.front == nil ? port : port.map { _ in 80 }
        addService(named: name, component: component, ports: outside.map { [("http", $0)] } ?? [], isHeadless: keeps && port == nil)
        addNetworkPolicy(named: name, component: component, ports: port == nil ? [] : ["http"])
        noteKeeper(port, keeps: keeps)
    }

    /// The component of that pod.
    private static let keeper = "shipkeeper"

    private func statefulSet(_ name: String, _ component: String, _ port: Int?) -> [YAMLNode.Entry?] {
        [
            .init("replicas", .integer(1)), .init("serviceName", .text(name)), .init("revisionHistoryLimit", .integer(3)),
            .init("selector", .map([.init("matchLabels", selector(component))])), .init("template", keeperPod(component, port, isStored: true).node),
            .init("volumeClaimTemplates", .list(claims.map(claim))),
        ]
    }

    private func deployment(_ component: String, _ port: Int?) -> [YAMLNode.Entry?] {
        [
            .init("replicas", .integer(1)), .init("revisionHistoryLimit", .integer(3)), .init("strategy", .map([.init("type", .text("Recreate"))])),
            .init("selector", .map([.init("matchLabels", selector(component))])), .init("template", keeperPod(component, port, isStored: false).node),
        ]
    }

    private func keeperPod(_ component: String, _ port: Int?, isStored: Bool) -> PodTemplate {
        var more: [YAMLNode] = []
        if !plan.layout.elsewhere.isEmpty { more.append(KubernetesExport.variable("SHIPKEEPER_DISABLED_JOBS", plan.layout.elsewhere.joined(separator: ","))) }
        if let front = plan.configuration.front?.listen.first { more.append(KubernetesExport.variable("SHIPKEEPER_PORT", "\(front.port)")) }
        let volumes = isStored ? [] : [plan.stateFolder]
        return PodTemplate(
            labels: labels(component), annotations: [checksumAnnotation], grace: Probes.seconds(plan.configuration.stopBudget) + KubernetesExport.graceMargin,
            restart: nil,
            container: [
                .init("name", .text("shipkeeper")), .init("image", .text(plan.request.image)), .init("command", .texts(["shipkeeper", "run"])), commonVariables,
                .init("env", shipkeeperVariables(plan.keptSecrets, more)), port.map { .init("ports", .list([KubernetesExport.containerPort("http", $0)])) },
            ] + keeperProbes(port).map(Optional.some) + [
                KubernetesExport.resources(limit: keeperMemory, request: 128 << 20),
                .init("volumeMounts", .list([configurationMount] + storedMounts(isStored) + PodTemplate.temporaryMounts(volumes))),
            ],
            volumes: [configurationVolume, PodTemplate.temporaryVolume])
    }

    /// What Kubernetes takes to begin a stop, beyond the time that shipkeeper takes for it.
    static let graceMargin = 5

    private var keeperComments: [String] {
        ["shipkeeper keeps together: \(plan.layout.kept.map(\.definition.name).joined(separator: ", "))"]
            + plan.layout.kept.compactMap { job in
                guard case .engine(let clause)? = plan.layout.reasons[job.definition.name] else { return nil }
                return "\(job.definition.name) is among them because \(clause)"
            }
    }

    // MARK: Volumes

    /// All folders that must outlive the pod, with the claim that holds each.
    private var keptFolders: [(claim: String, path: String)] {
        plan.layout.folders.trees.map { ("data", $0) }
            + plan.layout.folders.repositories.map { ("repository-\(ObjectNames.name(from: $0.name, upTo: 40))", $0.path) }
    }

    /// The state too; nothing that is below another of them.
    private var storedFolders: [(claim: String, path: String)] {
        let all = keptFolders + [("data", plan.stateFolder)]
        let outermost = DataFolders.outermost(all.map(\.path))
        return outermost.compactMap { path in all.first { DataFolders.outermost([$0.path]) == [path] } }
    }

    private var claims: [String] { Set(storedFolders.map(\.claim)).sorted() }

    /// Each folder is a part of its volume: the top of one may hold `lost+found`, which would be taken for data.
    private func storedMounts(_ isStored: Bool) -> [YAMLNode] {
        isStored ? storedFolders.map { PodTemplate.mount($0.claim, at: $0.path, subPath: PodTemplate.subPath(of: $0.path)) } : []
    }

    private func claim(_ name: String) -> YAMLNode {
        .map([
            .init("metadata", .map([.init("name", .text(name))])),
            .init(
                "spec",
                .map([
                    .init("accessModes", .texts(["ReadWriteOnce"])),
                    .init("resources", .map([.init("requests", .map([.init("storage", .text(plan.request.storage))]))])),
                ])),
        ])
    }

    // MARK: Port and probes

    /// The port of the front, else that of a service which listens for all; nil where nothing can be reached from outside.
    private var publicPort: Int? {
        if let front = plan.configuration.front { return front.openPort }
        return openService.flatMap { Probes($0).port }
    }

    /// The first service that a front is not needed for.
    private var openService: ServiceDefinition? {
        plan.layout.kept.lazy.compactMap { job -> ServiceDefinition? in
            guard case .service(let definition) = job.work, Probes(definition).port != nil else { return nil }
            let isClosed = job.places.texts(withoutSettings: ["ready", "live"]).contains { text in
                ["127.0.0.1", "localhost", "[::1]"].contains { text.contains($0) }
            }
            return isClosed ? nil : definition
        }.first
    }

    private func keeperProbes(_ port: Int?) -> [YAMLNode.Entry] {
        if plan.configuration.front?.isOpen == true {
            let page = Probes.page("/-/healthz")
            return [.init("readinessProbe", Probes.prompt(page)), .init("livenessProbe", Probes.patient(page))]
        }
        let ready = openService.flatMap { service in service.ready.flatMap { Probes.target(of: $0.target, port: port) } }
        return [.init("readinessProbe", Probes.prompt(ready ?? Probes.status)), .init("livenessProbe", Probes.patient(Probes.status))]
    }

    // MARK: Memory

    /// What a share of the container's memory is taken of, where nothing says more.
    private static let usualMemory: Int64 = 2 << 30
    /// What shipkeeper and nginx need besides, and what services may pass their limit by until they are restarted.
    private static let ownMemory: Int64 = 256 << 20

    /// The sum of the limits of services, and room to restart one at its limit by the file's own rule; nil where there is no limit.
    private var keeperMemory: Int64? {
        let limits = plan.layout.kept.compactMap(\.memoryLimit)
        guard !limits.isEmpty else { return nil }
        if limits.contains(where: { if case .share = $0.size { true } else { false } }) { return KubernetesExport.usualMemory }
        return limits.map { $0.size.bytes(of: 0) }.reduce(0, +) * 5 / 4 + KubernetesExport.ownMemory
    }

    // MARK: Differences

    private mutating func noteKeeper(_ port: Int?, keeps: Bool) {
        if let front = plan.configuration.front {
            if front.isOpen {
                found.differsOnce(.pageIsReady(service: front.upstream?.service), at: front.place)
            } else {
                found.differsOnce(.closedFront, at: front.place)
            }
            if let port, port < 1024 { found.differsOnce(.privilegedPort(port), at: front.place) }
        }
        for job in plan.layout.kept {
            guard let limit = job.memoryLimit, case .share = limit.size else { continue }
            found.differs(
                .memoryShare(job.definition.name, limit: KubernetesExport.size(KubernetesExport.usualMemory)),
                at: job.places.place(below: "with", "memory_limit"))
        }
        guard keeps, let first = plan.layout.kept.first else { return }
        let restored = plan.layout.folders.restored
        for job in plan.layout.kept {
            for path in DataFolders.folders(of: job) where !restored.contains(where: { DataFolders.isBelow(path, $0) }) {
                found.differs(.emptyVolume(path: path), at: job.places.place(below: "with"))
            }
            found.noteFolderRepositories(of: job, plan)
        }
        found.differsOnce(.volumeSize(plan.request.storage), at: first.places.name)
    }
}

extension Exported {
    /// Names repositories that are lost together with the data.
    mutating func noteFolderRepositories(of job: Configuration.Job, _ plan: ExportPlan) {
        for repository in plan.layout.folders.repositories where job.definition.exclusive.contains("repository/\(repository.name)") {
            differsOnce(.folderRepository(repository.name), at: job.places.place(below: "with", "repository"))
        }
    }
}

extension Configuration.Front {
    /// The first port that is reached from outside of the container; nil where none is.
    var openPort: Int? { listen.first { $0.host == nil || !["127.0.0.1", "localhost", "::1"].contains($0.host) }?.port }
    var isOpen: Bool { openPort != nil }
}

extension Configuration.Job {
    /// Of a service that has one.
    var memoryLimit: ServiceDefinition.MemoryLimit? {
        if case .service(let definition) = work { definition.memoryLimit } else { nil }
    }
}
