import Foundation
import TestSupport
import Testing

/// A blog that goes to a folder, with a program that publishes it, seen from outside.
final class PublishedBlog: Sendable {
    let folder = TemporaryFolder()
    let site: StandInHexo
    let program: RunningProgram

    /// - Parameters:
    ///   - more: Further keys of the job's `with`, each in a line.
    ///   - change: Made to the site before the program starts.
    init(posts: Int = 5, more: String = "", change: (StandInHexo) throws -> Void = { _ in }) throws {
        site = try StandInHexo(in: folder, posts: posts)
        try folder.write("www/.keep", "")
        try change(site)
        let configuration = """
            version: 1
            state: \(folder["state"])
            jobs:
              blog:
                type: hexo
                with:
                  site: \(site.path)
                  deploy: { type: folder, path: \(folder["www"]), grace: 0s, max_delete_percent: 100 }
                  \(more)
            """
        program = try RunningProgram(configuration, in: folder)
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"))
    }

    deinit { _ = program.stop() }

    /// The exit code and all that is said.
    func publish() throws -> String {
        let result = try program.ask("start blog --wait")
        return "\(result.status) \(result.output)\(result.errors)"
    }

    func web(_ name: String) -> String? { folder.read("www/\(name)") }

    /// Differs when anything that visitors see does.
    func fingerprint() throws -> String { try Shell.run("find . -type f | sort | xargs -d '\\n' md5sum", folder: folder["www"]).output }

    /// Whether visitors see just what lies in the site's output.
    func showsOutput() throws -> Bool { try Shell.run("diff -r -x .keep blog/public www", folder: folder.path).status == 0 }
}

@Suite("a Hexo site that is published", .waiting, .serialized)
struct HexoTests {
    // MARK: Builds that lack something

    @Test("a package that package.json names and that is not there ends the run before Hexo builds without it", .limited)
    func missingModules() throws {
        let blog = try PublishedBlog()
        let first = try blog.publish()
        #expect(first.hasPrefix("0 ") && first.contains("8 pages: 11 files uploaded"), "\(first)")
        let before = try blog.fingerprint()
        for name in StandInHexo.renderers {
            try blog.site.uninstall(name)
            let refused = try blog.publish()
            #expect(refused.hasPrefix("1 ") && refused.contains("\(name), which package.json names, is not installed"), "\(refused)")
            #expect(refused.contains("npm install"), "\(refused)")
            // A package that was half removed is none.
            try blog.site.run("mkdir node_modules/\(name)")
            let broken = try blog.publish()
            #expect(broken.hasPrefix("1 ") && broken.contains("\(name), which package.json names, is not installed whole"), "\(broken)")
            try blog.site.run("rmdir node_modules/\(name)")
            try blog.site.reinstall(name)
        }
        #expect(try blog.fingerprint() == before)
        // Where pnpm puts them, a folder above, and names for development count as well.
        try blog.site.run("mkdir -p node_modules/.pnpm; mv node_modules/hexo-renderer-ejs node_modules/.pnpm/; ln -s .pnpm/hexo-renderer-ejs node_modules/")
        try blog.site.run("mkdir -p ../node_modules; mv node_modules/hexo-renderer-marked ../node_modules/")
        let linked = try blog.publish()
        #expect(linked.hasPrefix("0 ") && linked.contains("nothing new"), "\(linked)")
        try blog.site.setPackages(StandInHexo.renderers, forDevelopment: ["@me/hexo-filter-x", "hexo-cli", "eslint"])
        #expect(try blog.publish().contains("@me/hexo-filter-x, which package.json names, is not installed"))
        #expect(try blog.fingerprint() == before)
    }

