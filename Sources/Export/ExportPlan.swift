import Config
import Scheduler
import Settings

/// A request with what follows from it for every engine.
struct ExportPlan: Sendable {
    let kind: ExportKind
    let request: ExportRequest
    let layout: Layout
    /// Where variables are in the file.
    let uses: [UsedVariable]
    /// Names of objects, by names of jobs.
    let names: ObjectNames
    /// The path of the state folder in the container.
    let stateFolder: String

    init(_ request: ExportRequest, for kind: ExportKind) {
        self.kind = kind
        self.request = request
        let state = request.configuration.stateFolder ?? "/var/lib/shipkeeper"
        stateFolder = state
        uses = UsedVariable.all(in: request.source.text, file: request.source.path)
        layout = Layout(request.configuration, for: kind)
        names = ObjectNames(layout, request)
    }

    var configuration: Configuration { request.configuration }
    var app: String { names.app }

    /// The first line of each file.
    var title: String { "Written by: shipkeeper export \(kind.rawValue)" }

    /// The place of the file as a whole, where nothing in it is meant.
    var wholeFile: SourcePlace { SourcePlace(file: request.source.path, line: 0, column: 0) }

    // MARK: Secrets

    /// The secrets that a program needs which runs this one job: those it was granted, and those in its keys and in its repositories.
    func secrets(of job: Configuration.Job) -> [String] {
        let name = job.definition.name
        let repositories = job.definition.exclusive.compactMap { $0.hasPrefix("repository/") ? String($0.dropFirst("repository/".count)) : nil }
        let named = uses.filter { use in
            use.path.starts(with: ["jobs", name]) || repositories.contains { use.path.starts(with: ["repositories", $0]) }
        }.map(\.name)
        return request.secrets.intersection(job.secrets + named).union(request.unnamed).sorted()
    }

    /// The secrets of the program that keeps the rest together: all but those that only others need. What is switched off counts too: it is in the same file.
    var keptSecrets: [String] {
        let elsewhere = layout.elsewhere
        let named = uses.filter { use in use.path.first != "jobs" || use.path.count < 2 || !elsewhere.contains(use.path[1]) }.map(\.name)
        let jobs = configuration.jobs.filter { !elsewhere.contains($0.definition.name) }
        return request.secrets.intersection(named + jobs.flatMap(\.secrets) + configuration.actions.flatMap(\.secrets)).union(request.unnamed).sorted()
    }

    /// Whether a container with shipkeeper starts without it: what needs a declared secret that is missing is switched off.
    func isOptional(_ secret: String) -> Bool { request.unnamed.contains(secret) || configuration.secrets.contains(secret) }

    /// All secrets that anything in the output refers to.
    var allSecrets: [String] {
        var names = Set(layout.isKeeping ? keptSecrets : [])
        for job in layout.services.map(\.job) + layout.scheduled.map(\.job) { names.formUnion(secrets(of: job)) }
        return names.sorted()
    }

    // MARK: Differences that do not depend on the engine

    func noteCommon(into exported: inout Exported) {
        for use in uses where request.ofThisMachine.contains(use.name) { exported.differsOnce(.variableOfThisMachine(use.name), at: use.place) }
        let address = "SHIPKEEPER_PUBLIC_URL"
        let isKnown = ["PUBLIC_URL", address].contains { request.variables[$0]?.isEmpty == false }
        if !isKnown, let use = uses.first(where: { $0.name == address }) { exported.differsOnce(.noPublicURL, at: use.place) }
        for left in layout.left {
            let name = left.job.definition.name
            switch left.reason {
            case .manual: exported.differs(.leftOutManual(name), at: left.job.places.name)
            case .switchedOff: exported.differs(.leftOutSwitchedOff(name), at: left.job.places.name)
            }
        }
        if layout.kept.isEmpty, let action = configuration.actions.first {
            let place = uses.first { $0.path.first == "actions" }?.place ?? wholeFile
            exported.differsOnce(.noActions(action.name), at: place)
        }
        for plain in layout.services {
            for secret in secrets(of: plain.job) where !plain.job.secrets.contains(secret) && !request.unnamed.contains(secret) {
                exported.differs(.secretIsSeen(plain.job.definition.name, secret: secret), at: plain.job.places.name)
            }
        }
    }
}
