import Buckets
import Files
import Foundation
import HTTPClient
import Buckets
import TestSupport
import Testing

@testable import Publishing

@Suite("a site's folder that is read")
struct SiteReadingTests {
    private func read(_ folder: TemporaryFolder, _ path: String = "site", known: SiteDigests = SiteDigests(), most: Int = 4000) async throws -> SiteReading {
        let place = folder[path]
        return try await DedicatedThread.run { flag throws(SiteError) in try SiteReading(place, known: known, mostKeyBytes: most, flag) }
    }

    @Test("names that differ only in Unicode's form are two files with their own contents")
    func forms() async throws {
        let folder = TemporaryFolder()
        for (name, text) in [("\u{30ac}.html", "composed.."), ("\u{30ab}\u{3099}.html", "decomposed"), ("a/\u{301}b.html", "mark")] {
            try folder.write("site/x", "")
            let path = Array(folder["site/"].utf8) + Array(name.utf8)
            try Shell.run(
                "mkdir -p site/a; printf '%s' '\(text)' > \"$(printf '\(path.map { "\\x" + String($0, radix: 16) }.joined())')\"", folder: folder.path)
        }
        let reading = try await read(folder)
        let html = reading.files.filter { $0.key.text.hasSuffix(".html") }
        #expect(html.count == 3 && Set(html.map(\.md5)).count == 3)
        let site = reading.site(HeaderRules(), prefix: "").filter { $0.key != "x" }
        let plan = PublishPlan(
            site: site, bucket: [BucketObject(key: "\u{30ac}.html", size: 10, md5: html.first { $0.key == ByteKey("\u{30ac}.html") }?.md5)], ledger: [:],
            rule: .all, limits: DeletionLimits(), at: Date(timeIntervalSince1970: 0))
        #expect(plan.unchanged == 1 && plan.uploads.count == 2 && plan.deletions.isEmpty)
        let gone = PublishPlan(
            site: site.filter { $0.key != ByteKey("\u{30ab}\u{3099}.html") },
            bucket: site.map { BucketObject(key: $0.key.text, size: $0.size, md5: $0.md5) }, ledger: [:], rule: .all, limits: DeletionLimits(), at: Date())
        #expect(gone.deletions == [ByteKey("\u{30ab}\u{3099}.html")])
    }

