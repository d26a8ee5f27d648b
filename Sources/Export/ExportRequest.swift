package import Config

/// What is to be exported, and what the file does not say.
package struct ExportRequest: Sendable {
    /// The file, as the user has it.
    package struct Source: Sendable {
        /// As the user named it.
        package var path: String
        package var text: String

        package init(path: String, text: String) { (self.path, self.text) = (path, text) }
    }

    /// Read with `SecretText.mark` in the place of each secret's value.
    package var configuration: Configuration
    package var source: Source
    /// Variables of the container that are not secrets, with their values.
    package var variables: [String: String]
    /// Names of the variables whose values are not shown.
    package var secrets: Set<String>
    /// Those of them that the file does not name: every container gets them, and may lack them.
    package var unnamed: Set<String>
    /// Variables that were taken from this machine and say something of it, such as `HOME`.
    package var ofThisMachine: Set<String>
    /// Of all objects; nil for the service's or the first job's.
    package var name: String?
    /// Nil for the one of the cluster's user.
    package var namespace: String?
    /// The image with the app and shipkeeper; empty where none is needed.
    package var image: String
    /// The size of each volume, as Kubernetes writes it.
    package var storage: String

    package init(
        configuration: Configuration, source: Source, variables: [String: String], secrets: Set<String>, unnamed: Set<String>,
        ofThisMachine: Set<String>, name: String?,
        namespace: String?,
        image: String, storage: String
    ) {
        self.configuration = configuration
        self.source = source
        self.variables = variables
        self.secrets = secrets
        self.unnamed = unnamed
        self.ofThisMachine = ofThisMachine
        self.name = name
        self.namespace = namespace
        self.image = image
        self.storage = storage
    }
}

extension ExportKind {
    /// The files of this engine. Pure: the same request gives the same text.
    package func export(_ request: ExportRequest) -> Exported {
        let plan = ExportPlan(request, for: self)
        switch self {
        case .kubernetes: return KubernetesExport(plan).exported()
        case .compose: return ComposeExport(plan).exported()
        case .systemd: return SystemdExport(plan).exported()
        }
    }
}
