import Config
import Foundation
import HTTPClient
import JobKit
import Jobs
import Platforms
import Recipes
import Scheduler
import Settings
import TestSupport
import Testing

@Suite("recipes")
struct RecipeTests {
    /// All that any recipe's configuration reads from the environment.
    private static let environment = [
        "HF_DATASET": "a/b", "HF_TOKEN": "hf_x", "BACKUP_REGION": "cn-hangzhou", "BACKUP_BUCKET": "my-backups", "BACKUP_ENDPOINT": "https://s3.example.com",
        "OSS_ACCESS_KEY_ID": "i", "OSS_ACCESS_KEY_SECRET": "s", "AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": "s", "OPENCLAW_GATEWAY_TOKEN": "t",
        "MINIMAX_API_KEY": "k", "N8N_ENCRYPTION_KEY": "e", "HOME": "/root", "RESTIC_PASSWORD": "p",
    ]

    /// The environment of a container on that platform.
    private static func environment(on platform: Hosting) -> [String: String] {
        environment.merging(Platform([Platform.kindVariable: platform.kind.rawValue]).variables) { own, _ in own }
    }

    /// Every app, platform and place of backups.
    private static let all = App.all.flatMap { app in
        Hosting.allCases.flatMap { platform in BackupStore.allCases.map { (app, platform, $0) } }
    }

