import ArgumentParser
import Config
import Daemon
import Export
import Foundation
import HTTPClient
import Logs
import Settings

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the configuration as files for Kubernetes, Docker Compose or systemd.",
        discussion: """
            What is tied together by data, by needs or by the container's own addresses stays together in one container, with shipkeeper as its first process. An independent service runs \
            without shipkeeper, and an independent job is started by the engine's clock, as "shipkeeper exec JOB". Secrets are references: no value of one is written.

            The files go to standard output, or into a folder. What will be different goes to standard error, with its line in the configuration: a warning for a difference, an error \
            for what is left out.

            \(ExportKind.allCases.map { "\($0.rawValue): \($0.about)" }.joined(separator: "\n"))
            """)

    @Argument(help: "What the files are for: \(ExportKind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var kind: ExportKind

    @Option(help: "The image with the app and shipkeeper, for kubernetes and compose, such as registry.example.com/app:1.0.")
    var image: String?

    @Option(help: "The name of the app, which names of objects begin with. Without it that of the service behind the public port, or of the first one.")
    var name: String?

    @Option(help: "The namespace of all objects, for kubernetes. Without it the one that they are applied to.")
    var namespace: String?

    @Option(help: "The size of each volume, for kubernetes.")
    var storage = "10Gi"

    @Option(help: "The folder for the files, one for each object. Without it they go to standard output.", completion: .directory)
    var to: String?

    @Option(name: .shortAndLong, help: "The configuration file.")
    var config: String?

    @Option(help: "A file with lines NAME=value, as docker run --env-file reads it: the variables of the container; may be given several times.")
    var envFile: [String] = []

    @OptionGroup var json: JSONOption

    private struct Answer: Encodable {
        /// Texts by name.
        var files: [String: String]
    }

    func validate() throws {
        let problems = [imageProblem, nameProblem, namespaceProblem, storageProblem].compactMap(\.self)
        if !problems.isEmpty { throw ValidationError(problems.joined(separator: "\n")) }
    }

    func run() throws {
        let (request, values) = try prepare()
        let exported = kind.export(request)
        var printer = ProblemPrinter()
        printer.print(exported.differences.map(\.problem).inReadingOrder, file: request.source.path, consequence: "what they are about is left out")
        try refuseSecrets(in: exported, values, request)
        Console.answered(Answer(files: Dictionary(exported.files.map { ($0.name, $0.text) }) { first, _ in first }))
        guard let to else { return Console.raw(exported.text(for: kind)) }
        try ExportFolder(to).write(exported, for: kind)
    }

    // MARK: Options

    private var imageProblem: String? {
        guard kind.needsImage else { return image == nil ? nil : "--image is for kubernetes and compose; \(kind.rawValue) starts programs of the machine." }
        guard let image else { return "--image is missing: name the image with the app and shipkeeper in it, such as registry.example.com/app:1.0." }
        let isName = image.wholeMatch(of: /[a-z0-9][A-Za-z0-9._\/:@-]*/) != nil
        return isName ? nil : "--image is \"\(image)\"; write a name such as registry.example.com/app:1.0."
    }

    private var nameProblem: String? {
        guard let name, !ExportRequest.isValidName(name) else { return nil }
        return "--name is \"\(name)\"; write up to 40 small letters, digits and hyphens, beginning with a letter."
    }

    private var namespaceProblem: String? {
        guard let namespace else { return nil }
        if kind != .kubernetes { return "--namespace is for kubernetes." }
        let isName = namespace.count <= 63 && namespace.wholeMatch(of: /[a-z0-9]([a-z0-9-]*[a-z0-9])?/) != nil
        return isName ? nil : "--namespace is \"\(namespace)\"; write up to 63 small letters, digits and hyphens."
    }

    private var storageProblem: String? {
        storage.wholeMatch(of: /[1-9][0-9]{0,8}(Mi|Gi|Ti|M|G|T)/) != nil ? nil : "--storage is \"\(storage)\"; write a size such as 10Gi."
    }

    // MARK: Reading

    /// The request, and the values that must not be in the output.
    private func prepare() throws -> (request: ExportRequest, values: [String]) {
        // The container finds these by itself, or is told another thing.
        let ofThisProgram = ["PLATFORM", "PORT", "PUBLIC_URL", "STATE", "SAFE_MODE", "DISABLED_JOBS"].map { "SHIPKEEPER_\($0)" } + ["TZ"]
        var machine = ContainerEnvironment.own.filter { !ofThisProgram.contains($0.key) }
        if kind == .kubernetes { machine["SHIPKEEPER_PLATFORM"] = "kubernetes" }
        var given: [String: String] = [:]
        for path in envFile {
            for (name, value) in try EnvironmentFile.read(path) { given[name] = value ?? ContainerEnvironment.own[name] }
        }
        let all = machine.merging(given) { _, given in given }
        let (real, source) = try announced { () throws(ConfigurationError) in try read(all) }
        let used = UsedVariable.all(in: source.text, file: source.path)
        let variables = ExportVariables(real, used: used, machine: machine, given: given)
        let request = ExportRequest(
            configuration: try announced { () throws(ConfigurationError) in try readMarked(variables) }, source: source, variables: variables.shown,
            secrets: variables.secrets, unnamed: variables.unnamed,
            ofThisMachine: variables.ofThisMachine, name: name, namespace: namespace, image: image ?? "", storage: storage)
        // A variable that the file does not name may have a word of the file as its value.
        return (request, variables.secrets.subtracting(variables.unnamed).compactMap { all[$0] } + real.secretValues)
    }

    private func read(_ environment: [String: String]) throws(ConfigurationError) -> (configuration: Configuration, source: ExportRequest.Source) {
        let file = ConfigurationFile(option: config, environment: ContainerEnvironment.withPlatform(environment))
        let configuration = try file.read(ConfigurationFile.catalog(http: CurlClient()))
        return (configuration, .init(path: file.path, text: try file.text()))
    }

    /// With a mark in the place of each secret's value, which is the mark of an address where any other is wrong.
    private func readMarked(_ variables: ExportVariables) throws(ConfigurationError) -> Configuration {
        do throws(ConfigurationError) { return try read(variables.masked()).configuration } catch {
            let addresses = variables.secrets(at: error.problems.filter { $0.severity == .error }.map(\.place))
            if addresses.isEmpty { throw error }
            return try read(variables.masked(addresses: addresses)).configuration
        }
    }

    /// Says what is wrong with the file, and ends the command.
    private func announced<Value>(_ read: () throws(ConfigurationError) -> Value) throws -> Value {
        do throws(ConfigurationError) { return try read() } catch {
            var printer = ProblemPrinter()
            printer.print(error.problems, file: ConfigurationFile(option: config).path, consequence: "nothing was written")
            throw Exit.badConfiguration
        }
    }

    // MARK: Secrets

    /// Ends the command where a value of a secret would be written: one that is in the file itself.
    private func refuseSecrets(in exported: Exported, _ values: [String], _ request: ExportRequest) throws {
        let redactor = Redactor(secrets: values)
        guard let file = exported.files.first(where: { redactor.redacted($0.text) != $0.text }) else { return }
        let lines = request.source.text.split(separator: "\n", omittingEmptySubsequences: false)
        let line = (lines.firstIndex { redactor.redacted(String($0)) != String($0) }).map { $0 + 1 } ?? 0
        let place = SourcePlace(file: request.source.path, line: line, column: line == 0 ? 0 : 1)
        let problem =
            line == 0
            ? Problem(at: place, "\(file.name) would hold the value of a secret", hint: "it comes from a variable that is not declared under \"secrets\"")
            : Problem(
                at: place, "this line holds the value of a secret, and would be in \(file.name)",
                hint: "write ${NAME}, declare NAME under \"secrets\", and set it in the environment")
        var printer = ProblemPrinter()
        printer.print([problem], file: request.source.path, consequence: "nothing was written")
        throw Exit.badConfiguration
    }
}

extension ExportKind: ExpressibleByArgument {
    /// What is written, for the help.
    fileprivate var about: String {
        switch self {
        case .kubernetes: "a StatefulSet or Deployments, CronJobs, ConfigMaps, Services and NetworkPolicies"
        case .compose: "compose.yaml"
        case .systemd: "units with timers and sockets"
        }
    }
}
