/// One thing that can be asked of the running program, defined once.
///
/// The control socket's route, the command's request and the name in help are made from it. To add one: a type that conforms, in a file of
/// its own below `Operations`, and a line in `OperationCatalog.all`.
///
///     package enum WhyOperation: ControlOperation {
///         package struct Request: Codable, Sendable { package var job: String }
///         package static let name = "why"
///         package static let path = "jobs/{job}/why"
///         package static let summary = "Explain in one line why a job runs, does not run, or when it will."
///         package static let effect = OperationEffect.reads
///         package static func run(_ request: Request, on program: Operations, via caller: String) async throws(OperationError) -> WhyAnswer {
///             try await program.why(request.job)
///         }
///     }
package protocol ControlOperation: Sendable {
    /// The parameters: a struct of texts, whole numbers, truth values and optional ones of these. Those named in `path` are a part of it, the
    /// others are in the query, in snake case.
    associatedtype Request: Codable, Sendable
    associatedtype Answer: Codable, Sendable

    /// Unique among all operations, in kebab case.
    static var name: String { get }
    /// Below `/-/`, with parameters in braces: `jobs/{job}/why`.
    static var path: String { get }
    /// One sentence in the imperative.
    static var summary: String { get }
    static var effect: OperationEffect { get }

    /// Carries it out. Does not block.
    /// - Parameter caller: Who asks, as it is recorded with a run: `command line`.
    static func run(_ request: Request, on program: Operations, via caller: String) async throws(OperationError) -> Answer
}

/// Whether an operation changes anything.
package enum OperationEffect: Sendable {
    case reads
    case changes

    /// The HTTP method.
    package var method: String {
        switch self {
        case .reads: "GET"
        case .changes: "POST"
        }
    }
}

/// An operation without parameters.
package struct NoParameters: Codable, Sendable {
    package init() {}
}

extension ControlOperation {
    /// Carries it out with parameters as they came over HTTP.
    /// - Throws: `invalidParameter` where one is missing, unknown, or has a wrong form.
    static func run(parameters: [String: String], on program: Operations, via caller: String) async throws(OperationError) -> Answer {
        try await run(try ParameterCoder.decode(Request.self, from: parameters), on: program, via: caller)
    }

    /// Path and query of a request, without `/-/`.
    package static func address(_ request: Request) -> String {
        var rest = ParameterCoder.encode(request)
        let parts = path.split(separator: "/").map { part in
            guard part.hasPrefix("{"), part.hasSuffix("}") else { return String(part) }
            return ParameterCoder.escaped(rest.removeValue(forKey: String(part.dropFirst().dropLast())) ?? "")
        }
        let query = rest.sorted { $0.key < $1.key }.map { "\($0.key)=\(ParameterCoder.escaped($0.value))" }
        return parts.joined(separator: "/") + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }
}
