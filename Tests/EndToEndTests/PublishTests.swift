import Foundation
import TestSupport
import Testing

/// A folder of files that becomes a website, seen from outside.
@Suite("publishing", .serialized)
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

    @Test("a site goes up once, changes go up alone, what is gone goes, and the log proves the order", .timeLimit(.minutes(5)))
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

    @Test("what fails leaves a site that works, and says what to do", .timeLimit(.minutes(5)))
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
        #expect(guarded.status == 0 && guarded.output.contains("nothing was deleted"), "\(guarded.output)\(guarded.errors)")
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

    @Test("cut short half way it leaves old and new pages that all work, and goes on from there", .timeLimit(.minutes(5)))
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

    @Test("a blog is built, judged and published; a broken build changes nothing", .timeLimit(.minutes(5)))
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
        #expect(try publish().contains("is no Hexo site: its package.json has no \"hexo\""))
        try folder.write("blog/package.json", "{\"hexo\": {\"version\": \"8.1.2\"}}")
        try folder.write("blog/_config.yml", "title: x\ntimezone: Asia/Shanghai\n")
        for index in 10..<40 { try folder.write("blog/source/_posts/\(index).md", "post \(index)") }
        #expect(try publish().contains("has not installed Hexo") || publish().contains("exited with code"))
        try folder.write("hidden/hexo/package.json", "{}")
        try folder.write("hidden/.bin/hexo", PublishTests.hexo)
        _ = try Shell.run("chmod +x hidden/.bin/hexo; rm -rf blog/node_modules", folder: folder.path)
        let good = try publish()
        #expect(good.hasPrefix("0 ") && good.contains("31 pages: 32 files uploaded"), "\(good)")
        #expect(program.log.contains("updated_option: mtime") && program.log.contains("Hexo is not installed in the site: cp -r"))
        #expect(try front().contains("home"))
        try await oss.server.tell("faults", "[]")
        for (mode, words) in [
            ("error", "the build went wrong: ERROR Process failed"), ("fatal", "the build went wrong: FATAL"), ("empty", "index.html is missing or empty"),
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
}
