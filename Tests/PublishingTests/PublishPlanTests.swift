import Files
import Foundation
import Buckets
import TestSupport
import Testing

@testable import Publishing

extension ByteKey: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) { self.init(text) }
}

@Suite("plans of a publication")
struct PublishPlanTests {
    private let t = Date(timeIntervalSince1970: 1_790_000_000)

    private func file(_ key: String, _ content: String = "1", headers: String = "h") -> SiteFile {
        SiteFile(key: ByteKey(key), size: 1, md5: content, headers: headers)
    }
    private func object(_ key: String, _ content: String? = "1", size: Int64 = 1) -> BucketObject { BucketObject(key: key, size: size, md5: content) }
    private func published(_ content: String = "1", headers: String = "h", staleSince: Date? = nil) -> PublishedFile {
        PublishedFile(md5: content, headers: headers, staleSince: staleSince)
    }

    private func plan(
        _ site: [SiteFile], _ bucket: [BucketObject], _ ledger: [ByteKey: PublishedFile] = [:], rule: DeletionRule = .all,
        limits: DeletionLimits = DeletionLimits(grace: 0),
        protected: (ByteKey) -> Bool = { _ in false }
    ) -> PublishPlan {
        PublishPlan(site: site, bucket: bucket, ledger: ledger, rule: rule, limits: limits, at: t, protected: protected)
    }

    @Test("what is new, changed in content or in headers goes up, and nothing else")
    func reasons() {
        let made = plan(
            [
                file("new.html"), file("changed.html", "2"), file("larger.html"), file("headers.html", headers: "h2"), file("same.html"), file("parts.mp4"),
                file("unknown.mp4"),
            ],
            [
                object("changed.html"), object("larger.html", size: 2), object("headers.html"), object("same.html"), object("parts.mp4", nil),
                object("unknown.mp4", nil),
            ],
            ["headers.html": published(), "parts.mp4": published()])
        let reasons = Dictionary(uniqueKeysWithValues: made.uploads.map { ($0.file.key, $0.reason) })
        #expect(reasons == ["new.html": .new, "changed.html": .content, "larger.html": .content, "headers.html": .headers, "unknown.mp4": .content])
        #expect(made.unchanged == 2 && made.uploadBytes == 5)
    }

