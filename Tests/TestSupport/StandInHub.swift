import Foundation
package import HTTPClient

/// A stand-in for the Hugging Face Hub on this machine, with faults by request. See `StandInHub/hub.py`.
package final class StandInHub: Sendable {
    package static let writeToken = "hf_write_token_for_tests"
    package static let readToken = "hf_read_token_for_tests"
    package static let otherToken = "hf_other_token_for_tests"

    package let folder = TemporaryFolder()
    package let endpoint: String
    package let http = CurlClient()
    private let process: Int32

    package init() throws {
        let program = Process()
        program.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        program.arguments = [Shell.python, SourceTree.root + "/Tests/TestSupport/StandInHub/hub.py", folder.path]
        program.standardInput = FileHandle.nullDevice
        try program.run()
        process = program.processIdentifier
        guard try RunningProgram.until("test -f '\(folder["port"])'"), let port = folder.read("port") else {
            kill(process, SIGKILL)
            throw POSIXError(.ETIMEDOUT)
        }
        endpoint = "http://127.0.0.1:\(port)"
    }

    deinit {
        kill(process, SIGKILL)
        http.close()
    }

    /// A request that the Hub got.
    package struct Entry: Decodable, Sendable {
        package var n: Int
        package var host: String
        package var method: String
        package var path: String
        package var auth: String?
        package var fault: String?
        package var range: String?
        package var bytes: Int64
        package var status: Int?
    }

    /// Tells the stand-in something; see the list in `hub.py`.
    @discardableResult
    package func tell(_ what: String, _ json: String = "{}") async throws -> [UInt8] {
        try await http.send(HTTPRequest("POST", "\(endpoint)/_stub/\(what)", body: .bytes(Array(json.utf8)), timeout: .seconds(60))).body
    }

    /// Every request since the faults were last set.
    package func log() async throws -> [Entry] {
        let answer = try await http.send(HTTPRequest("GET", "\(endpoint)/_stub/log"))
        return try JSONDecoder().decode([Entry].self, from: Data(answer.body))
    }

    /// Makes a dataset.
    package func create(_ dataset: String = "alice/backup", isPrivate: Bool = true) async throws {
        let name = dataset.split(separator: "/")[1]
        let body = "{\"name\":\"\(name)\",\"type\":\"dataset\",\"visibility\":\"\(isPrivate ? "private" : "public")\"}"
        _ = try await http.send(
            HTTPRequest(
                "POST", endpoint + "/api/repos/create",
                headers: [("Authorization", "Bearer \(StandInHub.writeToken)"), ("Content-Type", "application/json")], body: .bytes(Array(body.utf8))))
    }
}

/// A clock on which no time passes while one sleeps.
package struct ImpatientClock: Clock {
    package typealias Duration = Swift.Duration
    package typealias Instant = ContinuousClock.Instant

    package init() {}
    package var now: ContinuousClock.Instant { ContinuousClock().now }
    package var minimumResolution: Swift.Duration { .zero }
    package func sleep(until deadline: ContinuousClock.Instant, tolerance: Swift.Duration?) async throws { try Task.checkCancellation() }
}
