/// The files that deploy an app to a platform: `shipkeeper.yaml`, the Dockerfile, the platform's own file, and a page with the next steps. Pure:
/// writing them is left to the caller.
package struct Recipe: Sendable {
    let app: App
    let platform: Hosting
    /// Where backups are stored.
    package let store: BackupStore
    package let format: BackupFormat
    /// Of comments in the files and of the next steps.
    package let language: Language
    let version: String

    /// - Parameters:
    ///   - store: Where backups are stored; nil for the platform's usual store.
    ///   - version: The program's version, which is written into the files.
    package init(app: App, platform: Hosting, store: BackupStore?, format: BackupFormat = .restic, language: Language = .en, version: String) {
        self.app = app
        self.platform = platform
        self.store = store ?? platform.usualStore
        self.format = format
        self.language = language
        self.version = version
    }

    /// All files, with the recipe's mark on their first line where they can have comments. Generated on each call.
    package var files: [RecipeFile] {
        let steps = RecipeFile(path: "NEXT-STEPS.md", text: nextStepsPage)
        let ignored = app.ignoredByDocker.isEmpty ? [] : [RecipeFile(path: ".dockerignore", text: app.ignoredByDocker.joined(separator: "\n"), kind: .lines)]
        let all =
            [RecipeFile(path: "shipkeeper.yaml", text: configuration), RecipeFile(path: "Dockerfile", text: dockerfile)] + ignored + platform.files(self)
            + [steps]
        return all.map { file in
            var file = file
            file.text = finished(file)
            return file
        }
    }

    /// Names of what must be set in the container before it is started.
    package var mustBeSet: (variables: [String], secrets: [String]) { (variables.map(\.name), secrets.map(\.name)) }

    /// What to do with the files, in order, a line each.
    package var nextSteps: [String] { steps.map { $0.line(language) } }

    var variables: [Variable] { app.variables + store.variables }
    var secrets: [Variable] { app.secrets + store.secrets + format.secrets + [Recipe.pageToken] }

    private static let pageToken = Variable(
        "SHIPKEEPER_TOKEN", "a-long-random-text",
        Text("opens the status page below /-/; openssl rand -hex 16 makes one", "打开 /-/ 下的状态页；用 openssl rand -hex 16 生成"), canBeMade: true)
    /// A path that answers with 200 as long as the container is well, whatever the app does.
    static let healthPath = "/-/healthz"

    /// The words of the command line that writes these files, without the folder and the program's name.
    var options: [String] {
        ["--platform", platform.rawValue, "--app", app.name, "--store", store.rawValue, "--format", format.rawValue] + app.options
            + (language == .en ? [] : ["--lang", language.rawValue])
    }

    private var configuration: String {
        var declared: [String] = []
        for name in secrets.map(\.name) + app.optionalSecrets where !declared.contains(name) { declared.append(name) }
        let budget = platform.stopBudget.map { "stop_budget: \($0)\n" } ?? ""
        // A Space's page shows the app in a frame.
        let ancestors = platform == .huggingface ? ", frame_ancestors: [self, \"https://huggingface.co\"]" : ""
        let head = """
            secrets: [\(declared.joined(separator: ", "))]
            \(budget)
            # nginx has the public port: a page until the app is ready, then the app, and below /-/ the status page.
            front: { upstream: \(app.service)\(ancestors) }
            control: { token: "${SHIPKEEPER_TOKEN}" }    # opens the status page; without it anyone can read it, without logs

            """
        return app.configuration.replacing("{head}\n", with: head).replacing("{repositories}", with: store.declaration(format))
    }

    private var dockerfile: String {
        // Where the platform passes no arguments to the build, the image's name is written out.
        platform.passesBuildArguments
            ? app.dockerfile : app.dockerfile.replacing("ARG SHIPKEEPER_IMAGE\n", with: "ARG SHIPKEEPER_IMAGE=registry.example.com/alice/\(app.image)\n")
    }

    /// The text with its mark at the top, in the chosen language, ending in one line break.
    private func finished(_ file: RecipeFile) -> String {
        // Where a recipe has nothing to put between two empty lines, one is left.
        var text = file.text.replacing("\n\n\n", with: "\n\n")
        while text.last == "\n" { text.removeLast() }
        text += "\n"
        guard file.hasComments else { return text }
        if language == .zh { text = ChineseComments.translated(text) }
        return file.kind == .whole ? RecipeMark(version: version, options: options).line + "\n" + text : text
    }
}