    @Test("headers that nobody remembers count as they are")
    func noLedger() { #expect(plan([file("a", headers: "x")], [object("a")]).uploads.isEmpty) }

    @Test("assets first, then data, pages, and what lists them")
    func order() {
        let keys = [
            "index.html", "posts/a/index.html", "css/a.css", "atom.xml", "archives/index.html", "page/2/index.html", "sw.js", "img/a.png", "about.html",
        ]
        let made = plan(keys.map { file($0) }, [])
        #expect(
            made.uploads.map(\.file.key) == [
                "css/a.css", "img/a.png", "atom.xml", "about.html", "posts/a/index.html", "archives/index.html", "index.html", "page/2/index.html", "sw.js",
            ])
        for (first, second) in zip(made.uploads, made.uploads.dropFirst()) { #expect(first.phase <= second.phase) }
    }

    @Test("whose objects may go", arguments: [(DeletionRule.off, [ByteKey]()), (.ours, ["ours.html"]), (.all, ["ours.html", "theirs.html"])])
    func rules(rule: DeletionRule, gone: [ByteKey]) {
        let made = plan([file("a")], [object("a"), object("ours.html"), object("theirs.html"), object("kept.html")], ["ours.html": published()], rule: rule) {
            $0 == "kept.html"
        }
        #expect(made.deletions == gone)
        #expect(Set(made.spared) == Set(["ours.html", "theirs.html"] as [ByteKey]).subtracting(gone))
    }

    @Test("an asset stays for a while after the last page that needs it")
    func grace() {
        let limits = DeletionLimits(grace: 3600)
        let bucket = [object("a"), object("css/old.css"), object("old.html")]
        let first = plan([file("a")], bucket, ["css/old.css": published(), "old.html": published()], limits: limits)
        #expect(first.deletions == ["old.html"] && first.spared == ["css/old.css"] && first.staleSince["css/old.css"] == t)
        let later = plan([file("a")], bucket, ["css/old.css": published(staleSince: t - 3601)], limits: limits)
        #expect(later.deletions == ["css/old.css", "old.html"])
    }

    @Test("what is there as it should be is ours from now on; what is neither here nor there is forgotten")
    func adoption() {
        let made = plan(
            [file("a"), file("b"), file("c"), file("d", "2")], [object("a"), object("b"), object("c"), object("d")],
            ["b": published(), "c": published(staleSince: t - 5), "d": published(), "gone": published(), "old": published("9")])
        #expect(made.adopted.map(\.key) == ["a", "c"] && made.forgotten == ["gone", "old"])
    }

    @Test("what somebody else has put in the place of ours is theirs")
    func theirs() {
        let bucket = [object("a"), object("x.html", "2"), object("y.html"), object("z.html", nil)]
        let ledger: [ByteKey: PublishedFile] = ["x.html": published(), "y.html": published(), "z.html": published()]
        #expect(plan([file("a")], bucket, ledger, rule: .ours).deletions == ["y.html", "z.html"])
        #expect(plan([file("a")], bucket, ["y.html": PublishedFile(md5: "", headers: "", staleSince: t - 9)], rule: .ours).deletions.isEmpty)
    }

    @Test("under a prefix lists come last too, and a front page is never deleted nor are pages of a site that has lost it")
    func prefix() {
        func under(_ keys: [String], _ bucket: [BucketObject]) -> PublishPlan {
            PublishPlan(
                site: keys.map { file($0) }, bucket: bucket, ledger: [:], prefix: "blog/", rule: .all, limits: DeletionLimits(grace: 0), at: t)
        }
        let made = under(["blog/archives/index.html", "blog/index.html", "blog/posts/a/index.html"], [])
        #expect(made.uploads.map(\.phase) == [.pages, .lists, .lists])
        let lost = under(["blog/favicon.ico"], [object("blog/index.html"), object("blog/a.html"), object("blog/favicon.ico")])
        #expect(lost.deletions.isEmpty && lost.refusal == "the site has no index.html any more")
    }

    @Test("grace counts from when anything was first found gone, whoever put it there")
    func graceOfOthers() {
        let limits = DeletionLimits(grace: 3600)
        let first = plan([file("a")], [object("a"), object("css/x.css")], limits: limits)
        #expect(first.deletions.isEmpty && first.staleSince == ["css/x.css": t])
        let later = plan(
            [file("a")], [object("a"), object("css/x.css")], ["css/x.css": PublishedFile(md5: "", headers: "", staleSince: t - 3601)], limits: limits)
        #expect(later.deletions == ["css/x.css"])
    }

    @Test("too many deletions are none, and are told")
    func limits() {
        let many = (0..<30).map { object("old/\($0).html") }
        let site = (0..<100).map { file("p/\($0).html") }
        let all = site.map { object($0.key.text) } + many
        let made = plan(site, all)
        #expect(made.deletions.isEmpty && made.spared.count == 30 && made.refusal == "30 of 130 objects would be deleted, and at most 20 % may be")
        #expect(plan(site, all, limits: DeletionLimits(most: 29, share: 1, grace: 0)).refusal == "30 objects would be deleted, and at most 29 may be")
        #expect(plan(site, all, limits: DeletionLimits(share: 0.3, grace: 0)).deletions.count == 30)
        #expect(plan([file("a")], [object("a"), object("b.html"), object("c.html")]).deletions.count == 2, "a handful is no harm")
        #expect(plan([file("a")], [object("a"), object("b.html")], limits: DeletionLimits(share: 0, grace: 0)).deletions.isEmpty)
    }

    @Test("of any two sites the plan leads from one to the other, whatever the order", arguments: 0..<20)
    func random(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let keys = (0..<40).map { "k\($0).html" }
        let site = keys.filter { _ in Bool.random(using: &random) }.map { file($0, "\(Int.random(in: 0...2, using: &random))") }
        let bucket = keys.filter { _ in Bool.random(using: &random) }.map { object($0, "\(Int.random(in: 0...2, using: &random))") }
        let made = plan(site.shuffled(using: &random), bucket.shuffled(using: &random), limits: DeletionLimits(share: 1, grace: 0))
        var after = Dictionary(uniqueKeysWithValues: bucket.map { (ByteKey($0.key), $0.md5) })
        for upload in made.uploads { after[upload.file.key] = upload.file.md5 }
        for key in made.deletions { after[key] = nil }
        #expect(after == Dictionary(uniqueKeysWithValues: site.map { ($0.key, $0.md5) }), "seed \(seed)")
        #expect(made.unchanged + made.uploads.count == site.count)
        #expect(made == plan(site.reversed(), bucket.reversed(), limits: DeletionLimits(share: 1, grace: 0)))
    }
}

@Suite("headers of a site")
struct HeaderRulesTests {
    @Test(
        "types and lifetimes",
        arguments: [
            ("index.html", "text/html; charset=utf-8", "no-cache"), ("js/app.js", "application/javascript; charset=utf-8", "max-age=3600"),
            ("js/app.3f9a1b2c.js", "application/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
            ("sw.js", "application/javascript; charset=utf-8", "no-cache"),
            ("atom.xml", "text/xml; charset=utf-8", "max-age=300"), ("img/a.PNG", "image/png", nil), ("img/a.png", "image/png", "max-age=864000"),
            ("CNAME", "text/plain; charset=utf-8", "no-cache"), ("deadbeef/feedface.css", "text/css; charset=utf-8", "max-age=3600"),
            (".nojekyll", "application/octet-stream", nil),
            ("p/20260102.html", "text/html; charset=utf-8", "no-cache"),
        ] as [(String, String, String?)])
    func standard(key: String, type: String, cache: String?) {
        let headers = Dictionary(
            uniqueKeysWithValues: HeaderRules().headers(of: key, type: ContentType.known(key) ?? ContentType.unknown).map { ($0.name, $0.value) })
        #expect(headers["Content-Type"] == type && headers["Cache-Control"] == cache)
    }

    @Test("rules of one's own come first, and the fingerprint tells headers apart")
    func own() {
        let rules = HeaderRules(own: [.init("/img/**", ["Cache-Control": "max-age=1", "Content-Type": "x/y"])])
        let headers = rules.headers(of: "img/a/b.png", type: ContentType.known("img/a/b.png") ?? ContentType.unknown)
        #expect(headers.map(\.value) == ["max-age=1", "x/y"])
        let own = HeaderRules(own: [.init("*.css", ["cache-control": "no-store", "content-type": "text/x"])])
        #expect(
            own.headers(of: "app.1a2b3c4d.css", type: ContentType.known("app.1a2b3c4d.css") ?? ContentType.unknown).map { "\($0.name): \($0.value)" } == [
                "cache-control: no-store", "content-type: text/x",
            ])
        let folders = HeaderRules(own: [.init("/downloads/", ["Content-Disposition": "attachment"])])
        #expect(
            folders.headers(of: "downloads/2026/a.zip", type: ContentType.known("downloads/2026/a.zip") ?? ContentType.unknown).contains {
                $0.name == "Content-Disposition"
            })
        #expect(
            !folders.headers(of: "posts/downloads", type: ContentType.known("posts/downloads") ?? ContentType.unknown).contains {
                $0.name == "Content-Disposition"
            })
        for dated in ["IMG_20240101_123456.jpg", "20240101.css", "cover-20260102.png"] {
            #expect(
                HeaderRules().headers(of: dated, type: ContentType.known(dated) ?? ContentType.unknown).contains { $0.value.contains("immutable") } == false,
                "\(dated)")
        }
        #expect(HeaderRules.fingerprint(headers) == HeaderRules.fingerprint(headers.reversed()))
        #expect(
            HeaderRules.fingerprint(headers)
                != HeaderRules.fingerprint(rules.headers(of: "other.png", type: ContentType.known("other.png") ?? ContentType.unknown)))
    }
}
