import JobKit
import TestSupport
import Testing

@Suite("json-merge", .waiting)
struct JSONMergeTests {
    private func job(_ folder: TemporaryFolder, _ with: String) throws -> DeclaredJob {
        try DeclaredJob("type: json-merge\nwith:\n  file: \(folder["app.json"])\n" + with.split(separator: "\n").map { "  \($0)\n" }.joined())
    }

    @Test("what is asked goes in, and all else stays as it stands", .limited)
    func merges() async throws {
        let folder = TemporaryFolder()
        try folder.write("app.json", "{\n  // mine\n  \"a\": 1, \"list\": [1],\n  \"mine\": true\n}\n")
        let job = try job(folder, "merge: { a: 2, b: { c: x }, gone: null }\ndefaults: { a: 9, d: 4 }\nunite: { list: [1, 2] }")
        let dry = try await job.run(isDryRun: true)
        #expect(dry.summary.contains("dry run: 4 keys to change") && folder.read("app.json")?.contains("\"a\": 1,") == true, "\(dry)")
        let report = try await job.run()
        #expect(report.summary.contains("4 keys changed"), "\(report)")
        let text = folder.read("app.json") ?? ""
        #expect(text.contains("// mine") && text.contains("\"mine\": true"), "\(text)")
        #expect(
            try Shell.run("grep -v // app.json | jq -c .", folder: folder.path).output
                == "{\"a\":2,\"list\":[1,2],\"mine\":true,\"b\":{\"c\":\"x\"},\"d\":4}\n", "\(text)")
        #expect(try await job.run().outputs["changed"] == 0)
        #expect(folder.read("app.json") == text)
        #expect(!job.reporter.all.contains("\"x\"") && job.reporter.all.contains("b"), "values are nobody's business: \(job.reporter.all)")
    }

    @Test("what the validator rejects is left out, and a file that can't take it is an error", .limited)
    func validates() async throws {
        let folder = TemporaryFolder()
        try folder.write("app.json", "{}")
        let job = try job(folder, "merge: { good: 1, bad: 2 }\nvalidate: { shell: '! grep -q bad \"$SHIPKEEPER_FILE\"' }")
        let report = try await job.run()
        #expect(report.summary.contains("rejected and left out: bad") && report.outputs["rejected"] == 1, "\(report)")
        #expect(try Shell.run("jq -c . app.json", folder: folder.path).output == "{\"good\":1}\n")
        try folder.write("app.json", "[1]")
        let error = await #expect(throws: JobError.self) { try await job.run() }
        #expect(error?.summary.contains("holds no group of keys") == true, "\(String(describing: error))")
        #expect(folder.read("app.json") == "[1]")
    }

    @Test(
        "the candidate is gone however a run ends, and the file is whole", .limited,
        arguments: [
            ("true", true), ("false", true), ("echo '{\"mine\": 1}' > PATH.new; mv PATH.new PATH", false), ("mkdir -p PATH.x; kill -9 $$", true),
            ("rm \"$SHIPKEEPER_FILE\"; mkdir -p \"$SHIPKEEPER_FILE/x\"", true),
        ])
    func candidate(line: String, isGood: Bool) async throws {
        let folder = TemporaryFolder()
        try folder.write("app.json", "{\"mine\": 0}")
        let job = try job(folder, "merge: { a: 1 }\nvalidate: { shell: '\(line.replacing("PATH", with: folder["app.json"]).replacing("'", with: "''"))' }")
        if isGood { _ = try await job.run() } else { await #expect(throws: JobError.self) { try await job.run() } }
        #expect(try folder.run("rm -rf app.json.x; ls -A").output == "app.json\n")
        #expect(try folder.run("jq -c .mine app.json").output == (isGood ? "0\n" : "1\n"))
    }

    @Test("mistakes are named with their places")
    func mistakes() {
        let problems = DeclaredJob.problems("type: json-merge\nwith:\n  merge: [1]\n  union: { a..b: [1], c: 2 }\n  validate: {}")
        for words in [
            "\"a.with.file\" is missing", "c.yaml:6:14: error: \"a.with.merge\" takes a group of keys", "\"a..b\" is not a path", "takes a list, not \"2\"",
        ] {
            #expect(problems.contains { $0.contains(words) }, "\(words) is not in \(problems)")
        }
    }
}
