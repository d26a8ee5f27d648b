import Config
import Foundation
import HTTPClient
import JobKit
import Jobs
import Settings
import Testing

/// A secret in a wrong place is a mistake like any other, and its value stays out of the words about it.
@Suite("secrets in wrong places")
struct SecretMistakeTests {
    private static let catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })

    private static func command(_ keys: String) -> String { "jobs: { a: { type: command, \(keys), with: { shell: x } } }" }

    @Test(
        "no mistake shows a declared secret",
        arguments: [
            "timezone: @", "stop_budget: @", "max_parallel: @", "repositories: { main: { type: @ } }", "repositories: { main: { type: folder, path: @ } }",
            "jobs: { a: { type: @ } }", "jobs: { a: { type: restore, with: { repository: @ } } }",
            "jobs: { a: { type: backup, with: { paths: @, base: /data, repository: x } } }",
        ] + ["needs: @", "secrets: @", "on: { cron: @ }", "on: { watch: @ }", "on: { after: @ }", "on: { every: @ }", "retry: { on: @ }"].map(command))
    func hidden(line: String) {
        let text = "version: 1\nsecrets: [TOKEN]\n\(line.replacing("@", with: "\"${TOKEN}\""))\n" + (line.hasPrefix("jobs") ? "" : "jobs: {}\n")
        for value in ["hunter2/!", "1h30"] {
            let reader = ConfigurationReader(catalog: SecretMistakeTests.catalog, environment: ["TOKEN": value])
            let error = #expect(throws: ConfigurationError.self) { try reader.read(text, file: "c.yaml") }
            let words = error?.problems.map(\.description) ?? []
            #expect(!words.isEmpty && words.allSatisfy { !$0.contains(value) }, "\(words)")
        }
    }
}
