import JobKit
import Settings
package import TimeZones

/// The one key that the command line needs of a configuration that it does not validate.
package enum StateKey {
    /// The value of `state`; nil where there is none or the file can't be read as YAML.
    package static func read(_ text: String, environment: [String: String]) -> String? {
        YAMLTree(file: "", environment: environment).read(text).root?["state"]?.text
    }
}

/// The time zone of a configuration that is not validated otherwise.
package enum TimeZoneKey {
    /// The zone in which times are shown: `timezone` or `TZ`, else the system's, else UTC. Blocks: reads zone data from the disk.
    package static func read(_ text: String, environment: [String: String]) -> Zone {
        let empty = ConfigNode(.mapping([]), at: SourcePlace(file: "", line: 1, column: 1))
        var reader = SettingsReader(YAMLTree(file: "", environment: environment).read(text).root ?? empty)
        return ZoneKeys(environment).ofFile(&reader)
    }
}
