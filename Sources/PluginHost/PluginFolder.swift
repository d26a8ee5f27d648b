package import Settings

/// A folder in which plug-ins are searched: one that holds plug-ins, or is one.
package struct PluginFolder: Hashable, Sendable {
    /// Why the folder is searched. Plug-ins of the first two kinds win over those of the last two of the same name.
    package enum Origin: Hashable, Sendable {
        /// `Plugins` next to the configuration.
        case project
        /// A folder under `plugins:`.
        case named(SourcePlace)
        /// The folder in `SHIPKEEPER_PLUGINS`, instead of the shipped ones.
        case variable
        /// The plug-ins that come with the program.
        case shipped

        /// One word for JSON output.
        package var code: String {
            switch self {
            case .project: "project"
            case .named: "configuration"
            case .variable: "variable"
            case .shipped: "shipped"
            }
        }

        /// For messages.
        package var words: String {
            switch self {
            case .project: "next to the configuration"
            case .named(let place): "plugins: (line \(place.line))"
            case .variable: ShippedPlugins.variable
            case .shipped: "shipped"
            }
        }

        /// Where a problem with the folder itself is reported; nil where the folder need not be there.
        var place: SourcePlace? {
            switch self {
            case .named(let place): place
            case .variable: SourcePlace(file: ShippedPlugins.variable, line: 1, column: 1)
            case .project, .shipped: nil
            }
        }

        /// Whether its plug-ins give way to others of the same name.
        var givesWay: Bool {
            switch self {
            case .variable, .shipped: true
            case .project, .named: false
            }
        }
    }

    /// Absolute, or from the working folder. It need not exist.
    package var path: String
    package var origin: Origin

    package init(_ path: String, _ origin: Origin) {
        self.path = path
        self.origin = origin
    }
}
