import JobKit
import Settings

extension Configuration {
    /// A command that people may run by its name.
    package struct Action: Hashable, Sendable {
        package var name: String
        /// What its button says.
        package var label: String
        /// The program and its arguments; not empty.
        package var command: [String]
        /// What is asked for when it is run, and added to the command as its last word; nil for nothing.
        package var argument: String?
        /// The working directory; nil for the program's own.
        package var folder: String?
        /// The longest that it may take.
        package var timeout: Duration
        /// Names of declared secrets that its processes get.
        package var secrets: [String]
        /// Variables for its processes; nil unsets one.
        package var environment: [String: String?]
        /// Secrets that it needs and that have no value: it can't be run.
        package var missingSecrets: [String]
    }
}

/// Reads `actions`.
enum ActionKeys {
    private static let about = "Commands of the app that people may run by name, by \"shipkeeper action\" and by a button of the page"
    private static let shape = SettingShape("actions", about, .map(.section(shapes)))
    private static let shapes = SettingsReader.shapes { _ = read("", &$0, [], [:]) }

    /// - Parameter declared: The secrets that the file declares.
    static func section(_ reader: inout SettingsReader, _ declared: [String], environment: [String: String]) -> [Configuration.Action] {
        guard let node = reader.node(shape) else { return [] }
        guard let entries = node.entries else {
            reader.report(
                at: node.place, "\"actions\" takes a group of names, not \(node.kind)", hint: "write each as NAME: { command: [program, argument] }")
            return []
        }
        return entries.compactMap { entry in
            if !entry.key.isJobName {
                reader.report(at: entry.place, "\"\(entry.key)\" is not a valid name of an action", hint: String.jobNameHint)
            }
            return reader.nested(entry.value, path: "actions.\(entry.key)", known: shapes) { read(entry.key, &$0, declared, environment) }
        }
    }

    private static func read(
        _ name: String, _ reader: inout SettingsReader, _ declared: [String], _ environment: [String: String]
    ) -> Configuration.Action {
        let command = reader.command("command", "Program and arguments, as a list", isRequired: true)
        let label = reader.optionalString("label", "What its button says; its name without one")
        let argument = reader.optionalString(
            "argument", "What is asked for when it is run, such as Request id: one word, which is added to the command as its last")
        let folder = reader.path("cwd", "Working directory; shipkeeper's own by default", isRequired: false)
        let timeout = reader.duration("timeout", "The longest that it may take", default: .seconds(60), in: .seconds(1) ... .seconds(600))
        let secrets = SecretNames.granted(&reader, declared, to: "action")
        let variables = reader.environment("env", "Environment variables of its processes; one without a value is removed")
        let missing = secrets.filter { (environment[$0] ?? "").isEmpty } + reader.missingSecrets
        return Configuration.Action(
            name: name, label: label ?? name, command: command ?? [], argument: argument, folder: folder, timeout: timeout, secrets: secrets,
            environment: variables, missingSecrets: Set(missing).sorted())
    }
}
