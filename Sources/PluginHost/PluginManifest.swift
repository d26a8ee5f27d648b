import Foundation
package import JobKit
package import Settings

/// A plug-in's `plugin.yaml`, validated. The keys are described in `Plugins/README.md`.
package struct PluginManifest: Sendable {
    /// The version of the protocol between shipkeeper and a plug-in.
    package static let protocolVersion = 1
    package static let fileName = "plugin.yaml"

    /// A job runs to its end; a service is kept running, and gets its settings from its environment only; a message is a job that reports what happens to
    /// others, so none of its runs must be lost.
    package enum Kind: String, CaseIterable, Sendable {
        case job, service, message
    }

    /// The job type's name: lower-case letters, digits and hyphens.
    package var name: String
    /// The plug-in's own version, for messages.
    package var version: String
    /// The description, one line.
    package var about: String
    package var kind: Kind
    /// The program and its arguments; whole paths where they name files of the plug-in's own.
    package var command: [String]
    /// The schema of its settings; always an object.
    package var settings: PluginSchema
    /// Names of programs that it calls, searched in `PATH`.
    package var needs: [String]
    /// The time between SIGTERM and SIGKILL.
    package var grace: Duration
    /// The longest one attempt may take where the configuration says nothing.
    package var timeout: Duration?
    /// Settings that `plugins check` tries it with.
    package var example: ConfigNode?
    /// The absolute path of its folder.
    package var folder: String
    /// Why its folder is searched.
    package var origin: PluginFolder.Origin

    /// The keys that must be there, with what may stand there.
    private static let required: [(key: String, example: String)] = [
        ("protocol", "1"), ("name", "my-plugin"), ("version", "1.0.0"), ("description", "What it does, in one line"), ("command", "[./run]"),
    ]

    /// Reads the manifest; nil where it is invalid, which has been reported to the reader then. Asks the disk which words of `command` are files
    /// of the plug-in.
    package static func read(_ reader: inout SettingsReader, folder: String, origin: PluginFolder.Origin) -> PluginManifest? {
        for (key, words) in required where !reader.isDescribing && !reader.has(key) {
            let others = required.map(\.key).filter { $0 != key }.joined(separator: ", ")
            reader.report(at: reader.place, "\"\(key)\" is missing, and is required, as are \(others)", hint: "write \(key): \(words)")
        }
        _ = reader.parsed(SettingShape("protocol", "The version of the conversation: 1", .integer(1...1)), expected: "protocol: 1") { $0 == "1" ? 1 : nil }
        let name = reader.parsed(
            SettingShape("name", "What stands at \"type\" of a job", .pattern("^[a-z][a-z0-9-]*$")),
            expected: "lower-case letters, digits and hyphens, such as my-plugin"
        ) { $0.isPluginName ? $0 : nil }
        let version = reader.optionalString("version", "The plug-in's own version") ?? ""
        let about = reader.optionalString("description", "What it does, in one line") ?? ""
        let kind = reader.choice("kind", "A job that ends, a service that is kept running, or a message about other jobs", default: Kind.job)
        let command = reader.command("command", "The program and its arguments; names of files in the plug-in's folder are such")
        let needs = reader.strings("needs", "Programs that it calls, such as git")
        let grace = reader.duration("grace", "The time between SIGTERM and SIGKILL", default: .seconds(10), in: .zero ... .seconds(3600))
        let timeout = reader.optionalDuration("timeout", "The longest one attempt may take", in: .milliseconds(100) ... .seconds(7 * 86_400))
        let node = reader.node(SettingShape("settings", "The settings, as a JSON Schema of an object", .anything))
        let settings = node.map { PluginSchema.read($0, &reader, path: "settings") } ?? .object([], others: nil)
        if let settings, !settings.isObject { reader.report("settings", "\"settings\" is the schema of an object", hint: "write type: object") }
        let example = reader.node(SettingShape("example", "Settings that \"plugins check\" tries it with", .anything))
        // It harms no job, and its author should know.
        if let settings, let example {
            for problem in settings.problems(in: example, path: "example") { reader.warn(at: problem.place, problem.message, hint: problem.hint) }
        }
        guard let name, let command, let settings, settings.isObject else { return nil }
        return PluginManifest(
            name: name, version: version, about: about, kind: kind, command: own(command, folder), settings: settings, needs: needs,
            grace: grace, timeout: timeout, example: example, folder: folder, origin: origin)
    }

    /// The command with whole paths: a first word `shipkeeper` is this program, wherever it is.
    private static func own(_ command: [String], _ folder: String) -> [String] {
        let words = command.map { whole($0, folder) }
        guard words.first == "shipkeeper", let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return words }
        let mark = " (deleted)"
        return [program.hasSuffix(mark) ? String(program.dropLast(mark.count)) : program] + words.dropFirst()
    }

    /// A word that names a file of the plug-in's own as its whole path.
    private static func whole(_ word: String, _ folder: String) -> String {
        guard !word.hasPrefix("/"), !word.isEmpty, word != ".", word != ".." else { return word }
        let path = folder + "/" + (word.hasPrefix("./") ? String(word.dropFirst(2)) : word)
        return FileManager.default.fileExists(atPath: path) ? path : word
    }
}

extension PluginManifest {
    /// The programs in `needs` that are in none of the folders. Blocks: reads the disk.
    /// - Parameter path: The `PATH` of its processes.
    package func missingNeeds(path: String?) -> [String] { needs.filter { !isThere($0, path) } }

    /// The same, and its own program where that can't be executed.
    package func missingPrograms(path: String?) -> [String] {
        let own = command.first.map { [$0] } ?? []
        return missingNeeds(path: path) + own.filter { !needs.contains($0) && !isThere($0, path) }
    }

    /// Where it comes from, and whether all programs that it calls are there. Blocks: reads the disk.
    /// - Parameter path: The `PATH` of its processes.
    package func checks(path: String?) -> [JobCheck] {
        let missing = missingPrograms(path: path)
        let found = JobCheck("plug-in", .ok, "\(name) \(version), \(origin.words): \(folder)")
        guard !missing.isEmpty else { return [found] }
        let words = "\(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") not on PATH, or may not be executed"
        return [found, JobCheck("programs", .failed, words, hint: "install \(missing.count == 1 ? "it" : "them") in the container")]
    }

    private func isThere(_ program: String, _ path: String?) -> Bool {
        if program.contains("/") { return FileManager.default.isExecutableFile(atPath: program.hasPrefix("/") ? program : "\(folder)/\(program)") }
        return (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
    }
}

extension String {
    fileprivate var isPluginName: Bool {
        guard let first = utf8.first, (0x61...0x7a).contains(first) else { return false }
        return utf8.allSatisfy(\.isPluginNameByte)
    }
}
