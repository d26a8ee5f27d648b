import Foundation
package import JobKit
import Scheduler
package import Settings

/// Turns the text of a configuration file into a `Configuration`, or into everything that is wrong with it. Reads time zone data from the
/// disk, and no other file.
package struct ConfigurationReader: Sendable {
    let catalog: JobCatalog
    let environment: [String: String]
    let isOffline: Bool

    /// - Parameter isOffline: Whether the file is read away from its container: variables that are not set are warnings.
    package init(catalog: JobCatalog, environment: [String: String], isOffline: Bool = false) {
        self.catalog = catalog
        self.environment = environment
        self.isOffline = isOffline
    }

    /// The folders of plug-ins that the file names: their job types must be known before it can be read as a whole.
    package func pluginFolders(_ text: String, file: String) -> [(path: String, place: SourcePlace)] {
        let node = TopKeys.read(text, file: file, environment: environment)?["plugins"]
        return (node?.elements ?? [node].compactMap(\.self)).compactMap { element in element.text.map { ($0, element.place) } }
    }

    /// Reads and validates the whole file.
    /// - Parameter file: Its path, for messages.
    /// - Throws: All errors and warnings, in reading order, where there is at least one error.
    package func read(_ text: String, file: String) throws(ConfigurationError) -> Configuration {
        let tree = YAMLTree(file: file, environment: environment).read(text)
        guard let root = tree.root?.withoutExtensions else {
            throw ConfigurationError(problems: FullWidthPunctuation.explained(tree.problems, isSyntax: true, in: text))
        }
        let problems = tree.problems + unset(tree.holes, in: root)
        var reader = SettingsReader(root)
        reader.correct(ConfigurationReader.topShapes)
        var configuration = TopLevel.read(&reader, file: file, environment: environment)
        let frontKeys = FrontKeys.section(&reader, environment: environment)
        configuration.control = ControlKeys.section(&reader)
        configuration.actions = ActionKeys.section(&reader, configuration.secrets, environment: environment)
        let resources = repositories(&reader)
        let places = jobs(&reader, resources, into: &configuration)
        reader.finish()
        let front = frontKeys?.resolve(configuration.jobs)
        // A value that lacks a variable is one mistake: further errors at that place are not reported.
        let told = Set(tree.problems.filter { $0.severity == .error }.map(\.place) + tree.holes.map(\.place))
        let across = NeedsGraph(configuration.jobs.map(\.definition), places).problems + (front?.problems ?? [])
        let all = (problems + (reader.problems + across).filter { !told.contains($0.place) })
            .inReadingOrder.map { $0.hiding(configuration.secrets, in: environment) }
        if all.hasErrors { throw ConfigurationError(problems: FullWidthPunctuation.explained(all, isSyntax: false, in: text)) }
        configuration.stopBudgetPlace = root["stop_budget"]?.place
        configuration.warnings = all
        configuration.secretValues = reader.secretValues
        configuration.repositories = resources
        configuration.front = front?.front
        configuration.values = WrittenValue.all(below: root)
        return configuration
    }

    /// The problems of variables without a value. A job that is switched off does not need its own.
    private func unset(_ holes: [YAMLTree.Hole], in root: ConfigNode) -> [Problem] {
        let off = Set((root["jobs"]?.entries ?? []).filter { $0.value.isSwitchedOff }.flatMap(\.value.places))
        return holes.filter { !off.contains($0.place) }.map { hole in
            Problem(
                isOffline ? .warning : .error, at: hole.place, "the environment variable \(hole.variable) is not set", hint: hole.hint)
        }
    }

    /// The keys at the top, `repositories` and `jobs` aside.
    static let plainTopShapes = SettingsReader.shapes {
        _ = TopLevel.read(&$0, file: "", environment: [:])
        _ = FrontKeys.section(&$0, environment: [:])
        _ = ControlKeys.section(&$0)
        _ = ActionKeys.section(&$0, [], environment: [:])
    }

    static let topShapes = plainTopShapes + [TopLevel.repositoriesShape, TopLevel.jobsShape]

    private func repositories(_ reader: inout SettingsReader) -> [String: NamedResource] {
        guard let node = reader.node(TopLevel.repositoriesShape) else { return [:] }
        guard let entries = node.entries else {
            reader.report(at: node.place, "\"repositories\" takes a group of names, not \(node.kind)")
            return [:]
        }
        var result: [String: NamedResource] = [:]
        for entry in entries {
            let type = SettingShape("type", "The kind of repository", .text)
            let known = entry.value["type"]?.text.flatMap { catalog.repositories[$0] }.map { $0.shapes() + [type] } ?? [type]
            let resource = reader.nested(entry.value, path: "repositories.\(entry.key)", known: known) { inner in
                repository(entry.key, &inner)
            }
            result[entry.key] = resource
        }
        return result
    }

    private func repository(_ name: String, _ reader: inout SettingsReader) -> NamedResource {
        guard let type = chosenType(&reader, among: catalog.repositories.keys, "repository"),
            let entry = catalog.repositories[type]
        else {
            reader.acceptAll()
            return NamedResource(())
        }
        let value = entry.decode(name, &reader)
        return NamedResource(value ?? (), missingSecrets: reader.missingSecrets)
    }

    private func chosenType(
        _ reader: inout SettingsReader, among known: some Collection<String>, _ what: String
    ) -> String? {
        let names = known.sorted()
        guard let node = reader.node(SettingShape("type", "The kind of \(what)", .choice(names), isRequired: true)),
            let type = reader.scalar(node, "type")
        else { return nil }
        if names.contains(type) { return type }
        let nearest = NearestWord.find(type, in: names).map { "did you mean \"\($0)\"?" }
        let others = what == "job" ? "; a plug-in must be in the folder Plugins next to the file, or in one under \"plugins\"" : ""
        reader.report(at: node.place, "no \(what) type is named \"\(type)\"", hint: nearest ?? "known are \(names.joined(separator: ", "))\(others)")
        return nil
    }

    // MARK: Jobs

    private func jobs(
        _ reader: inout SettingsReader, _ resources: [String: NamedResource], into configuration: inout Configuration
    ) -> [String: JobPlaces] {
        guard let node = reader.node(TopLevel.jobsShape) else { return [:] }
        guard let entries = node.entries else {
            reader.report(
                at: node.place, "\"jobs\" takes a group of names, not \(node.kind)", hint: "write each job as NAME: { type: … }, without a hyphen")
            return [:]
        }
        var places: [String: JobPlaces] = [:]
        // By type: to work them out takes as long as to read a job.
        var shapes: [String: [SettingShape]] = [:]
        for entry in entries {
            if !entry.key.isJobName {
                reader.report(at: entry.place, "\"\(entry.key)\" is not a valid job name", hint: String.jobNameHint)
            }
            places[entry.key] = JobPlaces(name: entry.place, node: entry.value)
            let known = [SettingShape("type", "", .text)] + CommonJobSettings.shapes + [SettingShape("with", "", .anything)]
            var inner = SettingsReader(entry.value, path: entry.key, resources: resources, known: known)
            if let type = entry.value["type"]?.text, shapes[type] == nil { shapes[type] = catalog.entries[type]?.shapes() }
            let own = entry.value["type"]?.text.flatMap { shapes[$0] }?.map(\.key) ?? []
            inner.note(keys: own.filter { key in !known.contains { $0.key == key } }, below: "with")
            inner.correct(known)
            let job = job(entry, &inner, configuration, shapes)
            inner.finish()
            reader.takeOver(inner)
            if let job { configuration.jobs.append(job) }
        }
        return places
    }

    private func job(
        _ entry: ConfigNode.Entry, _ reader: inout SettingsReader, _ configuration: Configuration, _ shapes: [String: [SettingShape]]
    ) -> Configuration.Job? {
        let type = chosenType(&reader, among: catalog.entries.keys, "job")
        let kind = type.flatMap { catalog.entries[$0] }
        var keys = CommonJobSettings.read(&reader, kind: kind, configuration, environment: environment)
        let empty = ConfigNode(.mapping([]), at: entry.value.place)
        let with = reader.node(SettingShape("with", "The job type's own settings", .anything)) ?? empty
        guard let type, let kind else { return nil }
        let isStandIn = !reader.has("with") && reader.hasKeysMeant(for: "with")
        let work = reader.nested(with, path: "\(entry.key).with", known: shapes[type] ?? kind.shapes(), isStandIn: isStandIn, kind.decode)
        let missing = (reader.missingSecrets + keys.missingSecrets).unique
        if keys.isEnabled, !missing.isEmpty { keys.disabled = .missingSecrets(missing) }
        if keys.isEnabled, let reason = kind.broken { keys.disabled = .unusable(reason, hint: "shipkeeper plugins") }
        let definition = JobDefinition(
            name: entry.key, typeName: type, isService: kind.isService, triggers: keys.triggers, needs: keys.needs,
            timeout: keys.timeout ?? kind.usualTimeout, retry: keys.retry, overlap: keys.overlap, fireRule: keys.fireRule,
            deadline: keys.deadline, isMessage: kind.isMessage, stableAfter: work.stableAfter, group: keys.group,
            exclusive: reader.exclusive, priority: keys.priority, background: keys.background, canDryRun: kind.canDryRun,
            takesWhatServicesLeave: kind.takesWhatServicesLeave, disabled: keys.disabled,
            fingerprint: entry.value.fingerprint, restartOrder: work.restartOrder)
        return Configuration.Job(
            definition: definition, work: work, timeZone: keys.timeZone, secrets: keys.secrets, environment: keys.environment,
            places: JobPlaces(name: entry.place, node: entry.value))
    }
}

