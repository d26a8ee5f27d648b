import JobKit
import Settings
package import TimeZones

/// The one key that the command line needs of a configuration that it does not validate.
package enum StateKey {
    /// The value of `state`; nil where there is none or the file can't be read as YAML.
    package static func read(_ text: String, environment: [String: String]) -> String? {
        TopKeys.read(text, environment: environment)?["state"]?.text
    }
}

/// The time zone of a configuration that is not validated otherwise.
package enum TimeZoneKey {
    /// The zone in which times are shown: `timezone` or `TZ`, else the system's, else UTC. Blocks: reads zone data from the disk.
    package static func read(_ text: String, environment: [String: String]) -> Zone {
        let empty = ConfigNode(.mapping([]), at: SourcePlace(file: "", line: 1, column: 1))
        var reader = SettingsReader(TopKeys.read(text, environment: environment) ?? empty)
        return ZoneKeys(environment).ofFile(&reader)
    }
}

/// The keys at the top of a configuration, read without its jobs: they are most of a large file, and each command would wait for them.
enum TopKeys {
    /// The root of the file; nil where it can't be read as YAML.
    /// - Parameter file: Its path, for the places of values.
    static func read(_ text: String, file: String = "", environment: [String: String]) -> ConfigNode? {
        let tree = YAMLTree(file: file, environment: environment)
        // What is left may lack an anchor.
        return tree.read(withoutJobs(text)).root ?? tree.read(text).root
    }

    /// The text with empty lines in place of those below a `jobs:` that has a line of its own.
    private static func withoutJobs(_ text: String) -> String {
        var isBelow = false
        let bytes = Array(text.utf8)
        var kept: [UInt8] = []
        var start = 0
        while start <= bytes.count {
            let end = bytes[start...].firstIndex(of: 10) ?? bytes.count
            let line = bytes[start..<end]
            let isNested = line.first.map { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "#") || $0 == 13 } ?? true
            if !isNested { isBelow = line.elementsEqual("jobs:".utf8) || line.elementsEqual("jobs:\r".utf8) }
            if !isBelow { kept += line }
            if end < bytes.count { kept.append(10) }
            start = end + 1
        }
        return String(decoding: kept, as: UTF8.self)
    }
}
