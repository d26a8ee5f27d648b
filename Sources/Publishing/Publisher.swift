package import Files
import Foundation
package import HTTPClient
package import Storage

/// Carries out a plan: phase by phase with many connections at once, and deletions only after everything has gone up.
package struct Publisher: Sendable {
    private static let triesPerFile = 3

    let bucket: any Bucket
    /// The most uploads at once.
    let connections: Int

    package init(bucket: any Bucket, connections: Int) {
        self.bucket = bucket
        self.connections = max(1, connections)
    }

    package struct Report: Hashable, Sendable {
        package var uploaded = 0
        package var bytes: Int64 = 0
        package var deleted = 0
    }

    /// What happens on the way, in order.
    package enum Event: Sendable {
        case uploaded(SiteFile, done: Int, total: Int)
        case deleted([String])
        /// The service asked for less at once.
        case slowedDown(connections: Int)
    }

    /// - Parameters:
    ///   - content: Opens a file of the site.
    ///   - headers: What a file is stored with.
    ///   - onEvent: Told of each object once it is surely there, so that an interrupted publication can go on from it.
    package func carryOut(
        _ plan: PublishPlan, content: @escaping @Sendable (SiteFile) throws(FileError) -> HTTPBody,
        headers: @escaping @Sendable (SiteFile) -> [(name: String, value: String)],
        onEvent: @Sendable (Event) async -> Void
    ) async throws(StorageError) -> Report {
        var report = Report()
        for phase in PublishPhase.allCases {
            let uploads = plan.uploads.filter { $0.phase == phase }.map(\.file)
            try await upload(uploads, total: plan.uploads.count, &report, content, headers, onEvent)
        }
        if !plan.deletions.isEmpty {
            try await bucket.delete(plan.deletions)
            report.deleted = plan.deletions.count
            await onEvent(.deleted(plan.deletions))
        }
        return report
    }

    /// Uploads the files of one phase; returns only when all are there.
    private func upload(
        _ files: [SiteFile], total: Int, _ report: inout Report, _ content: @escaping @Sendable (SiteFile) throws(FileError) -> HTTPBody,
        _ headers: @escaping @Sendable (SiteFile) -> [(name: String, value: String)], _ onEvent: @Sendable (Event) async -> Void
    ) async throws(StorageError) {
        var queue = files.map { (file: $0, tries: 0) }[...]
        var (width, running) = (connections, 0)
        var failures: [StorageError] = []
        var fatal: StorageError?
        let bucket = bucket
        await withTaskGroup(of: (SiteFile, Int, StorageError?).self) { group in
            while true {
                while running < width, fatal == nil, let next = queue.popFirst() {
                    running += 1
                    group.addTask { (next.file, next.tries + 1, await Publisher.put(next.file, in: bucket, content, headers)) }
                }
                guard let (file, tries, error) = await group.next() else { break }
                running -= 1
                switch error?.kind {
                case nil:
                    report.uploaded += 1
                    report.bytes += file.size
                    await onEvent(.uploaded(file, done: report.uploaded, total: total))
                case .limited, .unavailable:
                    guard tries < Publisher.triesPerFile else {
                        if let error { failures.append(error) }
                        continue
                    }
                    queue.append((file, tries))
                    guard width > 1 else { continue }
                    width = max(1, width / 2)
                    await onEvent(.slowedDown(connections: width))
                case .missing, .unauthorized, .full, .cancelled: fatal = fatal ?? error
                case .stale, .damaged: if let error { failures.append(error) }
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
        _ file: SiteFile, in bucket: any Bucket, _ content: @Sendable (SiteFile) throws(FileError) -> HTTPBody,
        _ headers: @Sendable (SiteFile) -> [(name: String, value: String)]
    ) async -> StorageError? {
        let body: HTTPBody
        do { body = try content(file) } catch { return .damaged("\(file.key): \(error)") }
        guard body.length == file.size else { return .damaged("\(file.key) has changed while it was published; publish again") }
        do {
            try await bucket.put(BucketUpload(key: file.key, body: body, headers: headers(file)))
            return nil
        } catch {
            return error
        }
    }
}

extension HTTPBody {
    /// A file's content; small ones are read at once.
    package static func file(_ path: String) throws(FileError) -> HTTPBody {
        let file = try OpenFile.open(path)
        let size = try file.status().size
        if size <= 1 << 20 { return .bytes(try file.read(Int(max(1, size)), at: 0)) }
        return .stream(HTTPBodyStream(length: size) { offset, most in try? file.read(most, at: offset) })
    }
}
