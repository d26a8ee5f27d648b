import ArgumentParser
import Files
import Foundation
import Recipes

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write the files that put an app on a platform.",
        discussion: """
            The configuration, a Dockerfile, and what the platform reads. The configuration is the same on all platforms but for the place of \
            the backups. Nothing that exists is overwritten.
            """)

    @Option(help: "The platform: \(Hosting.allCases.map(\.rawValue).joined(separator: ", ")).")
    var platform: Hosting

    @Option(help: "The app: \(App.all.map(\.name).joined(separator: ", ")); \"command\" is any program.")
    var app = "command"

    @Option(help: "Where backups go: \(BackupStore.allCases.map(\.rawValue).joined(separator: ", ")). Without it what suits the platform.")
    var store: BackupStore?

    @Option(help: "The folder for the files.")
    var to = "."

    @OptionGroup var json: JSONOption

    private struct Answer: Encodable {
        /// Texts by path.
        var files: [String: String]
        /// Names of what must be set.
        var variables: [String]
        var secrets: [String]
        var nextStep: String
    }

    func run() throws {
        guard let app = App.all.first(where: { $0.name == app }) else {
            throw ValidationError("no app is named \"\(app)\"; known are \(App.all.map(\.name).joined(separator: ", "))")
        }
        let recipe = Recipe(app: app, platform: platform, store: store)
        let (variables, secrets) = recipe.mustBeSet
        let files = Dictionary(recipe.files.map { ($0.path, $0.text) }) { first, _ in first }
        if Console.answered(Answer(files: files, variables: variables, secrets: secrets, nextStep: recipe.nextStep)) { return }
        try write(recipe)
        for file in recipe.files { Console.out("wrote \(to == "." ? "" : to + "/")\(file.path)") }
        if !variables.isEmpty { Console.out("Set as variables: \(variables.joined(separator: ", "))") }
        if !secrets.isEmpty { Console.out("Set as secrets:   \(secrets.joined(separator: ", "))") }
        Console.out("Then: \(recipe.nextStep)")
    }

    private func write(_ recipe: Recipe) throws {
        do throws(FileError) {
            let folder = try Folder.make(URL(fileURLWithPath: to).path)
            let present = recipe.files.map(\.path).filter { folder.exists(RawName($0)) }
            guard present.isEmpty else {
                Console.error("\(present.joined(separator: ", ")) exists already in \(to), and nothing was written; name another folder with --to")
                throw FileError("write over", to, code: EEXIST)
            }
            for file in recipe.files { try folder.replace(RawName(file.path), with: Array(file.text.utf8), mode: 0o644) }
        } catch {
            if error.code != EEXIST { Console.error("the files can't be written: \(error)") }
            throw ExitCode.failure
        }
    }
}

extension Hosting: ExpressibleByArgument {}
extension BackupStore: ExpressibleByArgument {}
