/// The description of all operations, made from their definitions. See https://spec.openapis.org/oas/v3.1.1.html.
package enum OpenAPIDocument {
    /// - Parameter root: Where all paths begin. Other places than the socket ask for a token.
    package static func bytes(version: String, root: String = ControlRouter.root) -> [UInt8] { document(version: version, root: root).bytes + [10] }

    static func document(version: String, root: String = ControlRouter.root) -> JSONValue {
        var schemas = TypeSchemas(prefix: "#/components/schemas/")
        var paths: [String: [String: JSONValue]] = [:]
        let isPublic = root != ControlRouter.root
        for operation in OperationCatalog.all where !isPublic || operation.effect != .replaces {
            paths[root + operation.path, default: [:]][operation.effect.method.lowercased()] = described(operation, &schemas)
        }
        let problems = schemas.schema(FailureAnswer.self)
        var components: [String: JSONValue] = [
            "schemas": .object(schemas.named),
            "responses": ["Problems": ["description": "Why there is no answer", "content": ["application/json": ["schema": problems]]]],
        ]
        if isPublic { components["securitySchemes"] = ["token": ["type": "http", "scheme": "bearer"]] }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "shipkeeper", "version": .text(version),
                "description": "What can be asked of the running program. Parameters are in the path and in the query; no request has a body.",
            ],
            "servers": [["url": "/"]],
            "paths": .object(paths.mapValues { .object($0) }),
            "security": isPublic ? [["token": []]] : [],
            "components": .object(components),
        ]
    }

    private static func described<O: ControlOperation>(_ operation: O.Type, _ schemas: inout TypeSchemas) -> JSONValue {
        let inPath = Set(O.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) })
        let parameters = OperationSchema.parameters(operation).map { parameter -> JSONValue in
            let isInPath = inPath.contains(parameter.name)
            return [
                "name": .text(parameter.name), "in": isInPath ? "path" : "query", "required": .flag(parameter.isRequired),
                "description": .text(parameter.about),
                "schema": .object(parameter.schema.merging(isInPath ? parameter.isText ? ["minLength": 1] : [:] : [:]) { $1 }),
            ]
        }
        let answer: JSONValue =
            switch O.Answer.content {
            case .value(let type): ["description": "The answer", "content": ["application/json": ["schema": schemas.schema(type)]]]
            case .stream(let mediaType, let about, let schema):
                ["description": .text(about), "content": .object([mediaType: ["schema": schema]])]
            }
        let problems: JSONValue = ["$ref": "#/components/responses/Problems"]
        return [
            "operationId": .text(O.name), "summary": .text(O.summary), "x-effect": .text(O.effect.rawValue), "parameters": .list(parameters),
            "responses": ["200": answer, "4XX": problems, "5XX": problems],
        ]
    }
}

/// The parameters of an operation as JSON Schema has them.
package enum OperationSchema {
    package struct Parameter: Sendable {
        package var name: String
        package var about: String
        package var schema: [String: JSONValue]
        package var isRequired: Bool

        var isText: Bool { schema["type"] == "string" }
    }

    package static func parameters<O: ControlOperation>(_ operation: O.Type) -> [Parameter] {
        TypeSchemas.members(O.Request.self).map { name, schema, isRequired in
            let note = O.Request.notes[name]
            return Parameter(
                name: name, about: note?.about ?? "", schema: (schema.members ?? [:]).merging(note?.keywords ?? [:]) { $1 }, isRequired: isRequired)
        }
    }

    /// All of them as one object, for those who pass them so.
    package static func object<O: ControlOperation>(_ operation: O.Type) -> JSONValue {
        let parameters = parameters(operation)
        let properties = parameters.map { ($0.name, JSONValue.object($0.schema.merging(["description": .text($0.about)]) { $1 })) }
        return [
            "type": "object", "properties": .object(Dictionary(properties) { $1 }), "additionalProperties": false,
            "required": .list(parameters.filter(\.isRequired).map { .text($0.name) }),
        ]
    }
}
