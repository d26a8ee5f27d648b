import Buckets
import Foundation
import HTTPClient
import TestSupport
import Testing

/// A folder in the place of a bucket keeps a bucket's promises.
@Suite("a folder as a bucket", .waiting)
struct FolderBucketTests {
    private let folder = TemporaryFolder()
    private var bucket: FolderBucket { FolderBucket(path: folder["site"]) }

    private func put(_ keys: String...) async throws {
        try folder.run("mkdir -p site")
        for key in keys { try await bucket.put(BucketUpload(key: key, body: .bytes(Array(key.utf8)), headers: [])) }
    }

    private func keys(_ prefix: String = "") async throws -> [String] { try await bucket.list(prefix: prefix).map(\.key) }

    @Test(
        "deleting what is not there is no error, whatever is in its way",
        arguments: ["a/b", "a/b/c/d", "nowhere", "no/where", "c", "c/d", "link/x", "link/x/y", "dangling/x", "pipe/x", String(repeating: "x", count: 255)])
    func missing(key: String) async throws {
        try await put("a", "c/d/e")
        try folder.write("elsewhere/x", "not ours")
        try folder.run("cd site && ln -s ../elsewhere link && ln -s nowhere dangling && mkfifo pipe")
        try await bucket.delete([key])
        #expect(try await keys() == ["a", "c/d/e"])
        #expect(folder.read("elsewhere/x") == "not ours" && folder.read("site/a") == "a" && folder.read("site/c/d/e") == "c/d/e")
    }

    @Test("of several keys those that are there go, and folders that become empty with them")
    func deleted() async throws {
        try await put("a", "b/c", "b/d/e", "f")
        try await bucket.delete(["a/x", "b/d/e", "nowhere", "a"])
        #expect(try await keys() == ["b/c", "f"])
        #expect(try folder.run("find site -type d | sort").output == "site\nsite/b\n")
    }

    @Test("what can't be looked at is not called deleted", .enabled(if: getuid() == 0))
    func unknown() async throws {
        try await put("a")
        try folder.run("rm -rf site && touch site")
        await #expect(throws: StorageError.self) { try await bucket.delete(["a"]) }
    }

    /// To read the large file would take days.
    @Test("a listing reads what the prefix leads to, and nothing else", .limited)
    func listing() async throws {
        try await put("blog/a", "blog/b/c", "blog2/d", "bl", "other/e")
        try folder.run("truncate -s 7T site/huge site/other/huge site/blog-huge")
        #expect(try await keys("blog/") == ["blog/a", "blog/b/c"])
        for (prefix, found) in [("blog/b", ["blog/b/c"]), ("blog/b/c/", []), ("blog2", ["blog2/d"]), ("nowhere/x", []), ("blog/a/", [])] {
            #expect(try await keys(prefix) == found, "\(prefix)")
        }
    }
}
