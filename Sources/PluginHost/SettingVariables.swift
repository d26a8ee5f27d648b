extension PluginSchema {
    /// The longest value that is given as a variable, in bytes: Linux takes 128 KiB with the name.
    private static let longest = 100 << 10
    private static let prefix = "SHIPKEEPER_SETTING_"

    /// Settings as variables of the environment, for programs that do not read JSON: `SHIPKEEPER_SETTING_GREETING`. Lists and groups are JSON.
    /// Secrets are left out, because other processes may read the environment; so is what no variable can hold.
    /// - Parameter values: An object, as read by this schema.
    func variables(of values: PluginValue) -> [String: String] {
        var variables: [String: String] = [:]
        for (key, value) in (values.object ?? [:]).sorted(by: { $0.key < $1.key }) where !holdsSecret(key) {
            let name = PluginSchema.prefix + PluginSchema.variableName(key)
            let text = value.displayText
            // Of two keys that are one variable the first counts, so that it is always the same.
            guard variables[name] == nil, text.utf8.count <= PluginSchema.longest, !text.utf8.contains(0) else { continue }
            variables[name] = text
        }
        return variables
    }

    /// A key as a part of the name of a variable: in capital letters, and `_` for what is not a letter or digit.
    static func variableName(_ key: String) -> String {
        String(key.unicodeScalars.map { $0.isASCII && $0.properties.isAlphabetic || ("0"..."9").contains($0) ? Character($0) : "_" }).uppercased()
    }

    private func holdsSecret(_ key: String) -> Bool {
        guard case .object(let properties, let others) = self else { return false }
        return (properties.first { $0.key == key }?.schema ?? others)?.isOrHoldsSecret ?? false
    }

    private var isOrHoldsSecret: Bool {
        switch self {
        case .text(_, _, let isSecret): isSecret
        case .list(let element): element.isOrHoldsSecret
        case .object(let properties, let others): properties.contains { $0.schema.isOrHoldsSecret } || others?.isOrHoldsSecret ?? false
        case .integer, .number, .boolean: false
        }
    }
}
