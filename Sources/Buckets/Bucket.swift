package import Foundation
package import HTTPClient

/// How far bytes have come on their way to or from a store.
package typealias StoreProgress = @Sendable (_ done: Int64, _ total: Int64) -> Void

/// An object of a bucket, as a listing reports it.
package struct BucketObject: Hashable, Sendable {
    package var key: String
    package var size: Int64
    /// MD5 of the content in lower-case hexadecimal digits; nil where the store's tag is something else.
    package var md5: String?
    /// What changes with the content, in lower case and without quotes; empty where the store reports nothing.
    package var tag: String
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
    package var key: String
    package var body: HTTPBody
    /// What is stored with it and said to anyone who asks, such as `Content-Type` and `Cache-Control`.
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

/// Named bytes without versions, each put and deleted for itself: what websites are served from.
package protocol Bucket: Sendable {
    /// Everything under a prefix, in the order of the keys' bytes.
    func list(prefix: String) async throws(StorageError) -> [BucketObject]
    /// Stores one object, checked on arrival.
    func put(_ upload: BucketUpload) async throws(StorageError)
    /// Deletes objects; one that is not there is not a problem.
    func delete(_ keys: [String]) async throws(StorageError)
}

/// A bucket whose objects can be had back.
package protocol ReadableBucket: Bucket {
    /// Stores one small object where nothing has its key.
    /// - Throws: `stale` where something has it, which stays as it is.
    func putNew(_ upload: BucketUpload) async throws(StorageError)
    /// The content and the headers it is stored with; nil where there is no such object.
    func get(_ key: String) async throws(StorageError) -> HTTPResponse?
    /// The content from an offset on, piece by piece; nil where there is no such object.
    func read(_ key: String, from start: Int64, onBody: @escaping HTTPBodyReceiver) async throws(StorageError) -> HTTPResponse?
    /// The headers of an object; nil where there is none.
    func head(_ key: String) async throws(StorageError) -> HTTPResponse?
    /// Whether anybody at all may read an object; nil where that can't be found out.
    func isPublic(_ key: String) async -> Bool?
}
