import Foundation
import HTTPClient
import Jobs
import Settings
import TestSupport
import Testing

@testable import Config

/// What is read below `actions`.
@Suite("actions in a configuration")
struct ActionKeysTests {
    private static let catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })

    private func read(_ text: String, _ environment: [String: String] = [:]) throws -> Configuration {
        try ConfigurationReader(catalog: ActionKeysTests.catalog, environment: environment).read("version: 1\n\(text)\njobs: {}\n", file: "c.yaml")
    }

    private func problems(_ text: String, _ environment: [String: String] = [:]) -> [String] {
        do {
            return try read(text, environment).warnings.map(\.description)
        } catch {
            return (error as? ConfigurationError)?.problems.map(\.description) ?? ["\(error)"]
        }
    }

    @Test("a command with its label, its limits and what it is granted; the order is the file's")
    func whole() throws {
        let text = """
            secrets: [T, U]
            actions:
              zulu: { command: [app, list] }
              approve: { label: Approve a device, argument: Request id, command: ["${APP:-app}", approve], cwd: /srv/, timeout: 90s, secrets: T, env: { A: b, C: } }
            """
        let actions = try read(text, ["T": "a-value"]).actions
        #expect(actions.map(\.name) == ["zulu", "approve"])
        #expect(actions[0].label == "zulu" && actions[0].timeout == .seconds(60) && actions[0].argument == nil && actions[0].missingSecrets.isEmpty)
        let approve = actions[1]
        #expect(approve.label == "Approve a device" && approve.argument == "Request id" && approve.command == ["app", "approve"])
        #expect(approve.folder == "/srv" && approve.timeout == .seconds(90) && approve.secrets == ["T"] && approve.environment == ["A": "b", "C": nil])
        #expect(try read(text).actions[1].missingSecrets == ["T"], "granted, and not set")
        #expect(try read("").actions.isEmpty)
    }

    @Test(
        "a mistake is one sentence with its place and what to write",
        arguments: [
            ("actions: [a]", "c.yaml:2:10: error: \"actions\" takes a group of names"),
            ("actions:\n  a b: { command: [x] }", "c.yaml:3:3: error: \"a b\" is not a valid name of an action"),
            ("actions:\n  a: { label: x }", "c.yaml:3:6: error: \"actions.a.command\" is missing"),
            ("actions:\n  a: { command: rm -rf / }", "c.yaml:3:17: error: \"actions.a.command\" takes a list"),
            ("actions:\n  a: { comand: [x] }", "did you mean \"command\"?"),
            ("actions:\n  a: { command: [x], timeout: 1h }", "c.yaml:3:31: error: \"actions.a.timeout\" is 1h"),
            ("actions:\n  a: { command: [x], secrets: [NOBODY] }", "the secret \"NOBODY\" is not declared"),
            ("actions:\n  a: x", "c.yaml:3:6: error: \"actions.a\" takes a group of keys"),
        ])
    func mistakes(text: String, expected: String) {
        let found = problems(text)
        #expect(found.count { $0.contains("error") } == 1 && found.contains { $0.contains(expected) }, "\(found)")
    }

    @Test("the schema knows the keys, and the resolved file shows their defaults")
    func described() throws {
        let schema = try #require(try JSONSerialization.jsonObject(with: Data(JSONSchema(catalog: ActionKeysTests.catalog).text.utf8)) as? [String: Any])
        let actions = (schema["properties"] as? [String: Any])?["actions"] as? [String: Any]
        let one = actions?["additionalProperties"] as? [String: Any]
        #expect(Set((one?["properties"] as? [String: Any] ?? [:]).keys) == ["command", "label", "argument", "cwd", "timeout", "secrets", "env"])
        #expect(one?["required"] as? [String] == ["command"] && one?["additionalProperties"] as? Bool == false)
        let text = "version: 1\nactions:\n  list: { command: [app, \"${X}\"] }\njobs: {}\n"
        let resolved = ResolvedConfiguration(catalog: ActionKeysTests.catalog, secrets: []).text(of: text, file: "c", environment: ["X": "y"])
        #expect(resolved?.contains("timeout: 1m  # default") == true && resolved?.contains("y") == true, "\(resolved ?? "")")
    }
}
