package import Buckets
import Files
import Foundation

extension HubBackend {
    /// Ends a line of a commit's description that names the publication.
    private static let mark = "shipkeeper-publication: "
    private static let removalTries = 4

    // MARK: Saving

    /// Uploads large contents by LFS. Text that the Hub wants in the commit itself is carried by the result.
    /// - Throws: `unauthorized` before anything is uploaded where the token may not write.
    package func save(_ object: NewObject, onProgress: StoreProgress?) async throws(StorageError) -> SavedObject {
        try BackendName.check(object.name)
        let content = try await DedicatedThread.run { flag throws(StorageError) in try HubObject(object, flag) }
        try await dataset.checkMayWrite()
        let upload = HubUpload(calls: calls)
        let announced = try await upload.announce([content])[content.name]
        let size = content.size
        guard let announced, !announced.isThere else {
            return SavedObject(name: object.name, size: try await status(object.name)?.size ?? size, isNew: false)
        }
        switch announced.way {
        case .large:
            try await upload.send([content], onProgress)
            return SavedObject(name: object.name, size: size, isNew: true, sha256: content.sha256)
        case .regular, .unchanged:
            let carried = try await DedicatedThread.run { _ throws(StorageError) in try content.contents() }
            onProgress?(size, size)
            return SavedObject(name: object.name, size: size, isNew: true, sha256: content.sha256, carried: carried)
        }
    }

    // MARK: Publishing

    package func head() async throws(StorageError) -> PublishToken? { PublishToken(try await newest().id) }

    /// One commit with the head as its parent. A publication that changes nothing makes none, and the head stays.
    package func publish(_ publication: Publication, expecting expected: PublishToken?) async throws(StorageError) -> PublishToken {
        try publication.check()
        let head = try await newest()
        if HubBackend.is(head, publication) { return PublishToken(head.id) }
        guard head.id == expected?.text else { throw .stale("another client has written to \(calls.address.dataset) since this one last looked") }
        var new = publication.saved.filter(\.isNew)
        for object in publication.objects { new.append(try await save(object)) }
        let removed = try await find(publication.removed)
        let lines = new.filter(\.isNew).map(HubBackend.line) + removed.map { HubCommitLine.deletion($0.path) }
        guard !lines.isEmpty else { return PublishToken(head.id) }
        let header = HubCommitLine.header(title: publication.title, description: HubBackend.mark + publication.id, parent: head.id)
        let token = try await HubCommit(calls: calls, history: history).make(HubCommitLine.body([header] + lines)) {
            PublishToken($0)
        } landed: {
            () async throws(StorageError) in
            let newest = try await history.newest()
            if newest.id == head.id { return nil }
            guard HubBackend.is(newest, publication) else { throw .stale("another client has written to \(calls.address.dataset) meanwhile") }
            return PublishToken(newest.id)
        }
        try await free(removed)
        return token
    }

    private static func `is`(_ commit: HubMessages.Commit, _ publication: Publication) -> Bool {
        (commit.message ?? "").split(separator: "\n").contains { $0 == mark + publication.id }
    }

    private static func line(_ object: SavedObject) -> HubCommitLine {
        if let carried = object.carried { return .regular(object.name, carried) }
        return .large(object.name, sha256: object.sha256 ?? "", size: object.size)
    }

    // MARK: Removing

    /// One commit, made again where another writer was faster.
    package func remove(_ names: [String]) async throws(StorageError) {
        for name in names { try BackendName.check(name) }
        for round in 1...HubBackend.removalTries {
            let head = try await newest()
            let there = try await find(names)
            if there.isEmpty { return }
            do throws(StorageError) {
                let publication = Publication(removing: there.map(\.path), title: "Remove \(there.count) files", at: calls.now())
                _ = try await publish(publication, expecting: PublishToken(head.id))
                return
            } catch {
                guard error.kind == .stale, round < HubBackend.removalTries else { throw error }
            }
        }
    }

    /// Deletes the contents of files that are gone, and that no other file has, where the settings say so.
    private func free(_ removed: [HubMessages.TreeItem]) async throws(StorageError) {
        var contents = Set(removed.compactMap(\.lfs?.oid))
        guard freesSpace, !contents.isEmpty else { return }
        try await files("") { page in contents.subtract(page.compactMap(\.lfs?.oid)) }
        try await HubGarbageCollection(calls: calls).delete(contents: contents)
    }
}
