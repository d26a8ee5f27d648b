import Control
import HTTPClient

/// The operations as tools of the Model Context Protocol.
struct MCPTools: Sendable {
    /// What a call of a tool has come to.
    struct Result {
        var value: JSONValue
        var isError = false
    }

    /// Longer than any operation waits.
    private static let longestCall = Duration.seconds(900)

    let server: ServerOptions

    /// Those that answer at once, in the catalog's order.
    private static let operations = OperationCatalog.all.filter(isTool)

    private static func isTool(_ operation: any ControlOperation.Type) -> Bool {
        func answersInJSON<O: ControlOperation>(_ operation: O.Type) -> Bool { if case .value = O.Answer.content { true } else { false } }
        return answersInJSON(operation)
    }

    static let list: JSONValue = .list(operations.map(described))

    private static func described(_ operation: any ControlOperation.Type) -> JSONValue {
        let isReading = operation.effect == .reads
        return [
            "name": .text(operation.name), "description": .text(operation.summary), "inputSchema": OperationSchema.object(operation),
            "annotations": ["readOnlyHint": .flag(isReading), "destructiveHint": .flag(!isReading), "openWorldHint": false],
        ]
    }

    /// Nil where there is no tool of that name.
    func call(_ name: String, _ arguments: [String: JSONValue]) async -> Result? {
        guard let operation = MCPTools.operations.first(where: { $0.name == name }) else { return nil }
        var parameters: [String: String] = [:]
        for (name, value) in arguments where value != .null {
            switch value {
            case .text(let text): parameters[name] = text
            case .integer(let number): parameters[name] = "\(number)"
            case .flag(let flag): parameters[name] = "\(flag)"
            case .number, .list, .object, .null:
                return problem(ProblemAnswer("the parameter \"\(name)\" has a form that is not supported", code: .invalidParameter))
            }
        }
        let missing = OperationSchema.parameters(operation).first { $0.isRequired && (parameters[$0.name] ?? "").isEmpty }
        if let missing { return problem(ProblemAnswer("the parameter \"\(missing.name)\" is missing", code: .invalidParameter)) }
        return await ask(operation, parameters)
    }

    private func ask(_ operation: any ControlOperation.Type, _ parameters: [String: String]) async -> Result {
        do {
            let response = try await server.send(
                operation.effect.method, operation.address(parameters: parameters), as: .assistant, timeout: MCPTools.longestCall)
            return Result(value: try JSONValue(parsing: response.body), isError: response.status != 200)
        } catch let failure as HTTPFailure {
            return problem(ProblemAnswer("shipkeeper is not running here: \(failure)", hint: "it is started with \"shipkeeper run\"", code: .notRunning))
        } catch {
            return problem(ProblemAnswer("the program gave an answer that is not JSON"))
        }
    }

    private func problem(_ problem: ProblemAnswer) -> Result {
        Result(value: (try? JSONValue(parsing: ControlJSON.encode(["problems": [problem]], as: .line))) ?? .null, isError: true)
    }
}
