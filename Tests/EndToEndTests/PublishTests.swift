import Buckets
import Foundation
import HTTPClient
import Storage
import TestSupport
import Testing

/// A folder of files that becomes a website, seen from outside.
@Suite("publishing", .waiting, .serialized)
struct PublishTests {
    private final class World: Sendable {
        let oss: StandInOSS
        let folder = TemporaryFolder()
        let program: RunningProgram

        init(secret: String = StandInOSS.secret, bucket: String = "my-blog", more: String = "") throws {
            oss = try StandInOSS()
            try oss.makeBucket("my-blog")
            let configuration = """
                version: 1
                state: \(folder["state"])
                secrets: [OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET]
                jobs:
                  site:
                    type: publish
                    secrets: [OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET]
                    with:
                      folder: \(folder["public"])
                      to: { type: oss, region: oss-cn-wuhan-lr, bucket: \(bucket), endpoint: "\(oss.endpoint)", grace: 0s\(more) }
                      probe: \(oss.endpoint)/my-blog
                """
            program = try RunningProgram(
                configuration, in: folder, environment: ["OSS_ACCESS_KEY_ID": StandInOSS.keyID, "OSS_ACCESS_KEY_SECRET": secret])
            #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"))
        }

        func publish() throws -> Shell.Result { try program.ask("start site --wait") }

        func site(posts: Int) throws {
            for index in 0..<posts { try folder.write("public/posts/\(index)/index.html", "<h1>post \(index)</h1>") }
            for (name, text) in [
                "index.html": "<h1>home</h1>", "404.html": "not here", "css/style.css": "a{}", "atom.xml": "<feed/>", "文章/你好 世界.html": "hello",
            ] {
                try folder.write("public/\(name)", text)
            }
        }

        func visit(_ path: String) throws -> Shell.Result { try Shell.run("curl -s -w '%{http_code}' '\(oss.endpoint)/my-blog/\(path)'") }
    }

