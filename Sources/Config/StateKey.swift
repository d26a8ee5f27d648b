import JobKit

/// The one key that the command line needs of a configuration it does not otherwise judge.
package enum StateKey {
    /// The value of `state`; nil where there is none or the file can't be read as YAML.
    package static func read(_ text: String, environment: [String: String]) -> String? {
        YAMLTree(file: "", environment: environment).read(text).root?["state"]?.text
    }
}
