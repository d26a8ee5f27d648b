import Config
import Front
import JobKit
import Scheduler
import Settings
import TimeZones

/// A file of Docker Compose: one service for what shipkeeper keeps together, and one for each independent service. See https://github.com/compose-spec/compose-spec.
struct ComposeExport {
    private let plan: ExportPlan
    private var found = Exported()
    private var services: [YAMLNode.Entry] = []
    /// Names of volumes.
    private var volumes: Set<String> = []

    init(_ plan: ExportPlan) { self.plan = plan }

    func exported() -> Exported {
        var export = self
        plan.noteCommon(into: &export.found)
        if plan.layout.isKeeping { export.addKeeper() }
        for service in plan.layout.services { export.addService(service) }
        if let first = plan.configuration.jobs.first { export.found.differsOnce(.readOnlyRoot, at: first.places.name) }
        return export.finished()
    }

    private func finished() -> Exported {
        let configuration = YAMLNode.map([.init("shipkeeper", .map([.init("file", .text("./shipkeeper.yaml"))]))])
        let document = YAMLNode.group([
            .init("name", .text(plan.app)), .init("services", .map(services)),
            volumes.isEmpty ? nil : .init("volumes", .map(volumes.sorted().map { .init($0, .map([])) })),
            plan.layout.isKeeping ? .init("configs", configuration) : nil,
        ])
        let names = plan.allSecrets
        let head =
            "# \(plan.title)\n"
            + (names.isEmpty ? "" : "# Values of \(names.joined(separator: ", ")) are taken from the environment, or from a file .env next to this one.\n")
        var result = found
        result.files = [.init(name: "compose.yaml", text: head + document.document)]
        if plan.layout.isKeeping { result.files.append(.init(name: "shipkeeper.yaml", text: plan.request.source.text, isConfiguration: true)) }
        return result
    }

    // MARK: Services

    private mutating func addKeeper() {
        let folders = keptFolders
        volumes.formUnion(folders.map(\.volume))
        var variables = plan.request.variables.mapValues(ComposeExport.escaped)
        variables["SHIPKEEPER_CONFIG"] = ComposeExport.path
        variables["SHIPKEEPER_STATE"] = ComposeExport.escaped(plan.stateFolder)
        if !plan.layout.elsewhere.isEmpty { variables["SHIPKEEPER_DISABLED_JOBS"] = ComposeExport.escaped(plan.layout.elsewhere.joined(separator: ",")) }
        let front = plan.configuration.front
        if let port = front?.listen.first?.port { variables["SHIPKEEPER_PORT"] = "\(port)" }
        // A declared secret that is not set switches off what needs it.
        for name in plan.keptSecrets { variables[name] = plan.isOptional(name) ? "${\(name):-}" : "${\(name):?}" }
        let comments = ["shipkeeper keeps together: \(plan.layout.kept.map(\.definition.name).joined(separator: ", "))"]
        let port = front?.openPort
        let budget = plan.configuration.stopBudget + .seconds(ComposeExport.graceMargin)
        services.append(
            .init(
                plan.names.keeper,
                .group(
                    common + [
                        .init("entrypoint", .texts(["shipkeeper", "run"])), .init("environment", variableNode(variables)),
                        port.map { .init("ports", .texts(["127.0.0.1:\($0):\($0)"])) }, .init("stop_grace_period", .text(ComposeExport.seconds(budget))),
                        .init(
                            "healthcheck",
                            ComposeExport.check(["shipkeeper", "status"], every: .seconds(60), timeout: .seconds(10), retries: 5, start: .seconds(60))),
                        .init("configs", .list([.map([.init("source", .text("shipkeeper")), .init("target", .text(ComposeExport.path))])])),
                        .init("volumes", .texts(folders.map { "\($0.volume):\($0.path)" })),
                    ]), comments: comments))
        if let front, !front.isOpen { found.differsOnce(.closedFront, at: front.place) }
    }

    private static let path = "/etc/shipkeeper/shipkeeper.yaml"
    /// What Docker takes to begin a stop, in seconds.
    private static let graceMargin = 5

    /// The state, the data and repositories that are folders: a volume each.
    private var keptFolders: [(volume: String, path: String)] {
        let repositories = plan.layout.folders.repositories.map { ("repository-\(ObjectNames.name(from: $0.name, upTo: 40))", $0.path) }
        let all =
            plan.layout.folders.trees.enumerated().map { ($0.offset == 0 ? "data" : "data-\($0.offset + 1)", $0.element) } + repositories + [
                ("state", plan.stateFolder)
            ]
        let outermost = DataFolders.outermost(all.map(\.1))
        return all.filter { folder in outermost.contains { DataFolders.outermost([folder.1]) == [$0] } }
    }