    @Test("a site goes up once, changes go up alone, what is gone goes, and the log proves the order", .limited)
    func wholeRound() async throws {
        let world = try World()
        try world.site(posts: 60)
        try await world.oss.server.tell("faults", "[]")
        let first = try world.publish()
        #expect(first.status == 0 && first.output.contains("65 files uploaded") && first.output.contains("0 unchanged"), "\(first.output)\(first.errors)")
        #expect(try world.visit("posts/7/").output == "<h1>post 7</h1>200")
        #expect(try world.visit("%E6%96%87%E7%AB%A0/%E4%BD%A0%E5%A5%BD%20%E4%B8%96%E7%95%8C.html").output == "hello200")
        let puts = try await world.oss.log().filter { $0.method == "PUT" }
        func end(of isIn: (String) -> Bool) throws -> Double { try #require(puts.filter { isIn($0.key) }.compactMap(\.ended).max()) }
        func start(of isIn: (String) -> Bool) throws -> Double { try #require(puts.filter { isIn($0.key) }.map(\.begun).min()) }
        #expect(try end { $0.hasPrefix("css/") } < start { $0.hasPrefix("posts/") }, "a page was there before its style")
        #expect(try end { $0.hasPrefix("posts/") } < start { $0 == "index.html" }, "the list was there before its pages")

        try await world.oss.server.tell("faults", "[]")
        let second = try world.publish()
        #expect(second.status == 0 && second.output.contains("nothing new, 65 unchanged"), "\(second.output)")
        #expect(try await world.oss.log().filter(\.signed).count == 1, "one listing is enough")

        try world.folder.write("public/posts/7/index.html", "<h1>post seven</h1>")
        _ = try Shell.run("rm public/posts/8/index.html", folder: world.folder.path)
        try await world.oss.server.tell("faults", "[]")
        let third = try world.publish()
        #expect(
            third.output.contains("1 file uploaded") && third.output.contains("64 unchanged".replacing("64", with: "63")) && third.output.contains("1 deleted"),
            "\(third.output)")
        let log = try await world.oss.log()
        let deletion = try #require(log.first { $0.path.contains("?delete") })
        #expect(log.filter { $0.method == "PUT" }.allSatisfy { ($0.ended ?? .infinity) < deletion.begun }, "something was deleted before the last upload")
        #expect(try world.visit("posts/8/").output == "not here404")
        _ = world.program.stop()
    }

    @Test("what fails leaves a site that works, and says what to do", .limited)
    func failures() async throws {
        let wrong = try World(secret: "wrong/secret")
        try wrong.site(posts: 1)
        let refused = try wrong.publish()
        #expect(refused.status == 1 && refused.errors.contains("the secret or the region is wrong") && refused.errors.contains("OSS_ACCESS_KEY_SECRET"))
        #expect(!wrong.program.log.contains("wrong/secret"))
        _ = wrong.program.stop()

        let missing = try World(bucket: "no-such-bucket")
        try missing.site(posts: 1)
        #expect(try missing.publish().errors.contains("there is no bucket no-such-bucket"))
        _ = missing.program.stop()

        let world = try World()
        #expect(try world.publish().errors.contains("does not exist"))
        try world.site(posts: 30)
        #expect(try world.publish().status == 0)
        _ = try Shell.run("rm -rf public && mkdir public", folder: world.folder.path)
        #expect(try world.publish().errors.contains("an empty site is not published"))
        try world.site(posts: 3)
        let guarded = try world.publish()
        #expect(guarded.status == 0 && guarded.output.contains("nothing was deleted: 27 of 35 objects would be deleted"), "\(guarded.output)\(guarded.errors)")
        #expect(try world.visit("posts/20/").output == "<h1>post 20</h1>200", "more went than may")

        try await world.oss.server.tell("config", "{\"fail_share\": 0.05}")
        try world.site(posts: 200)
        #expect(try world.publish().status == 0)
        try await world.oss.server.tell("config", "{\"fail_share\": 0, \"force_download\": true, \"clock_ahead\": 1200}")
        try world.folder.write("public/index.html", "<h1>new</h1>")
        let probed = try world.publish()
        #expect(probed.status == 0 && probed.output.contains("downloaded instead of shown"), "\(probed.output)\(probed.errors)")
        _ = world.program.stop()
    }

    @Test("cut short half way it leaves old and new pages that all work, and goes on from there", .limited)
    func cutShort() async throws {
        let world = try World()
        try world.site(posts: 100)
        try await world.oss.server.tell("faults", "[{\"kind\": \"403\", \"match\": \"PUT .*posts/50/\", \"times\": 10}]")
        let failed = try world.publish()
        #expect(
            failed.status == 1 && failed.errors.contains("nothing that comes after was begun") || failed.errors.contains("is not allowed"), "\(failed.errors)")
        #expect(try world.visit("index.html").output.hasSuffix("404"), "the front page came before its pages")
        try await world.oss.server.tell("faults", "[]")
        #expect(try world.publish().status == 0)
        #expect(try await world.oss.log().filter { $0.method == "PUT" }.count < 105, "it began anew")
        #expect(try world.visit("").output == "<h1>home</h1>200")
        _ = world.program.stop()
    }

    /// Hexo as far as we meet it: it reads posts, writes pages, and exits with 0 in more cases than it should.
    private static let hexo = """
        #!/bin/sh
        [ "$1" = generate ] && [ "$2" = --bail ] || { echo "unexpected: $*"; exit 3; }
        mode=$(cat mode 2>/dev/null)
        echo "INFO  Start processing"
        rm -rf public; mkdir -p public/css
        for post in source/_posts/*.md; do
          name=$(basename "$post" .md); mkdir -p "public/$name"; { echo "<p>"; cat "$post"; } > "public/$name/index.html"
        done
        echo "<h1>home</h1>" > public/index.html; echo "a{}" > public/css/style.css
        case "$mode" in
          error) echo "ERROR Process failed: _posts/x.md" >&2;;
          fatal) echo "FATAL Something is wrong" >&2; exit 2;;
          empty) : > public/index.html;;
          style) : > public/css/style.css;;
          half) rm -rf public/1*;;
          silent) exit 0;;
          slow) sleep 600;;
        esac
        [ -n "$OSS_ACCESS_KEY_SECRET" ] || echo "ERROR a secret that was granted is missing" >&2
        [ -z "$OTHER_SECRET" ] || echo "ERROR a secret that was not granted is there" >&2
        echo "INFO  42 files generated in 1 s"
        """

