import Foundation
package import HTTPClient

/// A stand-in for a service, run from a script in `Tests/TestSupport` for as long as this lives.
package final class StandIn: Sendable {
    package let folder = TemporaryFolder()
    package let endpoint: String
    package let http = CurlClient()
    private let process: Int32

    /// - Parameter script: Its path below `Tests/TestSupport`; it writes its port to a file of that name in the folder it is given.
    package init(_ script: String) throws {
        let program = Process()
        program.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        program.arguments = [Shell.python, SourceTree.root + "/Tests/TestSupport/" + script, folder.path]
        program.standardInput = FileHandle.nullDevice
        try program.run()
        process = program.processIdentifier
        guard try RunningProgram.until("test -f '\(folder["port"])'", isOver: { !program.isRunning }), let port = folder.read("port") else {
            kill(process, SIGKILL)
            throw POSIXError(.ETIMEDOUT)
        }
        endpoint = "http://127.0.0.1:\(port)"
    }

    deinit {
        kill(process, SIGKILL)
        http.close()
    }

    /// Tells the stand-in something; its script lists what it understands.
    @discardableResult
    package func tell(_ what: String, _ json: String = "{}") async throws -> [UInt8] {
        try await http.send(HTTPRequest("POST", "\(endpoint)/_stub/\(what)", body: .bytes(Array(json.utf8)), timeout: .seconds(60))).body
    }

    package func ask<Answer: Decodable>(_ what: String, as kind: Answer.Type) async throws -> Answer {
        let answer = try await http.send(HTTPRequest("GET", "\(endpoint)/_stub/\(what)"))
        return try JSONDecoder().decode(kind, from: Data(answer.body))
    }
}