    private mutating func addService(_ service: Layout.PlainService) {
        let (job, definition) = (service.job, service.definition)
        var variables = plan.request.variables.mapValues(ComposeExport.escaped)
        for name in plan.secrets(of: job) { variables[name] = plan.request.unnamed.contains(name) ? "${\(name):-}" : "${\(name):?}" }
        if let zone = job.timeZone.variable { variables["TZ"] = ComposeExport.escaped(zone) }
        for case (let name, let value?) in job.environment { variables[name] = ComposeExport.written(value) }
        let grace = definition.stop.steps.first?.wait ?? .seconds(10)
        services.append(
            .init(
                plan.names.name(of: job),
                .group(
                    common + [
                        .init("entrypoint", .texts(definition.program.arguments.map(ComposeExport.written))),
                        definition.folder.map { .init("working_dir", .text(ComposeExport.escaped($0))) },
                        variables.isEmpty ? nil : .init("environment", variableNode(variables)),
                        .init("stop_grace_period", .text(ComposeExport.seconds(grace))),
                        definition.ready.flatMap(ComposeExport.check).map { .init("healthcheck", $0) },
                        definition.memoryLimit.map { .init("mem_limit", .text("\($0.size.bytes(of: 0))b")) },
                    ])))
        note(service)
    }

    /// What all services have in common.
    private var common: [YAMLNode.Entry?] {
        [
            .init("image", .text(ComposeExport.escaped(plan.request.image))), .init("restart", .text("unless-stopped")),
            .init("user", .text("\(PodTemplate.user):0")), .init("read_only", .boolean(true)), .init("tmpfs", .texts(PodTemplate.temporaryFolders)),
            .init("cap_drop", .texts(["ALL"])), .init("security_opt", .texts(["no-new-privileges:true"])),
        ]
    }

    private mutating func note(_ service: Layout.PlainService) {
        let (definition, places, name) = (service.definition, service.job.places, service.job.definition.name)
        found.differs(.ownContainer(name), at: places.name)
        if places.isWritten("with", "restart", "backoff") { found.differs(.restartBackoff(name), at: places.place(below: "with", "restart", "backoff")) }
        if places.isWritten("with", "restart", "give_up_after") {
            found.differs(.givesUpNever(name), at: places.place(below: "with", "restart", "give_up_after"))
        }
        if !definition.exitRules.isEmpty { found.differs(.exitRules(name), at: places.place(below: "with", "exit_rules")) }
        if definition.memoryLimit != nil { found.differs(.killedAtLimit(name), at: places.place(below: "with", "memory_limit")) }
        if definition.ready != nil { found.differs(.notReadyStays(name), at: places.place(below: "with", "ready")) }
    }

    // MARK: Text

    /// Compose knows no days.
    private static func seconds(_ length: Duration) -> String { "\(Probes.seconds(length))s" }

    private func variableNode(_ variables: [String: String]) -> YAMLNode { .map(variables.sorted { $0.key < $1.key }.map { .init($0.key, .text($0.value)) }) }

    /// Compose puts variables in wherever a dollar is; two stand for one.
    private static func escaped(_ text: String) -> String { text.replacing("$", with: "$$") }

    private static func written(_ text: String) -> String { SecretText(text).written(escape: escaped, reference: { "${\($0):?}" }) }

    private static func check(_ ready: ServiceDefinition.ReadyCheck) -> YAMLNode? {
        let words: [String]
        switch ready.target {
        case .probe(.exec(let command)): words = command
        case .file(let path): words = ["test", "-e", path]
        case .probe, .notify, .log: return nil
        }
        return check(words, every: max(.seconds(1), ready.every), timeout: ready.timeout, retries: 3, start: ready.within)
    }

    private static func check(_ words: [String], every: Duration, timeout: Duration, retries: Int, start: Duration) -> YAMLNode {
        .map([
            .init("test", .texts(["CMD"] + words.map(escaped))), .init("interval", .text(seconds(every))), .init("timeout", .text(seconds(timeout))),
            .init("retries", .integer(retries)), .init("start_period", .text(seconds(start))),
        ])
    }
}
