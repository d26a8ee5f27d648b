/// One thing that can be asked of the running program, defined once.
///
/// The HTTP route, its description in OpenAPI, the tool of MCP, the command's request and the name in help are made from it. To add one: a type that conforms, in a file of
/// its own below `Operations`, and a line in `OperationCatalog.all`.
///
///     package enum WhyOperation: ControlOperation {
///         package struct Request: OperationRequest {
///             package static let notes = ["job": ParameterNote("The job's name")]
///             package var job: String
///         }
///         package static let name = "why"
///         package static let path = "jobs/{job}/why"
///         package static let summary = "Explain in one line why a job runs, does not run, or when it will."
///         package static let effect = OperationEffect.reads
///         package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> WhyAnswer {
///             try await program.why(request.job)
///         }
///     }
package protocol ControlOperation: Sendable {
    /// The parameters. Those named in `path` are a part of it, the others are in the query, in snake case.
    associatedtype Request: OperationRequest
    associatedtype Answer: OperationAnswer

    /// Unique among all operations, in kebab case.
    static var name: String { get }
    /// Below `/-/`, with parameters in braces: `jobs/{job}/why`.
    static var path: String { get }
    /// One sentence in the imperative.
    static var summary: String { get }
    static var effect: OperationEffect { get }
    /// What those see who need no token. `contents` unless it says otherwise: nothing.
    static var disclosure: OperationDisclosure { get }

    /// Carries it out. Does not block.
    /// - Parameter caller: By which way somebody asks; its raw value is recorded with a run.
    static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> Answer
}

/// Whether an operation changes anything.
package enum OperationEffect: String, Sendable {
    case reads
    case changes
    /// This program ends, for another one to go on.
    case replaces

    /// The HTTP method.
    package var method: String {
        switch self {
        case .reads: "GET"
        case .changes, .replaces: "POST"
        }
    }
}

/// What an answer tells of the app.
package enum OperationDisclosure: Sendable {
    /// How things are: what the page shows to anyone where no token is set.
    case state
    /// What programs have printed, what is stored, and the configuration: for those alone who have the token, or may use the socket.
    case contents
}

extension ControlOperation {
    package static var disclosure: OperationDisclosure { .contents }

    /// Carries it out with parameters as they came over HTTP.
    /// - Throws: `invalidParameter` where one is missing, unknown, or has a wrong form.
    package static func run(parameters: [String: String], on program: Operations, via caller: Caller) async throws(OperationError) -> Answer {
        try await run(try ParameterCoder.decode(Request.self, from: parameters), on: program, via: caller)
    }

    /// Path and query of a request, without `/-/`.
    package static func address(_ request: Request) -> String { address(parameters: ParameterCoder.encode(request)) }

    /// The same for parameters as texts by name.
    package static func address(parameters: [String: String]) -> String {
        var rest = parameters
        let parts = path.split(separator: "/").map { part in
            guard part.hasPrefix("{"), part.hasSuffix("}") else { return String(part) }
            return ParameterCoder.escaped(rest.removeValue(forKey: String(part.dropFirst().dropLast())) ?? "")
        }
        let query = rest.sorted { $0.key < $1.key }.map { "\($0.key)=\(ParameterCoder.escaped($0.value))" }
        return parts.joined(separator: "/") + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }
}