extension String {
    static let jobNameHint = "use up to 64 letters and digits of any script, - and _"

    /// Whether a job or an action may be named so.
    var isJobName: Bool {
        !isEmpty && count <= 64 && !hasPrefix("-")
            && allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
    }
}

extension [String] {
    fileprivate var unique: [String] {
        var seen = Set<String>()
        return filter { seen.insert($0).inserted }
    }
}

extension ConfigNode {
    /// The root without the keys `x-…`, which hold anchors and what other programs read.
    var withoutExtensions: ConfigNode {
        guard let entries else { return self }
        var node = self
        node.value = .mapping(entries.filter { !$0.key.hasPrefix("x-") })
        return node
    }

    /// Whether this is a job with `enabled: false`.
    fileprivate var isSwitchedOff: Bool { ["false", "no", "off", "0"].contains(self["enabled"]?.text?.lowercased()) }

    /// Where this value and all below it are.
    fileprivate var places: [SourcePlace] {
        switch value {
        case .null, .scalar: [place]
        case .sequence(let nodes): [place] + nodes.flatMap(\.places)
        case .mapping(let entries): [place] + entries.flatMap(\.value.places)
        }
    }

    /// Differs when anything below differs.
    fileprivate var fingerprint: String {
        switch value {
        case .null: "~"
        case .scalar(let text, _): "\(text.count):\(text)"
        case .sequence(let nodes): "[" + nodes.map(\.fingerprint).joined(separator: ",") + "]"
        case .mapping(let entries):
            "{" + entries.map { "\($0.key)=\($0.value.fingerprint)" }.sorted().joined(separator: ",") + "}"
        }
    }
}

extension Problem {
    /// Values that are shorter are words like any other.
    private static let shortestSecret = 4

    /// The same with the names of declared secrets in place of their values: a variable in a wrong place brings its value into the words.
    fileprivate func hiding(_ secrets: [String], in environment: [String: String]) -> Problem {
        let values = secrets.compactMap { name in environment[name].map { (name, value: $0) } }
            .filter { $0.value.utf8.count >= Problem.shortestSecret }.sorted { $0.value.utf8.count > $1.value.utf8.count }
        func hidden(_ text: String) -> String { values.reduce(text) { $0.replacing($1.value, with: "${\($1.0)}") } }
        var problem = self
        problem.message = hidden(message)
        problem.hint = hint.map(hidden)
        return problem
    }
}
