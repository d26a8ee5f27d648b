import JobKit
import Settings
package import TimeZones

/// The one key that the command line needs of a configuration it does not otherwise judge.
package enum StateKey {
    /// The value of `state`; nil where there is none or the file can't be read as YAML.
    package static func read(_ text: String, environment: [String: String]) -> String? {
        YAMLTree(file: "", environment: environment).read(text).root?["state"]?.text
    }
}

/// The zone of a configuration that is not judged otherwise.
package enum TimeZoneKey {
    /// The zone in which people are shown times. Blocks.
    package static func read(_ text: String, environment: [String: String]) -> Zone {
        let empty = ConfigNode(.mapping([]), at: SourcePlace(file: "", line: 1, column: 1))
        var reader = SettingsReader(YAMLTree(file: "", environment: environment).read(text).root ?? empty)
        return ZoneKeys(environment).ofFile(&reader)
    }
}
