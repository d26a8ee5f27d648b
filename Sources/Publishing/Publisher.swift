package import Files
import Foundation
package import HTTPClient
package import Buckets

/// Carries out a plan: phase by phase with parallel uploads, and deletions only after everything was uploaded. Suspends for the network; files
/// are opened on threads of their own.
package struct Publisher: Sendable {
    private static let triesPerFile = 5
    /// Deletions that go in one request, and are reported together.
    private static let deletedTogether = 1000

    let bucket: any Bucket
    /// The most uploads at once.
    let connections: Int
    private let clock: any Clock<Duration>

    /// - Parameter connections: The most uploads at once, at least 1; halved each time the service asks for less.
    package init(bucket: any Bucket, connections: Int, clock: any Clock<Duration> = ContinuousClock()) {
        self.bucket = bucket
        self.clock = clock
        self.connections = max(1, connections)
    }

    /// What was done.
    package struct Report: Hashable, Sendable {
        /// Files that the service has confirmed.
        package var uploaded = 0
        /// Bytes of their contents.
        package var bytes: Int64 = 0
        /// Objects.
        package var deleted = 0
    }

    /// What happens on the way, in the order in which the service has confirmed it.
    package enum Event: Sendable {
        /// A file, with how many of all uploads are done.
        case uploaded(SiteFile, done: Int, total: Int)
        /// Up to 1000 objects that were deleted together.
        case deleted([ByteKey])
        /// The service asked for fewer requests: from now on at most so many uploads at once.
        case slowedDown(connections: Int)
    }

    /// - Parameters:
    ///   - content: Opens a file of the site; called on a thread of its own, and may block.
    ///   - headers: What a file is stored with.
    ///   - onEvent: Called for each object once the server has confirmed it, so that an interrupted publication can continue from there.
    package func carryOut(
        _ plan: PublishPlan, content: @escaping @Sendable (SiteFile) throws(FileError) -> HTTPBody,
        headers: @escaping @Sendable (SiteFile) -> [(name: String, value: String)],
        onEvent: @Sendable (Event) async -> Void
    ) async throws(StorageError) -> Report {
        var report = Report()
        var width = connections
        for phase in PublishPhase.allCases {
            let uploads = plan.uploads.filter { $0.phase == phase }.map(\.file)
            try await upload(uploads, total: plan.uploads.count, &width, &report, content, headers, onEvent)
        }
        var rest = plan.deletions[...]
        while !rest.isEmpty {
            let keys = Array(rest.prefix(Publisher.deletedTogether))
            rest = rest.dropFirst(keys.count)
            try await bucket.delete(keys.map(\.text))
            report.deleted += keys.count
            await onEvent(.deleted(keys))
        }
        return report
    }

    /// Uploads the files of one phase; returns only when all are there.
    private func upload(
        _ files: [SiteFile], total: Int, _ width: inout Int, _ report: inout Report, _ content: @escaping @Sendable (SiteFile) throws(FileError) -> HTTPBody,
        _ headers: @escaping @Sendable (SiteFile) -> [(name: String, value: String)], _ onEvent: @Sendable (Event) async -> Void
    ) async throws(StorageError) {
        var queue = files.map { UploadTry(file: $0) }[...]
        var running = 0
        // Those that were on their way when the service first complained say the same thing.
        var complaining = 0
        var failures: [StorageError] = []
        var fatal: StorageError?
        let (bucket, clock) = (bucket, clock)
        await withTaskGroup(of: UploadTry.self) { group in
            while true {
                while running < width, fatal == nil, let next = queue.popFirst() {
                    running += 1
                    group.addTask {
                        if next.tries > 0 { try? await clock.sleep(for: .milliseconds(Int.random(in: 100...200) << next.tries)) }
                        return next.again(await Publisher.put(next.file, in: bucket, content, headers))
                    }
                }
                guard let ended = await group.next() else { break }
                running -= 1
                complaining = max(0, complaining - 1)
                switch ended.error?.kind {
                case nil:
                    report.uploaded += 1
                    report.bytes += ended.file.size
                    await onEvent(.uploaded(ended.file, done: report.uploaded, total: total))
                case .limited, .unavailable:
                    guard ended.tries < Publisher.triesPerFile else {
                        if let error = ended.error { failures.append(error) }
                        continue
                    }
                    queue.append(ended)
                    guard width > 1, complaining == 0 else { continue }
                    complaining = running
                    width = max(1, width / 2)
                    await onEvent(.slowedDown(connections: width))
                case .missing, .unauthorized, .full, .cancelled: fatal = fatal ?? ended.error
                case .stale, .refused, .damaged: if let error = ended.error { failures.append(error) }
                }
            }
        }
        if let fatal { throw fatal }
        if let first = failures.first {
            let more = failures.count > 1 ? ", and \(failures.count - 1) more failed" : ""
            throw StorageError(first.kind, "\(first.message)\(more); nothing was deleted, and nothing that comes after was begun", hint: first.hint)
        }
    }

    private static func put(
        _ file: SiteFile, in bucket: any Bucket, _ content: @escaping @Sendable (SiteFile) throws(FileError) -> HTTPBody,
        _ headers: @Sendable (SiteFile) -> [(name: String, value: String)]
    ) async -> StorageError? {
        do {
            let body = try await DedicatedThread.run { _ throws(StorageError) in try opened(file, content) }
            try await bucket.put(BucketUpload(key: file.key.text, body: body, headers: headers(file)))
            return nil
        } catch {
            return error
        }
    }

    /// The content of a file, which must be what the plan knows of it.
    static func opened(_ file: SiteFile, _ content: (SiteFile) throws(FileError) -> HTTPBody) throws(StorageError) -> HTTPBody {
        let body: HTTPBody
        do { body = try content(file) } catch { throw .damaged("\(file.key): \(error)") }
        var isSame = body.length == file.size
        if case .bytes(let bytes) = body { isSame = isSame && bytes.md5Digits == file.md5 }
        guard isSame else { throw .damaged("\(file.key) has changed while it was published; publish again") }
        return body
    }
}

extension HTTPBody {
    /// An open file's content: up to 1 MiB is read at once, more is read while it is sent. Blocks for the disk.
    package static func file(_ file: OpenFile) throws(FileError) -> HTTPBody {
        let size = try file.status().size
        if size <= 1 << 20 { return .bytes(try file.read(Int(max(1, size)), at: 0)) }
        return .stream(HTTPBodyStream(length: size) { offset, most in try? file.read(most, at: offset) })
    }
}

/// A file that is uploaded, with how often that was tried. A structure: an optimised build does not keep a tuple that a task group returns whole.
private struct UploadTry: Sendable {
    let file: SiteFile
    private(set) var tries = 0
    /// Why the last try failed; nil where it succeeded.
    private(set) var error: StorageError?

    init(file: SiteFile) { self.file = file }

    func again(_ error: StorageError?) -> UploadTry {
        var next = self
        next.tries += 1
        next.error = error
        return next
    }
}
