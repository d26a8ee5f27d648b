import Foundation
package import JobKit
import Scheduler
import Settings
import Yams

/// The JSON Schema of the configuration, from the same definitions that decode it. It is draft 7, which editors of YAML know best.
package struct JSONSchema {
    private let catalog: JobCatalog

    /// - Parameter catalog: The job and repository types, those of plug-ins included.
    package init(catalog: JobCatalog) { self.catalog = catalog }

    /// The schema as text, with keys in a fixed order.
    package var text: String {
        let data = try? JSONSerialization.data(
            withJSONObject: root, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    private var root: [String: Any] {
        var schema = object(ConfigurationReader.plainTopShapes)
        var properties = schema["properties"] as? [String: Any] ?? [:]
        properties["repositories"] = named(
            TopLevel.repositoriesShape.about, byType(catalog.repositories.mapValues { (about: $0.about, shapes: $0.shapes()) }))
        var jobs = named(TopLevel.jobsShape.about, job)
        jobs["propertyNames"] = ["pattern": JSONSchema.jobName]
        properties["jobs"] = jobs
        schema["properties"] = properties
        schema["patternProperties"] = ["^x-": ["description": "For anchors, and for other programs"] as [String: Any]]
        schema["required"] = ["version", "jobs"]
        schema["$schema"] = "http://json-schema.org/draft-07/schema#"
        schema["$id"] = "urn:shipkeeper:configuration:1"
        schema["title"] = "shipkeeper configuration"
        return schema
    }

    /// Letters and digits of any script, - and _. Engines of regular expressions name scripts in different ways, so what is excluded is listed here:
    /// ASCII, symbols, and the punctuation of Chinese and full-width text.
    private static let jobName =
        "^(?!-)[^\\s!-,./:-@\\[-^`{-~\\u0080-\\u00a9\\u00ab-\\u00b4\\u2000-\\u206f\\u2190-\\u245f\\u2500-\\u2bff\\u3000-\\u3004\\u3008-\\u3020"
        + "\\uff00-\\uff0f\\uff1a-\\uff20\\uff3b-\\uff40\\uff5b-\\uff65]{1,64}$"

    private func named(_ about: String, _ value: [String: Any]) -> [String: Any] {
        ["description": about, "type": "object", "additionalProperties": value]
    }

    /// Repositories: the keys of their type are next to `type`.
    private func byType(_ types: [String: (about: String, shapes: [SettingShape])]) -> [String: Any] {
        let type: [String: Any] = ["enum": types.keys.sorted(), "description": "The kind of repository"]
        return [
            "type": "object", "properties": ["type": type], "required": ["type"],
            "allOf": types.sorted { $0.key < $1.key }.map { name, type in
                var schema = object(type.shapes)
                var properties = schema["properties"] as? [String: Any] ?? [:]
                properties["type"] = ["const": name, "description": type.about]
                schema["properties"] = properties
                return JSONSchema.only(where: name, schema)
            },
        ]
    }

    /// A schema for values of one type. Without a type it accepts anything: one mistake is one problem.
    private static func only(where type: String, _ schema: [String: Any]) -> [String: Any] {
        ["if": ["properties": ["type": ["const": type]], "required": ["type"]], "then": schema]
    }

    private var job: [String: Any] {
        var schema = object(CommonJobSettings.shapes)
        var properties = schema["properties"] as? [String: Any] ?? [:]
        let types = catalog.entries.values.sorted { $0.typeName < $1.typeName }
        properties["type"] = ["enum": types.map(\.typeName), "description": "The kind of job"]
        properties["with"] = ["type": "object", "description": "The job type's own settings"]
        schema["properties"] = properties
        schema["required"] = ["type"]
        schema["allOf"] = types.map { type in
            let with = object(type.shapes())
            var then: [String: Any] = ["properties": ["with": with]]
            if with["required"] != nil { then["required"] = ["with"] }
            return JSONSchema.only(where: type.typeName, then)
        }
        return schema
    }

    // MARK: Shapes

    private func object(_ shapes: [SettingShape]) -> [String: Any] {
        var properties: [String: Any] = [:]
        for shape in shapes {
            var property = value(shape.kind)
            property["description"] = shape.about
            if let text = shape.defaultText {
                property["description"] = "\(shape.about) (default \(text))"
                property["default"] = JSONSchema.defaultValue(text, shape.kind)
            }
            properties[shape.key] = property
            if let old = shape.formerly {
                property["description"] = "Renamed: write \"\(shape.key)\""
                property["deprecated"] = true
                properties[old] = property
            }
        }
        var schema: [String: Any] = ["type": "object", "additionalProperties": false, "properties": properties]
        let required = shapes.filter(\.isRequired).map(\.key).sorted()
        if !required.isEmpty { schema["required"] = required }
        return schema
    }

    /// A default as JSON has it. One that is a list or a group is YAML.
    private static func defaultValue(_ text: String, _ kind: SettingShape.Kind) -> Any? {
        switch kind {
        case .integer: return Int(text)
        case .boolean: return text == "true"
        case .list, .section, .map: return try? Yams.load(yaml: text)
        case .either(let kinds): return text.first == "[" || text.first == "{" ? try? Yams.load(yaml: text) : defaultValue(text, kinds.first ?? .text)
        case .text, .pattern, .duration, .size, .choice, .anything: return text
        case .nothing: return nil
        }
    }

    /// Text that takes its value from the environment is accepted for any kind of value.
    private static var variable: [String: Any] { ["type": "string", "pattern": "\\$\\{"] }

    private func value(_ kind: SettingShape.Kind) -> [String: Any] {
        switch kind {
        case .text: ["type": ["string", "number", "boolean"]]
        case .pattern(let pattern, _): ["anyOf": [["type": "string", "pattern": pattern], JSONSchema.variable]]
        case .integer(let range):
            ["anyOf": [["type": "integer", "minimum": range.lowerBound, "maximum": range.upperBound], JSONSchema.variable]]
        case .boolean: ["anyOf": [["type": "boolean"], JSONSchema.variable]]
        case .duration: ["type": "string", "pattern": "^(([0-9]+(d|h|m|s|ms))+|.*\\$\\{.*)$"]
        case .size:
            ["anyOf": [["type": "integer", "minimum": 0], ["type": "string", "pattern": "^([0-9.]+ ?([kKmMgGtT]?i?[bB]?)|.*\\$\\{.*)$"]]]
        case .choice(let names): ["anyOf": [["enum": names], JSONSchema.variable]]
        case .list(let element): ["type": "array", "items": value(element)]
        case .section(let shapes): object(shapes)
        case .map(let element): ["type": "object", "additionalProperties": value(element)]
        case .either(let kinds): ["anyOf": kinds.map(value)]
        case .anything: [:]
        case .nothing: ["type": "null"]
        }
    }
}
