import Foundation
import TestSupport
import Testing

/// The settings job, seen from outside: the file, the words, the exit code.
@Suite("settings of an app", .waiting, .serialized)
struct SettingsTests {
    private final class World: Sendable {
        let folder: TemporaryFolder
        let program: RunningProgram

        init(_ account: Account, with: String, secrets: String = "", environment: [String: String] = [:]) throws {
            folder = TemporaryFolder(for: account, isOwn: true)
            let configuration = """
                version: 1
                state: \(folder["state"])
                \(secrets)
                jobs:
                  settings:
                    type: json-merge
                    with:
                      file: \(folder["app/app.json"])
                \(with.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n"))
                """
            program = try RunningProgram(configuration, in: folder, environment: environment)
            guard try program.answers() else { throw NotStarted(log: program.log) }
        }

        struct NotStarted: Error { var log: String }

        func run() throws -> Shell.Result { try program.ask("start settings --wait") }
        var text: String { folder.read("app/app.json") ?? "" }
    }

    private static let origins = """
        merge: { gateway: { port: 18789, mode: local, auth: { mode: token }, old: null }, name: "007" }
        union: { gateway.controlUi.allowedOrigins: ["https://a.example"] }
        """

    @Test("puts keys in, keeps the rest with its comments, mode and owner, names keys and never values", .limited, arguments: Account.allCases)
    func wholeRound(account: Account) throws {
        let world = try World(account, with: SettingsTests.origins)
        let first = try world.run()
        #expect(first.status == 0 && first.output.contains("3 keys changed"), "\(first)")
        #expect(try Shell.run("stat -c '%a' app app/app.json", folder: world.folder.path).output == "700\n600\n")
        #expect(
            try Shell.run("jq -c . app/app.json", folder: world.folder.path).output
                == #"{"gateway":{"port":18789,"mode":"local","auth":{"mode":"token"},"controlUi":{"allowedOrigins":["https://a.example"]}},"name":"007"}"#
                + "\n")
        #expect(try world.run().output.contains("is as it should be"))

