import JobKit
package import Settings

/// YAML files that are not configuration: read as they are, without variables.
package enum PlainYAML {
    /// The root node, and everything wrong. Without a root the text is not YAML.
    package static func read(_ text: String, file: String) -> (root: ConfigNode?, problems: [Problem]) {
        let tree = YAMLTree(file: file, environment: nil).read(text)
        return (tree.root, tree.problems)
    }
}