    /// The types that are compiled in, and those of the plug-ins that recipes use, whose settings the program's own tests look at.
    private static let catalog: JobCatalog = {
        var catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })
        for name in ["openclaw-devices", "notify"] {
            catalog.add(
                JobCatalog.Entry(
                    typeName: name, about: name, isService: false, usualTimeout: nil, canDryRun: false, shapes: { [] },
                    decode: { reader in
                        for key in ["program", "url", "body", "headers"] { _ = reader.node(SettingShape(key, key, .anything)) }
                        return .job(ScriptedJob { _ in RunReport(summary: "") })
                    }))
        }
        return catalog
    }()

    @Test("each type of repository can be chosen, and nothing else")
    func stores() {
        #expect(Set(BackupStore.allCases.map(\.rawValue)) == Set(RecipeTests.catalog.repositories.keys))
    }

    @Test("each is read without a problem, declares what it reads, and names what must be set")
    func valid() throws {
        for (app, platform, store) in RecipeTests.all {
            let recipe = Recipe(app: app, platform: platform, store: store, version: "1.2.3")
            let name = "\(app.name) on \(platform.rawValue) with \(store.rawValue)"
            let text = try #require(recipe.files.first { $0.path == "shipkeeper.yaml" }).text
            #expect(!text.contains("{secrets}") && !text.contains("{repositories}"), "\(name)")
            do {
                let configuration = try ConfigurationReader(catalog: RecipeTests.catalog, environment: RecipeTests.environment(on: platform)).read(
                    text, file: name)
                #expect(configuration.warnings.isEmpty, "\(configuration.warnings.map(\.description))")
                #expect(
                    configuration.jobs.contains { $0.definition.typeName == "restore" } && configuration.jobs.contains { $0.definition.typeName == "backup" })
            } catch {
                Issue.record("\(name): \(error.problems.map(\.description))")
            }
            let (variables, secrets) = recipe.mustBeSet
            for variable in variables + secrets { #expect(text.contains(variable), "\(name) says to set \(variable), and reads no such thing") }
            #expect(Set(recipe.files.map(\.path)).count == recipe.files.count && recipe.files.allSatisfy { !$0.text.isEmpty && !$0.path.contains("..") })
            #expect(recipe.files.contains { $0.path == "Dockerfile" } && !recipe.nextSteps.isEmpty)
            for step in recipe.nextSteps { #expect(!step.contains("\n"), "\(step)") }
            for name in variables + secrets where platform != .fly || secrets.contains(name) {
                #expect(recipe.nextSteps.contains { $0.contains(name) } || platform == .render, "\(name) is in no step of \(recipe.nextSteps)")
            }
        }
    }

    @Test("backups are restic's, with a password that each platform's list of secrets names and that is to be kept elsewhere; archives have none")
    func formats() throws {
        for (app, platform, store) in RecipeTests.all {
            let usual = Recipe(app: app, platform: platform, store: store, version: "1")
            let name = "\(app.name) on \(platform.rawValue) with \(store.rawValue)"
            #expect(usual.files == Recipe(app: app, platform: platform, store: store, format: .restic, version: "1").files)
            #expect(usual.mustBeSet.secrets.contains("RESTIC_PASSWORD"), "\(name)")
            let text = try #require(usual.files.first { $0.path == "shipkeeper.yaml" }).text
            #expect(
                text.contains("    format: restic\n    password: \"${RESTIC_PASSWORD}\"\n") && text.contains("without it, backups can't be read"), "\(name)")
            #expect(usual.nextSteps.contains { $0.contains("RESTIC_PASSWORD") && $0.contains("without it, backups can't be read") }, "\(name)")
            let archive = Recipe(app: app, platform: platform, store: store, format: .archive, version: "1")
            for file in archive.files { #expect(!file.text.contains("RESTIC") && !file.text.contains("restic"), "\(name): \(file.path)") }
            let configuration = try ConfigurationReader(catalog: RecipeTests.catalog, environment: RecipeTests.environment(on: platform)).read(
                try #require(archive.files.first { $0.path == "shipkeeper.yaml" }).text, file: name)
            #expect(configuration.warnings.isEmpty, "\(configuration.warnings.map(\.description))")
            #expect(RecipeMark(in: text)?.options.contains("restic") == true)
        }
        let render = Recipe(app: App.all[0], platform: .render, store: nil, version: "1")
        #expect(render.files.contains { $0.text.contains("- { key: RESTIC_PASSWORD, generateValue: true }") })
    }

    @Test("what suits the platform is taken where no place of backups is named")
    func usual() {
        for platform in Hosting.allCases {
            let recipe = Recipe(app: App.all[0], platform: platform, store: nil, version: "")
            #expect(BackupStore.allCases.contains { Recipe(app: App.all[0], platform: platform, store: $0, version: "").files == recipe.files })
        }
    }

    @Test("every file ends in one line break, has no blanks at ends of lines and no tabs, and says what wrote it")
    func form() throws {
        for (app, platform, store) in RecipeTests.all {
            for language in Language.allCases {
                let recipe = Recipe(app: app, platform: platform, store: store, language: language, version: "1.2.3")
                for file in recipe.files {
                    let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
                    #expect(lines.last?.isEmpty == true && lines.dropLast().last?.isEmpty == false, "\(file.path) of \(app.name)")
                    #expect(!lines.contains { $0.hasSuffix(" ") || $0.contains("\t") }, "\(file.path) of \(app.name)")
                    #expect(!file.text.contains("\n\n\n"), "\(file.path) of \(app.name)")
                    guard file.kind == .whole, ![".json", ".md"].contains(where: { file.path.hasSuffix($0) }) else { continue }
                    let mark = try #require(RecipeMark(in: file.text), "\(file.path)")
                    #expect(mark.version == "1.2.3" && mark.options.prefix(4) == ["--platform", platform.rawValue, "--app", app.name])
                }
            }
        }
    }

    @Test("in Chinese every comment is Chinese, settings and commands apart, and nothing else differs")
    func chinese() {
        let command = /\ +(MINIMAX_API_KEY|docker build .*|docker compose .*|RUN .*)/
        let setting = /\ +([A-Z_]+ ?=.*|- \{.*|[\ a-zA-Z]+:.*)/
        for (app, platform, store) in RecipeTests.all {
            let english = Recipe(app: app, platform: platform, store: store, language: .en, version: "1").files
            let chinese = Recipe(app: app, platform: platform, store: store, language: .zh, version: "1").files
            #expect(english.map(\.path) == chinese.map(\.path))
            for (here, there) in zip(english, chinese) where !here.path.hasSuffix(".md") {
                let (left, right) = (here.text.split(separator: "\n"), there.text.split(separator: "\n"))
                #expect(left.count == right.count, "\(here.path)")
                for (line, other) in zip(left, right) where !line.hasPrefix("# written by") {
                    guard let comment = other.firstMatch(of: /(^|\s)#(.*)$/) else {
                        #expect(line == other)
                        continue
                    }
                    #expect(line.hasPrefix(other[..<comment.range.lowerBound]), "\(other)")
                    if comment.2.isEmpty { continue }
                    let isForAll = comment.2.wholeMatch(of: command) != nil || comment.2.wholeMatch(of: setting) != nil
                    #expect(isForAll || comment.2.contains { ("\u{4e00}"..."\u{9fff}").contains($0) }, "no Chinese for: \(line)")
                }
            }
        }
    }

    @Test(
        "a program's line is a list of words, or the shell's where only a shell understands it",
        arguments: [
            ("node server.js", "command: [node, server.js]"), ("./start --port=80 true", "command: [./start, \"--port=80\", \"true\"]"),
            ("python3 -m app 1e3", "command: [python3, -m, app, \"1e3\"]"), ("cd web && npm start", "shell: 'cd web && npm start'"),
            ("A=1 node x", "shell: 'A=1 node x'"), ("echo \"${HOME}\" it's", "shell: 'echo \"$${HOME}\" it''s'"),
        ])
    func programs(command: String, line: String) throws {
        let recipe = Recipe(
            app: App.command(AppProgram(command: command, port: 3000, health: "healthz")), platform: .railway, store: .folder, version: "1")
        let text = try #require(recipe.files.first { $0.path == "shipkeeper.yaml" }).text
        #expect(text.contains("      \(line)\n") && text.contains("http://127.0.0.1:3000/healthz"), "\(text)")
        let configuration = try ConfigurationReader(catalog: RecipeTests.catalog, environment: RecipeTests.environment(on: .railway)).read(text, file: "x")
        #expect(configuration.jobs.count == 5)
        let mark = try #require(RecipeMark(in: text))
        #expect(mark.options.suffix(6) == ["--command", command, "--port", "3000", "--health", "/healthz"])
    }

    @Test("without a program a page is shown, and nothing serves the data")
    func placeholder() throws {
        let text = try #require(Recipe(app: App.command(nil), platform: .render, store: nil, version: "1").files.first { $0.path == "shipkeeper.yaml" }).text
        let app = try #require(text.components(separatedBy: "\n  app:").last?.components(separatedBy: "\n  backup:").first)
        #expect(!app.contains("APP_FOLDER") && !app.contains("/data"), "\(app)")
    }

    @Test("lines are added to a file that holds others, once, and values of the user's own stay")
    func lines() throws {
        let recipe = Recipe(app: App.command(nil), platform: .compose, store: nil, version: "1")
        let env = try #require(recipe.files.first { $0.path == ".env" })
        #expect(env.kind == .lines && env.text(over: nil).contains("SHIPKEEPER_IMAGE=shipkeeper:slim\n"))
        #expect(env.text(over: "A=b") == "A=b\nSHIPKEEPER_IMAGE=shipkeeper:slim\n")
        #expect(env.text(over: "SHIPKEEPER_IMAGE=mine\r\nA=b") == "SHIPKEEPER_IMAGE=mine\r\nA=b")
        let ignore = try #require(recipe.files.first { $0.path == ".gitignore" })
        let once = ignore.text(over: "node_modules\n.env\n")
        let windows = "node_modules\r\n.env\r\napp.env\r\n"
        #expect(ignore.text(over: windows) == windows)
        #expect(once == "node_modules\n.env\napp.env\n" && ignore.text(over: once) == once)
        for file in recipe.files where file.kind == .whole { #expect(file.text(over: "mine") == file.text) }
    }

    @Test("what is in the folder tells the platform, the app and the port")
    func detection() {
        let space = Detection(["README.md": "---\r\nsdk: docker\r\napp_port: 3000\r\n---\r\n# x", "Dockerfile": "FROM node"])
        #expect(space.platform == .huggingface && space.sign == "README.md" && space.port == 3000 && space.app == nil)
        #expect(Detection(["README.md": "# a page\n---\nsdk: x\n---"]).platform == nil && Detection(["README.md": "---\nsdk: x"]).platform == nil)
        for (file, platform): (String, Hosting) in [
            ("compose.yml", .compose), ("docker-compose.yaml", .compose), ("fly.toml", .fly), ("render.yaml", .render), ("railway.json", .railway),
            ("ms_deploy.json", .modelscope),
        ] { #expect(Detection([file: "x: N8N"]) == Detection([file: "n8n"]) && Detection([file: "n8n"]).platform == platform) }
        #expect(Detection(["Dockerfile": "FROM louislam/Uptime-Kuma:2"]).app == "uptime-kuma" && Detection([:]) == Detection(["README.md": ""]))
    }

    @Test("a difference leads from the one text to the other", arguments: 0..<200)
    func difference(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let old = (0..<Int.random(in: 0...40, using: &random)).map { _ in "line \(Int.random(in: 0..<30, using: &random))" }
        var new = old
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            if new.isEmpty || random.chance(50) {
                new.insert("new \(Int.random(in: 0..<9, using: &random))", at: Int.random(in: 0...new.count, using: &random))
            } else {
                new.remove(at: Int.random(in: 0..<new.count, using: &random))
            }
        }
        func text(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }
        let difference = LineDifference.lines("x", from: text(old), to: text(new))
        #expect(difference.isEmpty == (old == new), "seed \(seed)")
        var (result, at) = ([String](), 0)
        for line in difference.dropFirst(2) {
            if let hunk = line.wholeMatch(of: /@@ -(\d+),(\d+) \+(\d+),(\d+) @@/) {
                let (first, count) = (try #require(Int(hunk.1)), try #require(Int(hunk.2)))
                let start = count == 0 ? first : first - 1
                result += old[at..<start]
                at = start
                #expect(result.count == (hunk.4 == "0" ? Int(hunk.3) : Int(hunk.3).map { $0 - 1 }), "seed \(seed): \(line)")
            } else if line.hasPrefix("+") {
                result.append(String(line.dropFirst()))
            } else {
                try #require(at < old.count && old[at] == line.dropFirst(), "seed \(seed): \(line)")
                if line.hasPrefix(" ") { result.append(old[at]) }
                at += 1
            }
        }
        #expect(result + old[at...] == new, "seed \(seed)")
    }
}