    @Test("an install that does not reach its registry says which, and what to set; one that is stopped is not too slow", .limited)
    func registry() throws {
        let blog = try PublishedBlog(more: "install: sh ../install.sh")
        try blog.site.uninstall("hexo-renderer-stylus")
        func failed(_ lines: String) throws -> String {
            try blog.folder.write("install.sh", "cat >&2 <<'END'\n\(lines)\nEND\nexit 1\n")
            return try blog.publish()
        }
        let hint = "set npm_config_registry, such as https://registry.npmmirror.com, under env"
        for (lines, words, advice) in [
            (
                "npm error code ENOTFOUND\nnpm error network request to https://registry.npmjs.org/hexo failed, reason: getaddrinfo ENOTFOUND registry.npmjs.org",
                "registry.npmjs.org can't be reached (ENOTFOUND)", hint
            ),
            ("npm ERR! code EAI_AGAIN\nnpm ERR! request to http://registry.npmjs.org/x failed", "the registry of npm can't be reached (EAI_AGAIN)", hint),
            ("npm error code ETIMEDOUT", "the registry of npm can't be reached (ETIMEDOUT)", hint),
            ("error An unexpected error occurred: getaddrinfo ENOTFOUND github.com", "github.com can't be reached", "does the container reach github.com"),
        ] {
            let said = try failed(lines)
            #expect(said.hasPrefix("1 ") && said.contains(words) && said.contains(advice), "\(said)")
        }
        let other = try failed("npm error code EUSAGE")
        #expect(!other.contains("npm_config_registry"), "\(other)")
        try blog.folder.write("install.sh", "echo $$ > ../installing\nexec sleep 600\n")
        #expect(try blog.program.ask("start blog").status == 0)
        #expect(try RunningProgram.until("test -s '\(blog.folder["installing"])'"))
        #expect(try blog.program.ask("stop blog").status == 0)
        #expect(try RunningProgram.until("'\(SourceTree.program)' runs blog --json --state '\(blog.folder["state"])' | grep cancelled"))
        let told = try blog.program.ask("runs blog").output + blog.program.ask("logs blog").output + blog.program.log
        #expect(!told.contains("install_timeout"), "\(told)")
    }

