/// A variable of the container that a recipe needs.
struct Variable: Hashable, Sendable {
    var name: String
    /// What it may look like.
    var example: String
    /// What it is for, and how to make one; nil where the name says it.
    var about: Text?
    /// The page where it can be obtained.
    var link: String?
    /// Whether any long random text will do.
    var canBeMade: Bool

    init(_ name: String, _ example: String, _ about: Text? = nil, link: String? = nil, canBeMade: Bool = false) {
        self.name = name
        self.example = example
        self.about = about
        self.link = link
        self.canBeMade = canBeMade
    }
}

/// An app that recipes are written for.
package struct App: Sendable {
    /// As `--app` takes it.
    package var name: String
    /// Its short name, for names of services in the files of platforms.
    var title: String
    /// The name and tag of the image that its Dockerfile begins with, in examples.
    var image: String { name == "openclaw" ? "assistant:2026-11" : "shipkeeper:slim" }
    /// The name of its service in the configuration.
    var service: String
    /// The public port, at which nginx listens, where the platform names none.
    package var port: Int
    /// The folder that holds its data.
    var data: String
    var variables: [Variable]
    var secrets: [Variable]
    var optional: [Variable]
    /// Declared as secrets too, and only needed by jobs that are switched on.
    var optionalSecrets: [String]
    /// The least memory that it runs well with, as Docker writes it.
    var memory: String
    /// The text of `shipkeeper.yaml`, with the placeholders `{head}` and `{repositories}`.
    var configuration: String
    var dockerfile: String
    /// Files that the image is built with, besides the recipe's own, are the user's: what must not get into it.
    var ignoredByDocker: [String] = []
    /// The options of `init` that it was made with, besides its name.
    var options: [String] = []

    init(
        name: String, title: String, service: String, port: Int, data: String, variables: [Variable] = [], secrets: [Variable] = [], optional: [Variable] = [],
        optionalSecrets: [String] = [], memory: String, configuration: String, dockerfile: String
    ) {
        self.name = name
        self.title = title
        self.service = service
        self.port = port
        self.data = data
        self.variables = variables
        self.secrets = secrets
        self.optional = optional
        self.optionalSecrets = optionalSecrets
        self.memory = memory
        self.configuration = configuration
        self.dockerfile = dockerfile
    }

    /// The apps that `--app` names, `command` for any other program last.
    package static let all = [openClaw, n8n, uptimeKuma, command(nil)]
}