    @Test("what can't be published is left out with a word, and the rest is read")
    func skipped() async throws {
        let folder = TemporaryFolder()
        try folder.write("site/index.html", "front")
        try folder.write("site/v2/a.html", "two")
        try folder.write("site/.git/config", "secret")
        try folder.write("outside/secret.txt", "secret")
        try Shell.run(
            """
            cd site; printf x > "$(printf 'caf\\xe9.png')"; mkdir "$(printf '\\xb2\\xe2')"; printf y > "$(printf '\\xb2\\xe2/in.html')"
            ln -s index.html start.html; ln -s ../../site/v2/a.html v2/b.html; ln -s v2 latest; ln -s nowhere dead; ln -s ../outside/secret.txt out.txt
            ln -s ../outside outdir; ln -s .git/config conf.txt; ln -s loop loop; mkfifo pipe; ln -s "$PWD/index.html" absolute.html; ln -s . self
            """, folder: folder.path)
        let reading = try await read(folder)
        #expect(reading.files.map(\.key.text) == ["absolute.html", "index.html", "start.html", "v2/a.html", "v2/b.html"])
        #expect(Dictionary(grouping: reading.files, by: \.md5).count == 2)
        let reasons = Dictionary(uniqueKeysWithValues: reading.skipped.map { ($0.name, $0.reason) })
        #expect(
            reasons == [
                "caf\\xE9.png": .notUTF8, "\\xB2\\xE2": .notUTF8, "latest": .linkToFolder, "dead": .deadLink, "out.txt": .linkOutside,
                "outdir": .linkOutside, "conf.txt": .linkToHidden, "loop": .deadLink, "pipe": .noFile, "self": .linkToFolder,
            ])
        #expect(reading.skipped.allSatisfy { !$0.cause.isEmpty && !$0.remedy.isEmpty })
    }

    @Test("a folder that has become a link since is not followed when its files are opened")
    func swapped() async throws {
        let folder = TemporaryFolder()
        try folder.write("site/a/x.html", "mine")
        try folder.write("outside/x.html", "secret")
        let reading = try await read(folder)
        try Shell.run("mv site/a site/b; ln -s ../outside site/a", folder: folder.path)
        let file = try #require(reading.files.first?.file)
        #expect(throws: FileError.self) { try file.open(below: reading.root) }
    }

    @Test("a file whose content has changed since it was read is not sent, also where its size is the same")
    func changed() async throws {
        let folder = TemporaryFolder()
        try folder.write("site/index.html", "one")
        let reading = try await read(folder)
        let (file, scanned) = try (#require(reading.site(HeaderRules(), prefix: "").first), #require(reading.files.first?.file))
        func open() throws(StorageError) -> HTTPBody {
            try Publisher.opened(file) { _ throws(FileError) in try .file(scanned.open(below: reading.root)) }
        }
        #expect(try open().length == 3)
        try folder.write("site/index.html", "two")
        #expect(throws: StorageError.self) { try open() }
        try folder.write("site/index.html", "three")
        #expect(throws: StorageError.self) { try open() }
    }

    @Test("a tree of any depth is read with a few descriptors, and names that are too long for keys are left out", .limited)
    func deep() async throws {
        let folder = TemporaryFolder()
        try Shell.run(
            "mkdir site; cd site; echo front > index.html; for i in $(seq 1200); do mkdir d; cd d; [ $((i % 100)) != 0 ] || echo $i > x.html; done",
            folder: folder.path)
        let reading = try await read(folder, most: 1023)
        #expect(reading.files.count == 1 + 5 && reading.skipped.map(\.reason) == [.longName])
        #expect(try await read(folder).files.count == 1 + 12)
    }

    @Test("contents are read once, and again when they may have changed")
    func cached() async throws {
        let folder = TemporaryFolder()
        try folder.write("site/index.html", "one")
        try folder.write("site/a.html", "two")
        let first = try await read(folder)
        #expect(first.countRead == 2)
        #expect(try await read(folder, known: first.digests).countRead == 0)
        try folder.write("site/a.html", "three")
        let second = try await read(folder, known: first.digests)
        #expect(second.countRead == 1 && second.files.first?.md5 == Array("three".utf8).md5Digits)
    }

    @Test("a page without an ending is a page, by type, by headers and by order")
    func withoutEnding() async throws {
        let folder = TemporaryFolder()
        for (name, text) in [("hello-world", "\n<!doctype HTML>\n<html>"), ("release-1.2", "<html lang=en>"), ("LICENSE", "free"), ("style.css", "a{}")] {
            try folder.write("site/\(name)", text)
        }
        let site = try await read(folder).site(HeaderRules(), prefix: "")
        let types = Dictionary(uniqueKeysWithValues: site.map { ($0.key.text, $0.type ?? "") })
        #expect(
            types == [
                "hello-world": "text/html; charset=utf-8", "release-1.2": "text/html; charset=utf-8", "LICENSE": "text/plain; charset=utf-8",
                "style.css": "text/css; charset=utf-8",
            ])
        let headers = HeaderRules().headers(of: "hello-world", type: types["hello-world"] ?? "")
        #expect(headers.map(\.value) == ["no-cache", "text/html; charset=utf-8"])
        let plan = PublishPlan(site: site, bucket: [], ledger: [:], rule: .off, limits: DeletionLimits(), at: Date())
        #expect(plan.uploads.map(\.phase) == [.assets, .assets, .pages, .pages])
    }

    @Test(
        "contents without a known ending are told apart as browsers do",
        arguments: [
            ("<!DOCTYPE html>", "text/html; charset=utf-8"), ("  <P>hi", "text/html; charset=utf-8"), ("\u{feff}<html>", "text/html; charset=utf-8"),
            ("<!-- x --><html>", "text/html; charset=utf-8"), ("<?xml version='1.0'?>", "text/xml; charset=utf-8"), ("<pre>", "text/plain; charset=utf-8"),
            ("%PDF-1.7", "application/pdf"), ("GIF89a..", "image/gif"), ("plain words", "text/plain; charset=utf-8"), ("a\u{0}b", "application/octet-stream"),
            ("", "application/octet-stream"), ("汉字", "text/plain; charset=utf-8"),
        ])
    func sniffed(text: String, type: String) { #expect(ContentType.sniffed(Array(text.utf8)) == type) }

    @Test("pages that have changed though the same pages are there are worth a word; new ones and lost ones are none")
    func churn() {
        func file(_ index: Int, _ md5: String) -> SiteFile { SiteFile(key: ByteKey("p\(index).html"), size: 1, md5: md5, headers: "h") }
        func note(_ site: [SiteFile], _ bucket: Range<Int>) -> String? {
            PublishPlan(
                site: site, bucket: bucket.map { BucketObject(key: "p\($0).html", size: 1, md5: "1") }, ledger: [:], rule: .ours, limits: DeletionLimits(),
                at: Date()
            ).noteOfChurn
        }
        let all = (0..<30).map { file($0, "2") }
        #expect(note(all, 0..<30) != nil)
        #expect(note(all, 0..<29) == nil && note(all, 0..<31) == nil)
        #expect(note(Array(all.prefix(10)) + (10..<30).map { file($0, "1") }, 0..<30) == nil)
    }
}