    @Test("what is missing is installed where somebody has said how, and its failure is told with its cause", .limited)
    func install() throws {
        let blog = try PublishedBlog(more: "install: sh ../install.sh")
        try blog.site.uninstall("hexo-renderer-stylus")
        try blog.folder.write(
            "install.sh",
            """
            echo 'npm error code EUSAGE' >&2; echo 'npm error' >&2
            echo 'npm error The `npm ci` command can only install with an existing package-lock.json' >&2; exit 1
            """)
        let failed = try blog.publish()
        #expect(
            failed.contains("exited with code 1: npm error code EUSAGE: The `npm ci` command can only install with an existing package-lock.json"), "\(failed)")
        try blog.folder.write("install.sh", "exit 0")
        #expect(try blog.publish().contains("has not helped: hexo-renderer-stylus"))
        try blog.folder.write("install.sh", "cp -r ../away/hexo-renderer-stylus node_modules/")
        let done = try blog.publish()
        #expect(done.hasPrefix("0 ") && blog.web("css/style.css")?.contains("one.png") == true, "\(done)")
    }

    @Test(
        "what a renderer that nobody names would have made is not published as it was written",
        .limited,
        arguments: [
            ("hexo-renderer-ejs", ["the front page is a template", "such as npm install hexo-renderer-ejs"]),
            ("hexo-renderer-stylus", ["css/style.styl is in the build as it is written", "npm install hexo-renderer-stylus"]),
            ("hexo-renderer-marked", ["404.md is in the build as it is written, and 1 other with it", "npm install hexo-renderer-marked"]),
        ], [true, false])
    func unnamedRenderers(lacking: (name: String, words: [String]), isFirst: Bool) throws {
        let blog = try PublishedBlog()
        if !isFirst { #expect(try blog.publish().hasPrefix("0 ")) }
        let before = try blog.fingerprint()
        try blog.site.setPackages(StandInHexo.renderers.filter { $0 != lacking.name })
        let refused = try blog.publish()
        #expect(refused.hasPrefix("1 ") && lacking.words.allSatisfy(refused.contains), "\(refused)")
        #expect(try blog.fingerprint() == before, "something was published")
        // Once it is there again nothing of the bad build is left.
        try blog.site.setPackages(StandInHexo.renderers)
        let good = try blog.publish()
        #expect(try good.hasPrefix("0 ") && blog.showsOutput() && !blog.fingerprint().contains(".styl"), "\(good)")
        #expect(blog.web("about/index.md") == nil && blog.web("about/index.html")?.contains("<p>me") == true)
    }

    @Test("pages that begin otherwise and are templates, or are all alike, are not published", .limited)
    func otherTemplates() throws {
        let blog = try PublishedBlog()
        #expect(try blog.publish().hasPrefix("0 "))
        let before = try blog.fingerprint()
        try blog.site.setPackages(["hexo-renderer-marked", "hexo-renderer-stylus"])
        for (name, text, words) in [
            ("layout.ejs", "<!DOCTYPE html><html><head><title><%= title %></title></head></html>", "the front page is a template"),
            ("layout.pug", "doctype html\nhtml\n  body!= page.content\n", "the front page is a template"),
            ("layout.swig", "<!DOCTYPE html><html><body>{% block body %}{% endblock %}</body></html>", "is the theme's template layout.swig as it is"),
            ("layout.txt", "<!DOCTYPE html><html><body>no content at all</body></html>", "all 8 pages of the build are alike"),
        ] {
            try blog.site.run("rm themes/plain/layout/layout.*")
            try blog.site.write("themes/plain/layout/\(name)", text)
            let refused = try blog.publish()
            #expect(refused.hasPrefix("1 ") && refused.contains(words), "\(name): \(refused)")
        }
        #expect(try blog.fingerprint() == before)
    }

    @Test("what lies in the source to be published as it is goes up", .limited)
    func rawOnPurpose() throws {
        let blog = try PublishedBlog { site in
            try site.write("_config.yml", "title: x\nupdated_option: date\ntimezone: UTC\ntheme: plain\nskip_render:\n  - README.md\n  - 'demo/**'\n")
            try site.write("source/README.md", "# hello")
            try site.write("source/demo/a.styl", "a { b: c }")
            try site.write("source/demo/deep/b.md", "text")
            try site.write("source/lib/font/scss/font.scss", "$a: 1;\nb { c: $a }")
            try site.write("source/lib/font/less/font.less", "b { c: d }")
            try site.write("source/lib/x.pug", "p hello")
        }
        let result = try blog.publish()
        #expect(result.hasPrefix("0 ") && blog.web("README.md") == "# hello" && blog.web("lib/font/scss/font.scss") != nil, "\(result)")
        #expect(try blog.showsOutput())
    }

    // MARK: Failures and their causes

    @Test("the cause of a failed build stands in the summary, and nothing is sent", .limited)
    func causes() throws {
        let blog = try PublishedBlog()
        #expect(try blog.publish().hasPrefix("0 "))
        let before = try blog.fingerprint()
        let config = try #require(blog.site.read("_config.yml"))
        let post = try #require(blog.site.read("themes/plain/layout/post.ejs"))
        let style = try #require(blog.site.read("themes/plain/source/css/style.styl"))
        for (file, text, words) in [
            (
                "source/_posts/broken.md", "---\ntitle: b\n---\n{% nosuchtag %}",
                "Nunjucks Error: _posts/broken.md [Line 1, Column 13] unknown block tag: nosuchtag"
            ),
            ("source/_posts/bf.md", "---\ntitle: a: b\n---\ntext", "Process failed: _posts/bf.md: YAMLException: bad indentation of a mapping entry (1:"),
            ("_config.yml", config + "tags: [a, b\n", "YAMLException: missed comma between flow collection entries (5:"),
            ("_config.yml", config + "theme: other\n", "YAMLException: duplicated mapping key (5:1)"),
            ("themes/plain/layout/post.ejs", post + "<%= nosuch %>", "post.ejs:1: nosuch is not defined"),
            ("themes/plain/source/css/style.styl", "@error", "Asset render failed: css/style.css: Error: "),
            ("node_modules/hexo-renderer-ejs/index.js", "throw 1", "Plugin load failed: hexo-renderer-ejs: Error: it throws"),
        ] {
            let old = blog.site.read(file)
            try blog.site.write(file, text)
            for _ in 1...2 {
                let failed = try blog.publish()
                #expect(failed.hasPrefix("1 ") && failed.contains(words), "\(file): \(failed)")
            }
            if let old { try blog.site.write(file, old) } else { try blog.site.run("rm \(file)") }
        }
        #expect(try blog.fingerprint() == before, "a failed build touched the site")
        #expect(style == blog.site.read("themes/plain/source/css/style.styl"))
        let good = try blog.publish()
        #expect(try good.hasPrefix("0 ") && blog.fingerprint() == before, "\(good)")
    }

    @Test("a theme that is missing, a source that is empty: the front page tells", .limited)
    func noFront() throws {
        let blog = try PublishedBlog()
        #expect(try blog.publish().hasPrefix("0 "))
        let before = try blog.fingerprint()
        try blog.site.run("mv themes away")
        #expect(try blog.publish().contains("no front page: index.html is empty"))
        try blog.site.run("mv away themes; mv source/_posts posts")
        #expect(try blog.publish().contains("no front page: index.html is missing"))
        try blog.site.run("mv posts source/_posts")
        #expect(try blog.fingerprint() == before)
        #expect(try blog.publish().hasPrefix("0 ") && blog.showsOutput())
    }

    // MARK: The database

    @Test("a damaged db.json is no failure, and nothing of what it knew stays public", .limited, arguments: ["cut", "empty", "gone"])
    func database(state: String) throws {
        let blog = try PublishedBlog()
        #expect(try blog.publish().hasPrefix("0 "))
        #expect(blog.web("2026/01/02/p3/index.html") != nil)
        try blog.site.run("rm source/_posts/p3.md")
        switch state {
        case "cut": try blog.site.run("head -c 100 db.json > cut && mv cut db.json")
        case "empty": try blog.site.run(": > db.json")
        default: try blog.site.run("rm db.json")
        }
        let result = try blog.publish()
        #expect(result.hasPrefix("0 ") && result.contains("7 pages"), "\(result)")
        #expect(try blog.web("2026/01/02/p3/index.html") == nil && blog.showsOutput(), "\(result)")
        #expect(blog.site.read("db.json")?.isEmpty == false)
        #expect(try blog.publish().contains("nothing new"))
    }

    @Test("an output that is a link, or that is not the site's own, is never emptied", .limited)
    func foreignOutput() throws {
        let blog = try PublishedBlog { site in
            try site.folder.write("precious/old.html", "<p>old")
            try site.run("ln -s ../precious public")
        }
        let linked = try blog.publish()
        #expect(linked.hasPrefix("0 ") && linked.contains("pages of deleted posts may still be published"), "\(linked)")
        #expect(blog.folder.read("precious/old.html") == "<p>old")
        try blog.site.run("rm public db.json; mkdir -p public/deep; ln -s ../../../precious public/deep/link; echo x > public/stale.html")
        #expect(try blog.publish().hasPrefix("0 ") && blog.web("stale.html") == nil)
        #expect(blog.folder.read("precious/old.html") == "<p>old", "it went through a link")
        try blog.site.write("_config.yml", "title: x\nupdated_option: date\ntimezone: UTC\ntheme: plain\npublic_dir: ../precious\n")
        try blog.site.run("rm db.json")
        #expect(try blog.publish().contains("pages of deleted posts may still be published"))
        #expect(blog.folder.read("precious/old.html") == "<p>old")
    }

    @Test("settings and parts of the theme that only a style uses are published at once", .limited)
    func settings() throws {
        let blog = try PublishedBlog()
        #expect(try blog.publish().hasPrefix("0 "))
        #expect(blog.site.calls.last == "generate --bail")
        try blog.site.write("_config.plain.yml", "banner: two.png\n")
        let changed = try blog.publish()
        #expect(changed.contains("1 file uploaded") && blog.web("css/style.css")?.contains("two.png") == true, "\(changed)")
        try blog.site.write("themes/plain/source/css/_base.styl", "a { color: blue }\n")
        #expect(try blog.publish().contains("1 file uploaded") && blog.web("css/style.css")?.contains("blue") == true)
        #expect(try blog.publish().contains("nothing new") && blog.site.calls.last == "generate --bail")
    }

    @Test("force and clean make everything again each time", .limited, arguments: ["force", "clean"])
    func always(key: String) throws {
        let blog = try PublishedBlog(more: "\(key): true")
        for _ in 1...2 { #expect(try blog.publish().hasPrefix("0 ") && blog.site.calls.last == "generate --bail --force") }
        try blog.site.write("public/stale.html", "<p>stale")
        #expect(try blog.publish().hasPrefix("0 "))
        #expect((blog.web("stale.html") == nil) == (key == "clean"))
    }

    // MARK: Empty files

    @Test("what is empty on purpose is published", .limited)
    func emptyOnPurpose() throws {
        let blog = try PublishedBlog { site in
            try site.write("source/js/custom.js", "")
            try site.write("themes/plain/source/css/custom.css", "")
            try site.write("themes/plain/source/css/var.styl", "$color = red\n$width = 3px // px\n")
            try site.write("themes/plain/source/css/mine.styl", "// yours\n/* nothing\n yet */\n")
            try site.write("source/blank.md", "---\nlayout: false\n---\n")
        }
        let first = try blog.publish()
        #expect(first.hasPrefix("0 ") && blog.web("css/var.css") == "" && blog.web("js/custom.js") == "" && blog.web("blank.html") == "", "\(first)")
        try blog.site.write("themes/plain/source/css/mine.styl", "a { b: c }\n")
        #expect(try blog.publish().contains("1 file uploaded"))
        // Emptied again by its owner, it may be empty again.
        try blog.site.write("themes/plain/source/css/mine.styl", "// later\n")
        let again = try blog.publish()
        #expect(again.hasPrefix("0 ") && blog.web("css/mine.css") == "", "\(again)")
    }

    @Test("a style that failed under somebody else's hands is not published empty", .limited)
    func emptyByFailure() throws {
        let blog = try PublishedBlog()
        #expect(try blog.publish().hasPrefix("0 "))
        try blog.site.write("themes/plain/source/css/style.styl", "@error")
        try blog.site.run("node_modules/.bin/hexo generate")
        // Hexo itself says nothing of it any more.
        #expect(try blog.site.run("node_modules/.bin/hexo generate").errors == "")
        try blog.site.run("touch -d '2020-01-01' themes/plain/source/css/style.styl")
        let failed = try blog.publish()
        #expect(failed.hasPrefix("1 ") && failed.contains("css/style.css") && blog.web("css/style.css")?.contains("one.png") == true, "\(failed)")
    }

    @Test("an empty style that a page asks for is a failure though it was never seen otherwise", .limited)
    func emptyFirst() throws {
        let blog = try PublishedBlog { site in
            try site.write("themes/plain/source/css/style.styl", "@error")
            try site.run("node_modules/.bin/hexo generate; touch -d '2020-01-01' themes/plain/source/css/* themes/plain/layout/* _config*")
        }
        // It is built once more from nothing, and then Hexo tells why.
        let failed = try blog.publish()
        #expect(failed.hasPrefix("1 ") && failed.contains("the build went wrong: ERROR Asset render failed: css/style.css"), "\(failed)")
        #expect(blog.program.log.contains("1 file of the build is empty, such as css/style.css") && blog.web("index.html") == nil)
    }

    // MARK: Configurations

    @Test("a configuration by any of its names is found", .limited, arguments: ["_config.yaml", "_config.json"])
    func configurations(name: String) throws {
        let blog = try PublishedBlog { site in
            let text =
                name.hasSuffix("json")
                ? #"{"title": "x", "theme": "plain", "public_dir": "dist", "skip_render": ["README.md"], "updated_option": "date", "timezone": "UTC"}"#
                : "title: x\ntheme: plain\npublic_dir: dist # there\nskip_render: README.md\nupdated_option: date\ntimezone: UTC\n"
            try site.run("rm _config.yml")
            try site.write(name, text)
            try site.write("source/README.md", "# me")
        }
        let result = try blog.publish()
        #expect(result.hasPrefix("0 ") && blog.web("README.md") == "# me" && blog.web("index.html") != nil, "\(result)")
        #expect(!blog.program.log.contains("updated_option") && !blog.program.log.contains("timezone"))
        try blog.site.run("rm \(name)")
        #expect(try blog.publish().contains("has no _config.yml"))
    }

    // MARK: Notes

    @Test("a post that changes all lists is no alarm; pages that differ though nothing was written are", .limited)
    func churn() throws {
        let blog = try PublishedBlog(posts: 25)
        #expect(try blog.publish().hasPrefix("0 "))
        try blog.site.writePost("p99", "new")
        let added = try blog.publish()
        #expect(added.contains("files uploaded"), "\(added)")
        try blog.site.writePost("p99", "text", date: "2026-02-03")
        try blog.site.run("sed -i 's/title: p98/title: other/; s/title: p99/title: p100/' source/_posts/p99.md")
        #expect(try blog.publish().contains("files uploaded"))
        #expect(!blog.program.log.contains("something in each page differs"))
        // Random names of posts that a lost database makes anew.
        try blog.site.write("themes/plain/layout/layout.ejs", "<html><head></head><%- body %><b>new theme</b></html>")
        #expect(try blog.publish().hasPrefix("0 "))
        #expect(try RunningProgram.until("grep -q 'something in each page differs' '\(blog.folder["log.txt"])'"), "\(blog.program.log)")
    }

    @Test("notes tell what moves addresses, and that db.json belongs in the backup", .limited)
    func notes() throws {
        let blog = try PublishedBlog { site in
            try site.write("_config.yml", "title: x\ntheme: plain\n")
            try site.write("source/_posts/hello-world.md", "---\ntitle: Hello World\n---\nhi")
        }
        #expect(try blog.publish().hasPrefix("0 "))
        for words in ["no updated_option, which means mtime", "keep db.json in the backup", "no timezone", "1 post has no date, such as _posts/hello-world.md"]
        {
            #expect(blog.program.log.contains(words), "\(words): \(blog.program.log)")
        }
    }

    @Test("the example's backup of the site is a valid configuration, and keeps db.json")
    func exampleBackup() throws {
        let example = try String(contentsOfFile: SourceTree.root + "/Examples/hexo-blog/shipkeeper.yaml", encoding: .utf8)
        let start = try #require(example.firstRange(of: "# repositories:")?.lowerBound)
        let (jobs, backup) = (example[..<start], example[start...].split(separator: "\n").map { String($0.dropFirst(2)) })
        // The jobs of both parts stand under one key.
        let lines = backup.filter { $0 != "jobs:" }
        let repositories = lines.prefix { !$0.hasPrefix("  restore:") }.joined(separator: "\n")
        let more = lines.drop { !$0.hasPrefix("  restore:") }.joined(separator: "\n")
        let folder = TemporaryFolder()
        try folder.write("shipkeeper.yaml", repositories + "\n" + jobs + "\n" + more + "\n")
        let variables = [
            "OSS_BUCKET": "my-blog", "OSS_REGION": "cn-hangzhou", "SITE_URL": "http://127.0.0.1", "OSS_ACCESS_KEY_ID": "i", "OSS_ACCESS_KEY_SECRET": "k",
        ]
        let result = try Shell.run("'\(SourceTree.program)' check --config shipkeeper.yaml", environment: variables, folder: folder.path)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(backup.contains { $0.contains("exclude:") && !$0.contains("db.json,") })
    }
}
