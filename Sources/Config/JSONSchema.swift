import Foundation
package import JobKit
import Scheduler
import Settings

/// The JSON Schema of the configuration, from the same definitions that decode it.
package struct JSONSchema {
    private let catalog: JobCatalog

    package init(catalog: JobCatalog) { self.catalog = catalog }

    /// The schema as text, with keys in a fixed order.
    package var text: String {
        let data = try? JSONSerialization.data(
            withJSONObject: root, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    private var root: [String: Any] {
        var schema = object(SettingsReader.shapes { _ = TopLevel.read(&$0, file: "", environment: [:]) })
        var properties = schema["properties"] as? [String: Any] ?? [:]
        properties["repositories"] = named(
            TopLevel.repositoriesShape.about, byType(catalog.repositories.mapValues { (about: $0.about, shapes: $0.shapes()) }))
        properties["jobs"] = named(TopLevel.jobsShape.about, job)
        schema["properties"] = properties
        schema["required"] = ["version", "jobs"]
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        schema["title"] = "shipkeeper configuration"
        return schema
    }

    private func named(_ about: String, _ value: [String: Any]) -> [String: Any] {
        ["description": about, "type": "object", "additionalProperties": value]
    }

    /// Repositories: the keys of their type stand beside `type`.
    private func byType(_ types: [String: (about: String, shapes: [SettingShape])]) -> [String: Any] {
        [
            "oneOf": types.sorted { $0.key < $1.key }.map { name, type in
                var schema = object(type.shapes)
                var properties = schema["properties"] as? [String: Any] ?? [:]
                properties["type"] = ["const": name, "description": type.about]
                schema["properties"] = properties
                schema["required"] = ["type"] + (schema["required"] as? [String] ?? [])
                return schema
            }
        ]
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
            return ["if": ["properties": ["type": ["const": type.typeName]], "required": ["type"]], "then": then] as [String: Any]
        }
        return schema
    }

    // MARK: Shapes

    private func object(_ shapes: [SettingShape]) -> [String: Any] {
        var properties: [String: Any] = [:]
        for shape in shapes {
            var property = value(shape.kind)
            property["description"] = shape.about + (shape.defaultText.map { " (default \($0))" } ?? "")
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

    /// Text that takes its value from the environment stands for any kind of value.
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
