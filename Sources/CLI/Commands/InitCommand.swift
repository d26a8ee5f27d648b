import ArgumentParser
import Files
import Foundation
import JobKit
import Processes
import Recipes

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write the files that deploy an app to a platform.",
        discussion: """
            The configuration, a Dockerfile, what the platform reads, and NEXT-STEPS.md. The configuration is the same on all platforms but for the \
            location of the backups. On a terminal it asks for missing options and suggests what it finds in the folder. Existing files are not \
            overwritten without --force.
            """)

    @Option(help: "The platform: \(Hosting.allCases.map(\.rawValue).joined(separator: ", ")).")
    var platform: Hosting?

    @Option(help: "The app: \(App.all.map(\.name).joined(separator: ", ")); \"command\" is any program, and what is taken unless named.")
    var app: String?

    @Option(help: "Where backups go: \(BackupStore.allCases.map(\.rawValue).joined(separator: ", ")). Without it what suits the platform.")
    var store: BackupStore?

    @Option(
        help:
            "How backups are stored: restic (what has changed, encrypted with the secret \(BackupFormat.password)) or archive (a whole tar.gz each time). Without it restic."
    )
    var format: BackupFormat?

    @Option(help: "With --app command: the line that starts your program, such as \"node server.js\".")
    var command: String?

    @Option(help: "With --command: the port that it listens on. Without it, the one in the variable PORT.")
    var port: Int?

    @Option(help: "With --command: the path that answers once it is up. Without it /.")
    var health: String?

    @Option(help: "The language of comments and next steps: en or zh.")
    var lang: Language?

    @Option(help: "The folder for the files.")
    var to = "."

    @Flag(help: "Overwrite files that exist. Options that are not named are those that wrote the files.")
    var force = false

    @Flag(help: "Show how the files that exist differ from what would be written, and write nothing; exit 1 where they differ.")
    var diff = false

    @OptionGroup var json: JSONOption

    private struct Answer: Encodable {
        /// Texts by path.
        var files: [String: String]
        /// Names of what must be set.
        var variables: [String]
        var secrets: [String]
        var nextSteps: [String]
        /// With --diff: how files differ, by path.
        var differences: [String: [String]]?
    }

    func validate() throws {
        if force, diff { throw ValidationError("--force and --diff do not go together") }
        if command == nil, port != nil || health != nil { throw ValidationError("--port and --health go with --command") }
        if let app, command != nil, app != "command" { throw ValidationError("--command goes with --app command, not with --app \(app)") }
        if let command, command.allSatisfy(\.isWhitespace) || command.contains(where: { $0.isNewline || $0 == "\0" }) {
            throw ValidationError("--command takes one line, such as \"node server.js\"")
        }
        if let health, !AppProgram.isHealthPath(health) {
            throw ValidationError("--health takes a path such as /healthz")
        }
        if let port, !(1...65_535).contains(port) { throw ValidationError("--port takes a number from 1 to 65535") }
    }

    func run() throws {
        let files = try InitFolder(to)
        let request = try complete(files)
        let recipe = try request.recipe()
        let (variables, secrets) = recipe.mustBeSet
        var answer = Answer(
            files: Dictionary(recipe.files.map { ($0.path, $0.text) }) { first, _ in first }, variables: variables, secrets: secrets,
            nextSteps: recipe.nextSteps)
        if diff {
            let differences = recipe.files.map { ($0.path, LineDifference.lines($0.path, from: files.text($0.path), to: $0.text(over: files.text($0.path)))) }
            answer.differences = Dictionary(differences.filter { !$0.1.isEmpty }) { first, _ in first }
            Console.answered(answer)
            for line in differences.flatMap(\.1) { Console.out(line) }
            if answer.differences?.isEmpty == false { throw ExitCode.failure }
            return
        }
        if Console.answered(answer) { return }
        let written = try files.write(recipe.files, overwrites: force, asks: request.isAsked)
        let words = InitWords(language: recipe.language)
        for path in written { Console.out("\(words.wrote) \(to == "." ? "" : to + "/")\(path)") }
        Console.out("\n\(words.steps)")
        for (index, step) in recipe.nextSteps.enumerated() { Console.out("\(index < 9 ? " " : "")\(index + 1). \(step)") }
        // On a terminal only, for it is a secret: in a file, or in the log of a build, others would read it. Who overwrites files has one.
        if recipe.format == .restic, Terminal.isOutput, !force { Console.out("\n\(words.password(InitCommand.newPassword()))") }
    }

    /// 256 random bits in hexadecimal digits.
    private static func newPassword() -> String {
        (0..<4).map { _ in
            let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// This command with what is missing taken from the files that an earlier one wrote, or asked for.
    private func complete(_ files: InitFolder) throws -> Request {
        var request = Request(self)
        if platform == nil, force || diff, let mark = files.mark {
            guard let earlier = try? InitCommand.parse(mark.options) else {
                throw ValidationError("shipkeeper.yaml names options that this version does not know; name --platform")
            }
            request.fillIn(from: earlier)
        }
        if request.platform == nil, !Console.isJSON, Terminal.isInteractive {
            guard try InitQuestions(found: files.detection, language: lang ?? .en).ask(&request) else {
                Console.note("\n\(InitWords(language: lang ?? .en).nothing)")
                throw ExitCode.failure
            }
            request.isAsked = true
        }
        return request
    }

    /// What is to be written, as far as it is known.
    struct Request {
        var platform: Hosting?
        var app: String?
        var store: BackupStore?
        var format: BackupFormat?
        var command: String?
        var port: Int?
        var health: String?
        var lang: Language?
        var isAsked = false

        init(_ command: InitCommand) {
            (platform, app, store, format, lang) = (command.platform, command.app, command.store, command.format, command.lang)
            (self.command, port, health) = (command.command, command.port, command.health)
        }

        mutating func fillIn(from earlier: InitCommand) {
            platform = platform ?? earlier.platform
            store = store ?? earlier.store
            // Files that name none were written when there was one only.
            format = format ?? earlier.format ?? .archive
            lang = lang ?? earlier.lang
            guard app == nil || app == earlier.app, command == nil else { return }
            (app, command, port, health) = (earlier.app, earlier.command, earlier.port, earlier.health)
        }

        func recipe() throws -> Recipe {
            guard let platform else {
                throw ValidationError(
                    "--platform is missing: name one of \(Hosting.allCases.map(\.rawValue).joined(separator: ", ")); and, unless the usual will do, "
                        + "--app (\(App.all.map(\.name).joined(separator: ", "))) and --store (\(BackupStore.allCases.map(\.rawValue).joined(separator: ", ")))"
                )
            }
            let name = app ?? "command"
            let program = command.map { AppProgram(command: $0, port: port, health: health) }
            guard let app = name == "command" ? App.command(program) : App.all.first(where: { $0.name == name }) else {
                throw ValidationError("no app is named \"\(name)\"; known are \(App.all.map(\.name).joined(separator: ", "))")
            }
            return Recipe(app: app, platform: platform, store: store, format: format ?? .restic, language: lang ?? .en, version: programVersion)
        }
    }
}

extension Hosting: ExpressibleByArgument {}
extension BackupStore: ExpressibleByArgument {}
extension BackupFormat: ExpressibleByArgument {}
extension Language: ExpressibleByArgument {}
