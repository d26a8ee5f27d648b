/// The files that put an app on a platform: the configuration, how the image is made, and what the platform reads.
package struct Recipe: Sendable {
    package struct File: Hashable, Sendable {
        package var path: String
        package var text: String
    }

    let app: App
    let platform: Hosting
    let store: BackupStore

    /// - Parameter store: Nil for what suits the platform.
    package init(app: App, platform: Hosting, store: BackupStore?) {
        self.app = app
        self.platform = platform
        self.store = store ?? platform.usualStore
    }

    package var files: [File] {
        [File(path: "shipkeeper.yaml", text: configuration), File(path: "Dockerfile", text: dockerfile)] + platform.files(self)
    }

    package var nextStep: String { platform.nextStep(app.title) }

    /// What is to be set in the container before it is started.
    package var mustBeSet: (variables: [String], secrets: [String]) { (variables.map(\.name), secrets.map(\.name)) }

    var variables: [Variable] { app.variables + store.variables }
    var secrets: [Variable] { app.secrets + store.secrets }

    private var configuration: String {
        var declared: [String] = []
        for name in secrets.map(\.name) + app.optionalSecrets where !declared.contains(name) { declared.append(name) }
        let line = declared.isEmpty ? "" : "secrets: [\(declared.joined(separator: ", "))]\n"
        let budget = platform.stopBudget.map { "stop_budget: \($0)\n" } ?? ""
        return app.configuration.replacing("{secrets}\n", with: line + budget).replacing("{repositories}", with: store.declaration)
    }

    private var dockerfile: String {
        // Where the platform passes no arguments to the build, the image stands there in words.
        platform.passesBuildArguments
            ? app.dockerfile : app.dockerfile.replacing("ARG SHIPKEEPER_IMAGE\n", with: "ARG SHIPKEEPER_IMAGE=registry.example.com/alice/\(app.image)\n")
    }
}