    @Test("a blog is built, judged and published; a broken build changes nothing", .limited)
    func hexo() async throws {
        let oss = try StandInOSS()
        try oss.makeBucket("my-blog")
        let folder = TemporaryFolder()
        let configuration = """
            version: 1
            state: \(folder["state"])
            secrets: [OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET, OTHER_SECRET]
            jobs:
              blog:
                type: hexo
                secrets: [OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET]
                with:
                  site: \(folder["blog"])
                  install: "cp -r ../hidden node_modules"
                  deploy: { type: oss, region: cn-wuhan-lr, bucket: my-blog, endpoint: "\(oss.endpoint)" }
                  probe: \(oss.endpoint)/my-blog
            """
        let program = try RunningProgram(
            configuration, in: folder,
            environment: ["OSS_ACCESS_KEY_ID": StandInOSS.keyID, "OSS_ACCESS_KEY_SECRET": StandInOSS.secret, "OTHER_SECRET": "other-secret-value"])
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"))
        func publish(_ mode: String = "") throws -> String {
            try folder.write("blog/mode", mode)
            let result = try program.ask("start blog --wait")
            return "\(result.status) \(result.output)\(result.errors)"
        }
        func front() throws -> String { try Shell.run("curl -s '\(oss.endpoint)/my-blog/'").output }
        #expect(try program.ask("start blog --wait").errors.contains("does not exist"))
        try folder.write("blog/package.json", "{\"name\": \"x\"}")
        #expect(try publish().contains("is not a Hexo site: its package.json has no \"hexo\""))
        try folder.write("blog/package.json", "{\"hexo\": {\"version\": \"8.1.2\"}}")
        try folder.write("blog/_config.yml", "title: x\ntimezone: Asia/Shanghai\n")
        for index in 10..<40 { try folder.write("blog/source/_posts/\(index).md", "post \(index)") }
        #expect(try publish().contains("has not installed Hexo") || publish().contains("exited with code"))
        try folder.write("hidden/hexo/package.json", "{}")
        try folder.write("hidden/.bin/hexo", PublishTests.hexo)
        _ = try Shell.run("chmod +x hidden/.bin/hexo; rm -rf blog/node_modules", folder: folder.path)
        let good = try publish()
        #expect(good.hasPrefix("0 ") && good.contains("31 pages: 32 files uploaded"), "\(good)")
        #expect(program.log.contains("no updated_option, which means mtime") && program.log.contains("Hexo is not installed in the site: cp -r"))
        #expect(try front().contains("home"))
        try await oss.server.tell("faults", "[]")
        for (mode, words) in [
            ("error", "the build went wrong: ERROR Process failed"), ("fatal", "the build went wrong: FATAL"), ("empty", "index.html is empty"),
            ("style", "1 file of the build is empty, such as css/style.css"), ("silent", "never said that it had generated anything"),
        ] {
            let bad = try publish(mode)
            #expect(bad.hasPrefix("1 ") && bad.contains(words), "\(mode): \(bad)")
        }
        _ = try Shell.run("cd blog/source/_posts && rm 2*.md 3*.md", folder: folder.path)
        #expect(try publish().contains("the build has 11 pages, and the last one had 31"))
        #expect(try await oss.log().allSatisfy { $0.method != "PUT" && !$0.path.contains("?delete") }, "a broken build touched the site")
        #expect(try front().contains("home"))
        _ = program.stop()
    }

