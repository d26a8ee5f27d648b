import Config
import Foundation
import Front
import HTTPClient
import Jobs
import Settings
import TestSupport
import Testing

/// What is read below `control`, and of a file with mistakes.
@Suite("control in a configuration")
struct ControlKeysTests {
    private static let catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })
    private static let token = "0123456789abcdef"

    private func read(_ text: String, _ environment: [String: String] = [:]) throws -> Configuration {
        try ConfigurationReader(catalog: ControlKeysTests.catalog, environment: environment).read("version: 1\n\(text)\njobs: {}\n", file: "c")
    }

    @Test("the token comes from a secret, and is one of the values that are never shown")
    func token() throws {
        let found = try read("secrets: [T]\ncontrol: { token: \"${T}\" }", ["T": ControlKeysTests.token])
        #expect(found.control.token == Secret(ControlKeysTests.token) && found.secretValues == [ControlKeysTests.token] && found.warnings.isEmpty)
        #expect(try read("").control.token == nil)
        // A secret that is not set leaves the page without logins.
        #expect(try read("secrets: [T]\ncontrol: { token: \"${T}\" }").control.token == nil)
    }

    @Test("a token that could be guessed is not used")
    func short() throws {
        let found = try read("secrets: [T]\ncontrol: { token: \"${T}\" }", ["T": "0123456789abcde"])
        #expect(found.control.token == nil && found.secretValues == ["0123456789abcde"])
        let warning = try #require(found.warnings.first?.description)
        #expect(warning.contains("has 15 characters and is not used") && !warning.contains("0123456789abcde"), "\(warning)")
        #expect(try read("control: { token: \(ControlKeysTests.token) }").warnings.first?.description.contains("is in the file itself") == true)
    }

    @Test("of a file with mistakes the port, the token and the state folder are left, and nothing that runs")
    func held() throws {
        let text = """
            version: 1
            state: /tmp/x
            secrets: [T]
            control: { token: "${T}" }
            front: { listen: 8123, upstream: nobody, frame_ancestors: [self] }
            nonsense: [
            """
        let whole = text.replacing("nonsense: [", with: "jobs: { a: { type: comand } }\n")
        let held = try #require(HeldConfiguration.read(whole, file: "c", environment: ["T": ControlKeysTests.token]))
        #expect(held.front?.listen == [.init(port: 8123)] && held.front?.upstream == nil && held.front?.frameAncestors == ["'self'"])
        #expect(held.stateFolder == "/tmp/x" && held.control.token == Secret(ControlKeysTests.token) && held.jobs.isEmpty)
        #expect(held.secrets == ["T"] && held.secretValues == [ControlKeysTests.token])
        #expect(HeldConfiguration.read(text, file: "c", environment: [:]) == nil, "not YAML")
        #expect(HeldConfiguration.read("version: 1\njobs: {}", file: "c", environment: [:]) == nil, "no port")
    }
}