        try world.folder.write(
            "app/app.json",
            "{\n  // mine\n  gateway: { port: 1, old: true, controlUi: { allowedOrigins: ['https://b.example'] } },\n  secretValue: 'hush-hush',\n}\n")
        try world.folder.run("chmod 640 app/app.json; ln app/app.json before")
        if account == .root { try world.folder.run("chown 1234:4321 app/app.json") }
        let dry = try world.program.ask("start settings --dry-run")
        #expect(dry.output.contains("dry run: 6 keys to change"), "\(dry)")
        #expect(world.text.contains("port: 1,"))
        let second = try world.run()
        #expect(second.output.contains("6 keys changed"), "\(second)")
        #expect(
            world.text == """
                {
                  // mine
                  gateway: { port: 18789, controlUi: { allowedOrigins: ['https://b.example', "https://a.example"] }, "mode": "local", "auth": {"mode": "token"} },
                  secretValue: 'hush-hush',
                  "name": "007",
                }

                """, "\(world.text)")
        #expect(
            try Shell.run("stat -c '%a %u:%g' app/app.json; stat -c %h before", folder: world.folder.path).output
                == "640 \(account == .root ? "1234:4321" : account.isOther ? "1000:1000" : "\(getuid()):\(getgid())")\n1\n")
        let log = try world.program.ask("logs settings").output
        #expect(
            log.contains("changed gateway.port") && log.contains("removed gateway.old") && log.contains("changed gateway.controlUi.allowedOrigins"), "\(log)")
        #expect(!log.contains("18789") && !log.contains("a.example"))
        #expect(try Shell.run("ls -A app", folder: world.folder.path).output == "app.json\n")
    }

    @Test("a file that can't be read is kept aside, and its newest copy takes its place", .limited, arguments: Account.allCases)
    func broken(account: Account) throws {
        let world = try World(account, with: SettingsTests.origins)
        try world.folder.write("app/app.json", "{ gateway: \n")
        try world.folder.write("app/app.json.bak.1", "{ \"kept\": \"old\" }")
        try world.folder.write("app/app.json.bak", "{ \"kept\": \"newest\" }")
        try world.folder.write("app/app.json.bak.2", "{ nonsense")
        _ = try Shell.run("touch -d '2020-01-01' app/app.json.bak.1", folder: world.folder.path)
        let run = try world.run()
        #expect(
            run.status == 0 && run.output.contains("could not be read") && run.output.contains("app.json:2:1:") && run.output.contains("app.json.bak"), "\(run)"
        )
        #expect(try Shell.run("jq -r .kept app/app.json; cat app/app.json.broken-*", folder: world.folder.path).output == "newest\n{ gateway: \n")
        // Without a copy it begins anew.
        try world.folder.run("rm app/*; printf '{' > app/app.json")
        #expect(try world.run().output.contains("began with an empty file"))
        #expect(try Shell.run("jq -r .gateway.mode app/app.json", folder: world.folder.path).output == "local\n")
        // A file that was cut when the disk was full is empty, and no reason to hold the app back.
        for text in ["", " \n"] {
            try world.folder.write("app/app.json", text)
            #expect(try world.run().output.contains("keys changed"))
            #expect(try Shell.run("jq -r .gateway.mode app/app.json", folder: world.folder.path).output == "local\n")
        }
        // What it holds is nobody's business.
        try world.folder.write("app/app.json", "{ \"botToken\": 123456AAHsecret }")
        #expect(try world.run().output.contains("this is not a value"))
        #expect(!world.program.log.contains("AAHsecret"))
        // What is no group of keys is nobody's settings.
        try world.folder.write("app/app.json", "[1]")
        let list = try world.run()
        #expect(list.status == 1 && list.errors.contains("holds no group of keys"), "\(list)")
        try world.folder.write("app/app.json", "{gateway: {controlUi: {allowedOrigins: 'https://b.example'}}}")
        let origins = try world.run()
        #expect(origins.status == 1 && origins.errors.contains("gateway.controlUi.allowedOrigins in") && origins.errors.contains("is not a list"), "\(origins)")
    }

    @Test(
        "null takes away at any depth, also with a validator; a variable that is not set takes nothing", .limited, arguments: Account.allCases)
    func takenAway(account: Account) throws {
        let world = try World(
            account,
            with: """
                merge:
                  b: null
                  c: { d: null, e: x, keep: null }
                  f: 1
                  g: 2
                validate: { shell: 'grep -q g "$SHIPKEEPER_FILE" && exit 1 || exit 0' }
                """)
        try world.folder.write("app/app.json", "{\"a\": 1, \"b\": 2, \"c\": {\"d\": 3, \"keep\": 4}}")
        let run = try world.run()
        #expect(run.output.contains("rejected and left out: g"), "\(run)")
        #expect(try Shell.run("jq -c . app/app.json", folder: world.folder.path).output == "{\"a\":1,\"c\":{\"e\":\"x\"},\"f\":1}\n", "\(world.text)")
        let mine = try World(account, with: "merge:\n  k: ${NOT_SET_HERE:-}\n  g: { x: 1 }\n  h:\n    i: ${NOT_SET_HERE:-}")
        try mine.folder.write("app/app.json", "{\"k\": \"mine\", \"h\": {\"i\": \"mine too\"}}")
        _ = try mine.run()
        #expect(
            try Shell.run("jq -c . app/app.json", folder: mine.folder.path).output == "{\"k\":\"mine\",\"h\":{\"i\":\"mine too\"},\"g\":{\"x\":1}}\n",
            "\(mine.text)")
    }

    /// Accepts a file unless it has one of the keys in REJECTED, each a path; says which when TALKS is set.
    private static let validator = """
        import json, os, sys
        tree = json.load(open(sys.argv[1]))
        bad = []
        for path in os.environ.get('REJECTED', '').split():
            node = tree
            for name in path.split('.'):
                node = node.get(name) if isinstance(node, dict) else None
            if node is not None: bad.append(path)
        cloud = tree.get('models', {}).get('cloud')
        if cloud is not None and 'url' not in cloud: bad.append('models.cloud.url is required')
        open(os.environ['COUNT'], 'a').write('x')
        if bad and os.environ.get('TALKS'): print('invalid config: ' + '; '.join(b + ': Unrecognized key' for b in bad), file=sys.stderr)
        sys.exit(1 if bad else 0)
        """

    @Test(
        "what a validator rejects is left out, and all else goes in", .limited,
        arguments: [
            ("gateway.new", "", "gateway.new"), ("gateway.new", "yes", "gateway.new"),
            ("models.cloud.extra gateway.new", "", "gateway.new, models.cloud.extra"),
            ("models.cloud.extra gateway.new tools.a", "yes", "gateway.new, models.cloud.extra, tools.a"), ("models.cloud tools", "", "models.cloud, tools"),
            ("", "", ""),
        ], Account.allCases)
    func rejected(_ what: (rejected: String, talks: String, dropped: String), account: Account) throws {
        let (rejected, talks, dropped) = what
        let script = TemporaryFolder(for: account, isOwn: true)
        try script.write("validate.py", SettingsTests.validator)
        let world = try World(
            account,
            with: """
                merge: { gateway: { mode: local, new: 1, port: 2 }, models: { mode: merge, cloud: { url: u, key: k, extra: 1 } }, tools: { a: 1 } }
                validate: { command: [python3, "\(script["validate.py"])", "{file}"], env: { REJECTED: "\(rejected)", TALKS: "\(talks)", COUNT: "\(script["count"])" } }
                """)
        let run = try world.run()
        #expect(run.status == 0, "\(run)")
        if dropped.isEmpty { #expect(!run.output.contains("rejected")) }
        for path in dropped.split(separator: ", ") { #expect(run.output.contains(path), "\(run.output)") }
        var expected = [
            ".gateway.mode": "local", ".gateway.port": "2", ".models.mode": "merge", ".gateway.new": "1", ".models.cloud.url": "u", ".models.cloud.extra": "1",
            ".tools.a": "1",
        ]
        for path in rejected.split(separator: " ") {
            for key in expected.keys where key == ".\(path)" || key.hasPrefix(".\(path).") { expected[key] = "null" }
        }
        for (key, value) in expected {
            #expect(try Shell.run("jq -r '\(key)' app/app.json", folder: world.folder.path).output == value + "\n", "\(key) with \(rejected): \(world.text)")
        }
        let looks = script.read("count")?.count ?? 0
        #expect(looks <= (talks.isEmpty ? 30 : 2), "\(looks) looks")
        #expect(try Shell.run("ls -A app", folder: world.folder.path).output == "app.json\n")
    }

    @Test("a pointer names what is meant, and a word in a sentence is none", .limited, arguments: Account.allCases)
    func named(account: Account) throws {
        let count = TemporaryFolder(for: account, isOwn: true)
        let world = try World(
            account,
            with: """
                merge: { gateway: { mode: local, terminal: { enabled: false } } }
                validate: { shell: 'echo x >> \(count["looks"]); grep -q terminal "$SHIPKEEPER_FILE" || exit 0; echo "the gateway says: /gateway/terminal must NOT have additional properties"; exit 1' }
                """)
        let run = try world.run()
        #expect(run.output.contains("rejected and left out: gateway.terminal"), "\(run)")
        #expect(try Shell.run("jq -c . app/app.json", folder: world.folder.path).output == "{\"gateway\":{\"mode\":\"local\"}}\n", "\(world.text)")
        #expect(count.read("looks")?.count == 4, "two looks are enough")
    }

    @Test("a validator that can't judge holds nothing up, and its mistakes are named", .limited, arguments: Account.allCases)
    func noVerdict(account: Account) throws {
        let world = try World(account, with: "merge: { a: 1 }\nvalidate: { command: [no-such-validator] }")
        let run = try world.run()
        #expect(run.status == 0 && run.output.contains("not validated: no-such-validator is not on PATH"), "\(run)")
        #expect(try Shell.run("jq .a app/app.json", folder: world.folder.path).output == "1\n")
        let slow = try World(account, with: "merge: { a: 1 }\nvalidate: { shell: 'sleep 60', timeout: 1s }")
        #expect(try slow.run().output.contains("did not end within 1s"))
        let hopeless = try World(account, with: "merge: { a: 1 }\nvalidate: { shell: 'echo sorry; exit 1' }")
        let words = try hopeless.run()
        #expect(words.status == 0 && words.output.contains("the validator does not accept it, and did not before"), "\(words)")
        try world.folder.run("mkdir -p x")
        let check = try Shell.run(
            "printf 'version: 1\\njobs:\\n  s:\\n    type: json-merge\\n    with:\\n      file: rel\\n      merge: [1]\\n      union: { a..b: [1], c: 2 }\\n      validate: {}\\n' > x/c.yaml; '\(SourceTree.program)' check --config x/c.yaml",
            folder: world.folder.path)
        #expect(check.status == 78)
        for words in ["x/c.yaml:6:13: error", "x/c.yaml:7:14: error", "\"a..b\" is not a path", "takes a list, not \"2\"", "command\" is missing"] {
            #expect((check.output + check.errors).contains(words), "\(words) in \(check.output)\(check.errors)")
        }
    }
}