    @Test("a dry run shows the plan with its reasons, and changes nothing", .limited)
    func dryRun() async throws {
        let world = try World()
        try world.site(posts: 40)
        try await world.oss.server.tell("faults", "[]")
        let first = try world.program.ask("start site --dry-run")
        #expect(first.status == 0 && first.output.contains("+ posts/39/index.html (new)\n") && first.output.contains("dry run: 45 new"), "\(first.output)")
        #expect(try await world.oss.log().allSatisfy { $0.method == "GET" })
        #expect(try world.publish().status == 0)
        try world.folder.write("public/css/style.css", "b{}")
        _ = try Shell.run("rm public/posts/3/index.html", folder: world.folder.path)
        let second = try world.program.ask("start site --dry-run")
        #expect(
            second.output.contains("+ css/style.css (content)\n- posts/3/index.html (stale)\n")
                && second.output.contains("dry run: 1 changed, 1 to delete, 43 unchanged"), "\(second.output)")
        #expect(try world.visit("posts/3/").output == "<h1>post 3</h1>200")
        #expect(try world.program.ask("start nothing --dry-run").status == 5)
        #expect(try world.program.ask("runs site --json").output.contains("dry run: command line"))
        _ = world.program.stop()
    }

    @Test("a change below a watched folder publishes once it has come to rest; a restored tree does not", .limited)
    func watch() async throws {
        let folder = TemporaryFolder()
        try folder.write("web/.keep", "")
        try folder.write("marks/.keep", "")
        let configuration = """
            version: 1
            state: \(folder["state"])
            jobs:
              restore:
                type: command
                on: boot
                with: { shell: "mkdir -p '\(folder["public"])'; echo home > '\(folder["public"])/index.html'" }
              site:
                type: publish
                needs: restore
                on: { watch: "\(folder["public"])", debounce: 2s }
                with:
                  folder: \(folder["public"])
                  to: { type: folder, path: "\(folder["web"])" }
              marker: { type: command, needs: restore, on: { watch: "\(folder["marks"])", debounce: 2s }, with: { shell: "echo x >> '\(folder["marked"])'" } }
            """
        let program = try RunningProgram(configuration, in: folder)
        #expect(try RunningProgram.until("test -f '\(folder["public/index.html"])'"))
        // A change that comes after the restore has been acted on: what was to follow the restore itself would have come before.
        #expect(try program.says("restore: succeeded"))
        let touch = "test -n \"$(find '\(folder["marks"])' -name mark -newermt '-10 seconds')\" || echo x >> '\(folder["marks/mark"])'"
        #expect(try program.until("\(touch); test -f '\(folder["marked"])'"), "\(program.log)")
        #expect(folder.read("web/index.html") == nil, "what a restore brings back is no change")
        for index in 0..<5 { try folder.write("public/posts/\(index).html", "post \(index)") }
        #expect(try RunningProgram.until("test -f '\(folder["web/posts/4.html"])' && test -f '\(folder["web/index.html"])'"))
        #expect(folder.read("web/index.html") == "home\n")
        let runs = try program.ask("runs site --json").output
        #expect(runs.components(separatedBy: "\"cause\"").count == 2 && runs.contains("change: "), "one run for all of them: \(runs)")
        _ = try Shell.run("mv public aside; mkdir public; cp -r aside/* public/; echo new > public/index.html", folder: folder.path)
        #expect(try RunningProgram.until("grep -q new '\(folder["web/index.html"])'"), "a folder that was replaced is not watched")
        #expect(try program.ask("why site").output.contains("a change below"))
        _ = program.stop()
    }

    /// Hexo's deploy with a plug-in, as far as we meet it.
    private static let deployer = """
        #!/bin/sh
        if [ "$1" = generate ]; then mkdir -p public; echo hi > public/index.html; echo "INFO  1 files generated in 1 s"; exit 0; fi
        echo "$*" > arguments
        overlay=$(echo "$3" | cut -d, -f2); [ -n "$overlay" ] && { stat -c %a "$overlay" > mode; cp "$overlay" seen; cp "$overlay" "$5/_multiconfig.yml"; }
        case "$(cat how)" in
          nothing) exit 0;;
          silent) echo "INFO  Deploying: ali-oss"; echo "部署异常 AccessDenied"; echo "INFO  Deploy done: ali-oss";;
          unknown) echo "ERROR Deployer not found: oss" >&2;;
          killed) kill -9 $$;;
          good) echo "INFO  Deploying: ali-oss"; printf "INFO  Deploy done: ali-oss";;
        esac
        """

    @Test("hexo deploy gets its secrets by a file that is gone afterwards, and is judged by what it says", .limited)
    func legacy() async throws {
        let folder = TemporaryFolder()
        let configuration = """
            version: 1
            state: \(folder["state"])
            secrets: [KEY_SECRET]
            jobs:
              blog:
                type: hexo
                with:
                  site: \(folder["blog"])
                  deploy: { command: [hexo, deploy], config: { type: ali-oss, accessKeySecret: "${KEY_SECRET}" } }
            """
        try folder.write("blog/package.json", "{\"hexo\": {}}")
        try folder.write("blog/_config.yml", "title: x\n")
        try folder.write("blog/node_modules/hexo/package.json", "{}")
        try folder.write("blog/node_modules/.bin/hexo", PublishTests.deployer)
        _ = try Shell.run("chmod +x blog/node_modules/.bin/hexo", folder: folder.path)
        let program = try RunningProgram(configuration, in: folder, environment: ["KEY_SECRET": "very-secret-value"])
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"))
        for (how, words) in [
            ("nothing", "1 hexo deploy ended without having deployed anything"), ("silent", "1 hexo deploy went wrong: 部署异常 AccessDenied"),
            ("unknown", "1 hexo deploy went wrong: ERROR Deployer not found"), ("killed", "1 hexo deploy "), ("good", "0 blog succeeded"),
        ] {
            try folder.write("blog/how", how)
            let result = try program.ask("start blog --wait")
            #expect(
                "\(result.status) \(result.output)\(result.errors)".replacing("blog failed: ", with: "").contains(words.dropFirst(2))
                    && words.hasPrefix("\(result.status)"), "\(how): \(result)")
            #expect(try Shell.run("find state/scratch -name 'deploy-*'; find . -name _multiconfig.yml", folder: folder.path).output == "", "\(how)")
        }
        #expect(folder.read("blog/seen") == #"{"deploy":{"accessKeySecret":"very-secret-value","type":"ali-oss"}}"# && folder.read("blog/mode") == "600\n")
        #expect(folder.read("blog/arguments")?.contains("very-secret-value") == false && !program.log.contains("very-secret-value"))
        #expect(try program.ask("start blog --dry-run").output.contains("would run: "))
        _ = program.stop()
    }

    @Test("a site goes to S3 too, and to a folder that a web server shows", .limited)
    func otherPlaces() async throws {
        let oss = try StandInOSS()
        try oss.makeBucket("my-blog")
        let folder = TemporaryFolder()
        try folder.write("web/other.txt", "not ours")
        let configuration = """
            version: 1
            state: \(folder["state"])
            secrets: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY]
            jobs:
              s3:
                type: publish
                secrets: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY]
                with:
                  folder: \(folder["public"])
                  to: { type: s3, bucket: my-blog, endpoint: "\(oss.endpoint)", prefix: sub, grace: 0s, delete: all, keep: ["precious/"] }
              web:
                type: publish
                with: { folder: "\(folder["public"])", to: { type: folder, path: "\(folder["web"])", grace: 0s } }
            """
        let program = try RunningProgram(
            configuration, in: folder, environment: ["AWS_ACCESS_KEY_ID": StandInOSS.keyID, "AWS_SECRET_ACCESS_KEY": StandInOSS.secret])
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"))
        for (name, text) in ["index.html": "home", "a b/图.html": "page", "css/x.css": "a{}", "precious/x.html": "kept", "old.html": "old"] {
            try folder.write("public/\(name)", text)
        }
        for job in ["s3", "web"] { #expect(try program.ask("start \(job) --wait").output.contains("5 files uploaded")) }
        _ = try Shell.run("rm -r public/old.html public/precious; echo changed > public/index.html", folder: folder.path)
        let s3 = try program.ask("start s3 --wait")
        #expect(s3.output.contains("1 file uploaded (8 B), 2 unchanged, 1 deleted"), "\(s3.output)\(s3.errors)")
        #expect(try Shell.run("curl -s '\(oss.endpoint)/my-blog/sub/a%20b/%E5%9B%BE.html'").output == "page")
        #expect(try Shell.run("curl -s '\(oss.endpoint)/my-blog/sub/precious/x.html'").output == "kept")
        let web = try program.ask("start web --wait")
        #expect(web.output.contains("1 file uploaded (8 B), 2 unchanged, 2 deleted"), "\(web.output)\(web.errors)")
        #expect(
            try Shell.run("cd web; find . -type f | sort; cat index.html", folder: folder.path).output
                == "./a b/图.html\n./css/x.css\n./index.html\n./other.txt\nchanged\n")
        #expect(try program.ask("start web --wait").output.contains("nothing new, 3 unchanged"))
        _ = program.stop()
    }

    @Test("kill -9 at 20 random moments of a publication: no page without its style, no list without its pages", .limited, .tags(.slow))
    func killed() async throws {
        let oss = try StandInOSS()
        try oss.makeBucket("my-blog")
        let folder = TemporaryFolder()
        let configuration = """
            version: 1
            state: \(folder["state"])
            jobs:
              site:
                type: publish
                on: boot
                with:
                  folder: \(folder["public"])
                  to: { type: oss, region: cn-wuhan-lr, bucket: my-blog, endpoint: "\(oss.endpoint)", access_key_id: "${ID}", access_key_secret: "${KEY}" }
            """
        let environment = ["ID": StandInOSS.keyID, "KEY": StandInOSS.secret]
        let address = try #require(OSSAddress(bucket: "my-blog", region: "cn-wuhan-lr", endpoint: oss.endpoint))
        let bucket = BucketClient(
            address, credentials: BucketCredentials(id: StandInOSS.keyID, secret: StandInOSS.secret), http: oss.server.http, now: { Date() })
        func build(_ round: Int) throws {
            _ = try Shell.run("rm -rf public; mkdir -p public/css public/posts", folder: folder.path)
            try folder.write("public/css/\(round).css", "style \(round)")
            for page in 0..<(60 + round) { try folder.write("public/posts/\(page).html", "\(round)") }
            try folder.write("public/index.html", "\(round)")
        }
        func number(_ key: String) async throws -> Int? { try await bucket.get(key).flatMap { Int(String(decoding: $0.body, as: UTF8.self)) } }
        var moments = Moments("killed publications", seed: 20_261_124, whole: .milliseconds(400))
        for round in 1...20 {
            try build(round)
            try await oss.server.tell("config", "{\"delay\": 0.01}")
            let program = try RunningProgram(configuration, in: folder, flags: ["--no-init"], environment: environment)
            moments.wait()
            program.send(SIGKILL)
            _ = program.wait()
            try await oss.server.tell("config", "{\"delay\": 0}")
            let keys = Set(try await bucket.list(prefix: "").map(\.key))
            for page in keys where page.hasPrefix("posts/") {
                let version = try #require(try await number(page))
                #expect(keys.contains("css/\(version).css"), "round \(round): \(page) is there before its style")
            }
            let front = try await number("index.html")
            moments.note(wasOver: front == round)
            if let version = front {
                #expect((0..<(60 + version)).allSatisfy { keys.contains("posts/\($0).html") }, "round \(round): the list leads to pages that are not there")
            }
        }
        #expect(moments.areSpread)
        // A round may have succeeded before it was killed: its words are none of the last one's.
        try? FileManager.default.removeItem(atPath: folder["log.txt"])
        let program = try RunningProgram(configuration, in: folder, environment: environment)
        #expect(try RunningProgram.until("grep -q 'site: succeeded' '\(folder["log.txt"])'"))
        #expect(try await number("index.html") == 20)
        _ = program.stop()
    }

    @Test("the example publishes when a post has changed", .limited)
    func example() async throws {
        let oss = try StandInOSS()
        try oss.makeBucket("my-blog")
        let folder = TemporaryFolder()
        try folder.write("blog/package.json", "{\"hexo\": {}}")
        try folder.write("blog/_config.yml", "title: x\nupdated_option: date\ntimezone: Asia/Shanghai\n")
        try folder.write("blog/source/_posts/hello.md", "hello")
        try folder.write("blog/node_modules/hexo/package.json", "{}")
        // The example keeps the bucket's key from what builds the site.
        try folder.write(
            "blog/node_modules/.bin/hexo", PublishTests.hexo.replacing("[ -n \"$OSS_ACCESS_KEY_SECRET\" ] ||", with: "[ -z \"$OSS_ACCESS_KEY_SECRET\" ] ||"))
        _ = try Shell.run("chmod +x blog/node_modules/.bin/hexo", folder: folder.path)
        let example = try String(contentsOfFile: SourceTree.root + "/Examples/hexo-blog/shipkeeper.yaml", encoding: .utf8)
            .replacing("region: \"${OSS_REGION}\"", with: "region: \"${OSS_REGION}\"\n        endpoint: \(oss.endpoint)")
        let program = try RunningProgram(
            example, in: folder,
            environment: [
                "STATE_FOLDER": folder["state"], "SITE_FOLDER": folder["blog"], "SETTLE": "300ms", "OSS_BUCKET": "my-blog", "OSS_REGION": "oss-cn-wuhan-lr",
                "SITE_URL": "\(oss.endpoint)/my-blog", "OSS_ACCESS_KEY_ID": StandInOSS.keyID, "OSS_ACCESS_KEY_SECRET": StandInOSS.secret,
            ])
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"))
        let plan = try program.ask("start blog --dry-run")
        #expect(plan.output.contains("+ hello/index.html (new)") && plan.output.contains("dry run: 3 new"), "\(plan.output)\(plan.errors)")
        let first = try program.ask("start blog --wait")
        #expect(first.output.contains("2 pages: 3 files uploaded") && first.output.contains("\(oss.endpoint)/my-blog (run"), "\(first.output)\(first.errors)")
        try folder.write("blog/source/_posts/second.md", "more")
        #expect(try RunningProgram.until("curl -fs '\(oss.endpoint)/my-blog/second/' | grep more"), "\(program.log)")
        _ = program.stop()
    }
}
