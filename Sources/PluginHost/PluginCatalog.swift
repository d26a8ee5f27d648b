import Files
import Foundation
package import JobKit
package import Settings

/// Finds plug-ins and makes job types of them. See `Plugins/README.md` for what a plug-in is.
package struct PluginCatalog: Sendable {
    /// In the order of their names.
    package private(set) var plugins: [PluginManifest] = []
    /// Everything wrong with the plug-ins, in reading order. Errors make a plug-in unusable; a warning may leave a shipped one out.
    package private(set) var problems: [Problem] = []
    /// The names of those that can't be used, as far as they can be read.
    private var broken: Set<String> = []

    /// - Parameters:
    ///   - folders: In the order in which they win.
    ///   - isNeeded: Whether a plug-in that comes with the program is wanted, by its name. Others are always read: they may have mistakes.
    ///   - parse: Reads a YAML file without substituting variables.
    package init(
        folders: [PluginFolder], isNeeded: (_ name: String) -> Bool = { _ in true },
        parse: (_ text: String, _ file: String) -> (ConfigNode?, [Problem])
    ) {
        var seen: [[UInt8]] = []
        for folder in folders {
            let real = (try? RealPath.of(Array(folder.path.utf8))) ?? Array(folder.path.utf8)
            guard !seen.contains(real) else { continue }
            seen.append(real)
            let found = PluginCatalog.plugins(in: folder.path, where: { folder.origin != .shipped || isNeeded($0) })
            if found.isEmpty, let place = folder.origin.place {
                let exists = FileManager.default.fileExists(atPath: folder.path)
                problems.append(
                    Problem(
                        at: place, exists ? "there is no plug-in in \(folder.path)" : "the folder \(folder.path) does not exist",
                        hint: "a plug-in is a folder with a plugin.yaml"
                    ))
            }
            for path in found where isTrusted(path, of: folder, isFirst: path == found.first) { load(path, folder.origin, parse) }
        }
        plugins.sort { $0.name < $1.name }
        problems = problems.inReadingOrder
    }

    /// The folders of plug-ins in a folder, which may be one itself.
    /// - Parameter isWanted: By the name of the plug-in's folder.
    private static func plugins(in path: String, where isWanted: (String) -> Bool) -> [String] {
        func isPlugin(_ folder: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(PluginManifest.fileName)") }
        if isPlugin(path) { return [path] }
        let names = (try? Folder.open(path).names()) ?? []
        return names.map { String(decoding: $0.bytes, as: UTF8.self) }.filter(isWanted).sorted().map { "\(path)/\($0)" }.filter(isPlugin)
    }

    /// Whether a plug-in that the configuration does not name may be used. One that other users may write to is reported, and not used.
    private mutating func isTrusted(_ plugin: String, of folder: PluginFolder, isFirst: Bool) -> Bool {
        guard folder.origin == .shipped else { return true }
        let above = URL(fileURLWithPath: folder.path).deletingLastPathComponent().path
        let folders = [above, folder.path].compactMap { path in PlaceTrust.problem(ofFolder: path).map { (path, $0) } }.first
        guard let flaw = folders?.1 ?? PlaceTrust.problem(in: plugin) else { return true }
        // A problem of the folder concerns everything in it: reported once.
        if folders == nil || isFirst {
            problems.append(
                Problem(
                    .warning, at: SourcePlace(file: folders == nil ? plugin : folder.path, line: 1, column: 1),
                    "\(folders == nil ? "this plug-in is" : "these plug-ins are") not used: \(flaw), and others than root and this user must not",
                    hint: "chown it to root and chmod -R go-w it, or name the folder under \"plugins:\""))
        }
        return false
    }

    private mutating func load(
        _ folder: String, _ origin: PluginFolder.Origin, _ parse: (_ text: String, _ file: String) -> (ConfigNode?, [Problem])
    ) {
        let file = "\(folder)/\(PluginManifest.fileName)"
        let start = SourcePlace(file: file, line: 1, column: 1)
        guard let data = FileManager.default.contents(atPath: file) else {
            problems.append(Problem(at: start, "the file can't be read", hint: "check its permissions"))
            return
        }
        let (root, found) = parse(String(decoding: data, as: UTF8.self), file)
        // A folder usually has its plug-in's name.
        let name = root?["name"]?.text ?? URL(fileURLWithPath: folder).lastPathComponent
        if origin.givesWay, broken.contains(name) || plugins.contains(where: { $0.name == name }) { return }
        problems += found
        guard let root else {
            broken.insert(name)
            return
        }
        var reader = SettingsReader(root)
        let manifest = PluginManifest.read(&reader, folder: URL(fileURLWithPath: folder).standardizedFileURL.path, origin: origin)
        reader.finish()
        problems += reader.problems
        guard let manifest, !reader.problems.hasErrors, !found.hasErrors else {
            broken.insert(name)
            return
        }
        if let other = plugins.first(where: { $0.name == manifest.name }) {
            problems.append(Problem(at: start, "there are two plug-ins named \"\(manifest.name)\": here and in \(other.folder)", hint: "rename or remove one"))
        } else {
            plugins.append(manifest)
        }
    }

    /// Adds them to the job types. A plug-in with the name of a compiled-in type is reported in `problems` instead; an unusable one is added as a
    /// type whose jobs are disabled. Call it once.
    package mutating func add(to catalog: inout JobCatalog) {
        for name in broken where catalog.entries[name] == nil && !plugins.contains(where: { $0.name == name }) {
            catalog.add(
                JobCatalog.Entry(
                    typeName: name, about: "A plug-in that can't be used", isService: false, usualTimeout: nil, canDryRun: false,
                    broken: "the plug-in \(name) can't be used", shapes: { [] },
                    decode: { reader in
                        for entry in reader.allEntries { _ = reader.node(SettingShape(entry.key, "", .anything)) }
                        return .job(UnusableJob(name: name))
                    }))
        }
        for plugin in plugins {
            if catalog.entries[plugin.name] != nil {
                let place = SourcePlace(file: "\(plugin.folder)/\(PluginManifest.fileName)", line: 1, column: 1)
                problems.append(Problem(at: place, "the name \"\(plugin.name)\" belongs to a job type that is compiled in", hint: "choose another"))
                continue
            }
            catalog.add(
                JobCatalog.Entry(
                    typeName: plugin.name, about: plugin.about, isService: plugin.kind == .service, usualTimeout: plugin.timeout, canDryRun: false,
                    isMessage: plugin.kind == .message,
                    shapes: { SettingsReader.shapes { _ = plugin.settings.settings(&$0) } },
                    decode: { reader in
                        let values = plugin.settings.settings(&reader)
                        switch plugin.kind {
                        case .job, .message: return .job(PluginJob(plugin, values: values))
                        case .service: return .service(plugin.service(values))
                        }
                    }))
        }
    }
}

extension PluginManifest {
    /// A service gets its settings from its environment: it has no run that a request could describe.
    fileprivate func service(_ values: PluginValue) -> ServiceDefinition {
        ServiceDefinition(
            program: .command(command), folder: folder,
            environment: settings.variables(of: values).merging([
                "SHIPKEEPER_SETTINGS": String(decoding: values.bytes, as: UTF8.self), "SHIPKEEPER_PLUGIN": folder,
            ]) { _, own in own },
            stop: StopSteps([.init(signal: 15, wait: grace)]))
    }
}

/// In the place of a plug-in that can't be used: its jobs are disabled.
private struct UnusableJob: JobType {
    static let typeName = "unusable"
    static let about = "A plug-in that can't be used"
    let name: String

    static func settings(from reader: inout SettingsReader) {}

    func run(_ context: RunContext) async throws(JobError) -> RunReport { throw JobError("the plug-in \(name) can't be used", hint: "shipkeeper plugins") }
}
