package import Settings

/// Where plug-ins are looked for: a folder that holds some, or is one.
package struct PluginFolder: Hashable, Sendable {
    /// Who says that there are plug-ins in it. Of two plug-ins with one name the earlier origin wins over the last two.
    package enum Origin: Hashable, Sendable {
        /// `Plugins` next to the configuration.
        case project
        /// A folder under `plugins:`.
        case named(SourcePlace)
        /// The folder in `SHIPKEEPER_PLUGINS`, instead of the shipped ones.
        case variable
        /// The plug-ins that come with the program.
        case shipped

        /// One word for programs.
        package var code: String {
            switch self {
            case .project: "project"
            case .named: "configuration"
            case .variable: "variable"
            case .shipped: "shipped"
            }
        }

        /// For people.
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

    package var path: String
    package var origin: Origin

    package init(_ path: String, _ origin: Origin) {
        self.path = path
        self.origin = origin
    }
}
