import Settings

/// One setting of a plug-in, for `shipkeeper plugins` and its JSON.
package struct PluginSetting: Sendable, Encodable {
    /// With the keys above it: `headers.accept`.
    package var key: String
    /// The type's name in JSON Schema: `string`, `array`.
    package var type: String
    package var description: String
    package var isRequired: Bool
    /// Whether its value, or that of each element of a list, must not be shown.
    package var isSecret: Bool
    /// The default; nil for none.
    package var fallback: PluginValue?
    /// The allowed texts; nil for any.
    package var choices: [String]?
    /// A regular expression for a text; nil for none.
    package var pattern: String?
    /// The least number; nil for no limit.
    package var minimum: PluginValue?
    /// The greatest number; nil for no limit.
    package var maximum: PluginValue?
    /// The type for people, such as `integer 1 to 100`, or the choices: `GET, POST`.
    package var form: String

    enum CodingKeys: String, CodingKey {
        case key, type, description, form, choices, pattern, minimum, maximum
        case isRequired = "required"
        case isSecret = "secret"
        case fallback = "default"
    }
}

extension PluginManifest {
    /// What may be set, in the order of the schema; the keys of a group after the group.
    package var allSettings: [PluginSetting] { PluginSetting.all(of: settings, below: "") }
    /// The keys of those that are secrets.
    package var secretKeys: [String] { allSettings.filter(\.isSecret).map(\.key) }
}

extension PluginSetting {
    fileprivate static func all(of schema: PluginSchema, below path: String) -> [PluginSetting] {
        guard case .object(let properties, let others) = schema else { return [] }
        let own = properties.flatMap { property in
            [setting(path + property.key, property.schema, property)] + all(of: property.schema, below: path + property.key + ".")
        }
        return own + (others.map { [setting(path + "…", $0, nil)] } ?? [])
    }

    private static func setting(_ key: String, _ schema: PluginSchema, _ property: PluginSchema.Property?) -> PluginSetting {
        var setting = PluginSetting(
            key: key, type: schema.typeName, description: property?.about ?? "Any other key", isRequired: property?.isRequired ?? false, isSecret: false,
            fallback: property?.fallback, form: schema.form)
        switch schema {
        case .text(let pattern, let choices, let isSecret):
            (setting.pattern, setting.isSecret) = (pattern, isSecret)
            setting.choices = choices.isEmpty ? nil : choices
        case .integer(let range):
            if range.lowerBound != Int.min { setting.minimum = .integer(range.lowerBound) }
            if range.upperBound != Int.max { setting.maximum = .integer(range.upperBound) }
        case .number(let range):
            if range.lowerBound != -Double.greatestFiniteMagnitude { setting.minimum = .number(range.lowerBound) }
            if range.upperBound != Double.greatestFiniteMagnitude { setting.maximum = .number(range.upperBound) }
        case .list(let element): if case .text(_, _, isSecret: true) = element { setting.isSecret = true }
        case .boolean, .object: break
        }
        return setting
    }
}

extension PluginSchema {
    fileprivate var typeName: String {
        switch self {
        case .text: "string"
        case .integer: "integer"
        case .number: "number"
        case .boolean: "boolean"
        case .list: "array"
        case .object: "object"
        }
    }

    fileprivate var form: String {
        switch self {
        case .text(_, let choices, _) where !choices.isEmpty: choices.joined(separator: ", ")
        case .text: "text"
        case .integer(let range): "integer" + PluginSchema.bounds(range, least: .min, most: .max)
        case .number(let range): "number" + PluginSchema.bounds(range, least: -.greatestFiniteMagnitude, most: .greatestFiniteMagnitude)
        case .boolean: "true, false"
        case .list(let element): "list of \(element.form)"
        case .object: "group"
        }
    }

    private static func bounds<Number: Comparable>(_ range: ClosedRange<Number>, least: Number, most: Number) -> String {
        switch (range.lowerBound == least, range.upperBound == most) {
        case (false, false): " \(range.lowerBound) to \(range.upperBound)"
        case (false, true): " from \(range.lowerBound)"
        case (true, false): " to \(range.upperBound)"
        case (true, true): ""
        }
    }
}
