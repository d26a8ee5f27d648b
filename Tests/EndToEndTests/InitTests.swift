import Foundation
import TestSupport
import Testing

/// The files that `shipkeeper init` writes.
@Suite("init", .waiting)
struct InitTests {
    private static let platforms = ["huggingface", "modelscope", "railway", "render", "fly", "compose"]
    private static let apps = ["openclaw", "n8n", "uptime-kuma", "command"]
    private static let stores = ["huggingface", "oss", "s3", "folder"]

    @Test("every app on every platform with every store: the configuration is valid, and the platform's file can be read", .timeLimit(.minutes(30)))
    func combinations() throws {
        let folder = TemporaryFolder()
        try folder.write(
            "read.py",
            """
            import sys, json, yaml, tomllib, pathlib
            for path in sys.argv[1:]:
                text = pathlib.Path(path).read_text()
                if path.endswith('.json'): json.loads(text)
                if path.endswith('.yaml') and 'shipkeeper.yaml' not in path: assert yaml.safe_load(text)['services'], path
                if path.endswith('.toml'): assert tomllib.loads(text)['app'], path
                if path.endswith('README.md'): assert yaml.safe_load(text.split('---')[1])['sdk'] == 'docker'
            """)
        let environment = [
            "HF_DATASET": "a/b", "HF_TOKEN": "hf_x", "BACKUP_REGION": "cn-hangzhou", "BACKUP_BUCKET": "my-backups", "BACKUP_ENDPOINT": "https://s3.example.com",
            "OSS_ACCESS_KEY_ID": "i", "OSS_ACCESS_KEY_SECRET": "s", "AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": "s", "OPENCLAW_GATEWAY_TOKEN": "t",
            "MINIMAX_API_KEY": "k", "N8N_ENCRYPTION_KEY": "e", "SHIPKEEPER_PLUGINS": SourceTree.root + "/Plugins", "HOME": "/root",
        ]
        for app in InitTests.apps {
            for platform in InitTests.platforms {
                for store in InitTests.stores {
                    let place = folder["\(app)-\(platform)-\(store)"]
                    let made = try Shell.run("'\(SourceTree.program)' init --app \(app) --platform \(platform) --store \(store) --to '\(place)'")
                    try #require(made.status == 0 && made.output.contains("Then: "), "\(made)")
                    let check = try Shell.run("'\(SourceTree.program)' check --config '\(place)/shipkeeper.yaml'", environment: environment)
                    #expect(check.status == 0 && check.errors.isEmpty, "\(app) on \(platform) with \(store): \(check)")
                    if app != "openclaw" { #expect(!check.output.contains("disabled"), "\(check.output)") }
                }
            }
        }
        let read = try Shell.run("'\(Shell.python)' read.py */*", folder: folder.path)
        #expect(read.status == 0, "\(read.errors)")
    }

    @Test("the example with plug-ins is valid by the schema that names them")
    func schema() throws {
        let folder = TemporaryFolder()
        try folder.write(
            "validate.py",
            """
            import sys, json, yaml, jsonschema
            schema, text = json.load(open(sys.argv[1])), open(sys.argv[2]).read().replace(" on:", " 'on':")
            jsonschema.Draft202012Validator.check_schema(schema)
            jsonschema.validate(yaml.safe_load(text), schema)
            try: jsonschema.validate(yaml.safe_load(text.replace("body:", "bodies:")), schema)
            except jsonschema.ValidationError: sys.exit(0)
            sys.exit("accepted an unknown setting of a plug-in")
            """)
        let example = "\(SourceTree.root)/Examples/openclaw-space/shipkeeper.yaml"
        let line = "'\(SourceTree.program)' schema --config '\(example)' > schema.json && '\(Shell.python)' validate.py schema.json '\(example)'"
        let result = try Shell.run(line, environment: ["SHIPKEEPER_PLUGINS": SourceTree.root + "/Plugins"], folder: folder.path)
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test("nothing is overwritten, and a wrong word is named")
    func refusals() throws {
        let folder = TemporaryFolder()
        try folder.write("here/Dockerfile", "mine")
        let again = try Shell.run("'\(SourceTree.program)' init --platform fly --to here", folder: folder.path)
        #expect(again.status == 1 && again.errors.contains("Dockerfile exists already in here, and nothing was written"), "\(again)")
        #expect(try Shell.run("ls here", folder: folder.path).output == "Dockerfile\n")
        let unknown = try Shell.run("'\(SourceTree.program)' init --platform fly --app wordpress", folder: folder.path)
        #expect(unknown.status == 2 && unknown.errors.contains("known are openclaw, n8n, uptime-kuma, command"), "\(unknown)")
    }

    @Test("the examples are as it writes them", .timeLimit(.minutes(30)))
    func examples() throws {
        let folder = TemporaryFolder()
        let made = try Shell.run(
            "cp -r '\(SourceTree.root)/Examples' Examples && mkdir -p .build/debug && Examples/make '\(SourceTree.program)' && diff -r Examples '\(SourceTree.root)/Examples'",
            folder: folder.path)
        #expect(made.status == 0, "run Examples/make and look at what it changes:\n\(made.output)\(made.errors)")
    }
}
