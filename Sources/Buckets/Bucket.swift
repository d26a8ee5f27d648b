package import Foundation
package import HTTPClient

/// Reports how many of `total` bytes have been transferred. Called on any thread, which must not be blocked; `done` may go back when a
/// transfer starts over, and `total` is the count so far where the length is unknown.
package typealias StoreProgress = @Sendable (_ done: Int64, _ total: Int64) -> Void

/// An object of a bucket, as a listing reports it.
package struct BucketObject: Hashable, Sendable {
    /// The full key, the prefix included. Compared by its bytes; see `ByteKey`.
    package var key: String
    /// In bytes.
    package var size: Int64
    /// MD5 of the content in lower-case hexadecimal digits; nil where the store's tag is something else.
    package var md5: String?
    /// The entity tag (RFC 9110 §8.8.3): changes with the content. In lower case and without quotes; empty where the store reports none.
    package var tag: String
    /// When the object was stored, by the store's clock; nil where it is not reported.
    package var modified: Date?

    package init(key: String, size: Int64, md5: String? = nil, tag: String = "", modified: Date? = nil) {
        self.key = key
        self.size = size
        self.md5 = md5
        self.tag = tag.lowercased().filter { $0 != "\"" }
        self.modified = modified
    }
}

/// Content on its way into a bucket.
package struct BucketUpload: Sendable {
    /// The full key, the prefix included.
    package var key: String
    /// Read once for its digest and once for each try of sending it.
    package var body: HTTPBody
    /// Stored with the object and sent to anyone who reads it, such as `Content-Type` (`application/octet-stream` by default) and
    /// `Cache-Control`.
    package var headers: [(name: String, value: String)]

    /// Called with the bytes that have been sent, which may be fewer again when some are sent again. Must not block.
    package var onProgress: StoreProgress?

    package init(key: String, body: HTTPBody, headers: [(name: String, value: String)], onProgress: StoreProgress? = nil) {
        self.key = key
        self.body = body
        self.headers = headers
        self.onProgress = onProgress
    }
}

/// Named bytes without versions, each put and deleted on its own: what websites are served from.
///
/// All calls suspend for the network or the disk, and throw `StorageError`: `missing` where the bucket itself does not exist, `unauthorized`,
/// `full`, `limited` or `unavailable` where it can't be used now, `cancelled` once the task is. A bucket for tests that is always empty:
///
/// ```swift
/// struct EmptyBucket: Bucket {
///     func list(prefix: String) async throws(StorageError) -> [BucketObject] { [] }
///     func put(_ upload: BucketUpload) async throws(StorageError) { throw .unauthorized("read only") }
///     func delete(_ keys: [String]) async throws(StorageError) {}
/// }
/// ```
package protocol Bucket: Sendable {
    /// All objects whose keys begin with `prefix`, in the order of the keys' bytes; never a part of them. Held in memory whole.
    func list(prefix: String) async throws(StorageError) -> [BucketObject]
    /// Stores one object, or replaces it, in one step. The content is checked on arrival; where it differs, `unavailable` is thrown.
    func put(_ upload: BucketUpload) async throws(StorageError)
    /// Deletes objects; a missing one is not an error. Not in one step: after an error some of them may be deleted.
    func delete(_ keys: [String]) async throws(StorageError)
}

/// A bucket whose objects can be read.
package protocol ReadableBucket: Bucket {
    /// The same list page by page, so that it is never held whole. After an error, pages that came count for nothing.
    func list(prefix: String, onPage: ([BucketObject]) -> Void) async throws(StorageError)
    /// Stores one object where nothing has its key. Of several writers at once of a content that is uploaded in parts, the last one wins.
    /// - Throws: `stale` where something has it, which stays as it is.
    func putNew(_ upload: BucketUpload) async throws(StorageError)
    /// The content, of at most 64 MiB, and its headers; nil where there is no such object.
    func get(_ key: String) async throws(StorageError) -> HTTPResponse?
    /// The content from an offset in bytes on, piece by piece; nil where there is no such object. The status is 206 for a part, 416 where the object
    /// ends before it, and 200 where the service ignores the offset and sends everything.
    /// - Parameter length: How many bytes; nil for all to the end.
    /// - Throws: `unavailable` also for a connection that breaks after some pieces, and where `onBody` returns false.
    func read(_ key: String, from start: Int64, length: Int64?, onBody: @escaping HTTPBodyReceiver) async throws(StorageError) -> HTTPResponse?
    /// The headers of an object; nil where there is none.
    func head(_ key: String) async throws(StorageError) -> HTTPResponse?
    /// Whether the object can be read without credentials, tried with one unsigned request; nil where there is no answer.
    func isPublic(_ key: String) async -> Bool?
}
