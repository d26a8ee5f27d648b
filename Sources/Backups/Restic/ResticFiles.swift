import Archive
import Buckets
import Files
import Restic
import Storage

/// The files of an opened repository. Calls suspend for the backend; all files but packs are small.
struct ResticFiles: Sendable {
    /// How many requests go at once.
    private static let atOnce = 8

    let backend: any Backend
    let key: SealingKey

    // MARK: Reading

    /// The content of a sealed JSON file; nil where it is gone meanwhile.
    /// - Throws: `archive` where it is not what was stored.
    func json(_ name: String) async throws(BackupError) -> [UInt8]? {
        guard let bytes = try await storage({ () async throws(StorageError) in try await backend.bytes(name) }) else { return nil }
        do throws(ResticError) {
            if let id = ResticFiles.id(of: name), BlobID(of: bytes) != id { throw .damaged(name) }
            return try SealedFile.open(bytes, key, Decompressor(), name: name)
        } catch {
            throw BackupError(error)
        }
    }

    /// What a backend has answered. A tuple with a result of typed errors lost its name in an optimised build: the program was ended by a signal.
    private struct Answer: Sendable {
        var name: String
        var content: [UInt8]?
        var failure: BackupError?
    }

    private func answer(_ name: String) async -> Answer {
        do throws(BackupError) { return Answer(name: name, content: try await json(name)) } catch { return Answer(name: name, failure: error) }
    }

    /// Several of them, side by side; nil for those that are gone or damaged.
    func json(of names: [String]) async throws(BackupError) -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for start in stride(from: 0, to: names.count, by: ResticFiles.atOnce) {
            let answers = await withTaskGroup(of: Answer.self) { group in
                for name in names[start..<min(names.count, start + ResticFiles.atOnce)] { group.addTask { await answer(name) } }
                var answers: [Answer] = []
                for await answer in group { answers.append(answer) }
                return answers
            }
            for answer in answers {
                switch answer.failure {
                case nil: found[answer.name] = answer.content
                case .archive: break
                case .some(let error): throw error
                }
            }
        }
        return found
    }

    /// The names below a folder of the repository that are ids, with sizes in bytes.
    func list(_ folder: String) async throws(BackupError) -> [StoredObject] {
        try await storage { () async throws(StorageError) in try await backend.list(prefix: folder + "/") }.filter { ResticFiles.id(of: $0.name) != nil }
    }

    /// The id that a file is named by; nil where it is not.
    static func id(of name: String) -> BlobID? { name.split(separator: "/").last.flatMap { BlobID(hex: $0.utf8) } }

    // MARK: Indexes

    /// What the indexes say of packs that are there. A pack that is gone or cut short counts for nothing, so that a backup stores its blobs again; a damaged
    /// index likewise.
    func index() async throws(BackupError) -> (index: BlobIndex, files: [String: IndexFile]) {
        let names = try await list("index").map(\.name)
        let packs = try await packs()
        var (index, files) = (BlobIndex(), [String: IndexFile]())
        for (name, json) in try await json(of: names) {
            guard let file = try? IndexFile(json: json) else { continue }
            files[name] = file
            index.add(IndexFile(packs: file.packs.filter { packs[$0.pack].map($0.fits) ?? false }))
        }
        return (index, files)
    }

    /// The packs that are there, with their sizes in bytes.
    func packs() async throws(BackupError) -> [BlobID: Int64] {
        try await list("data").reduce(into: [:]) { found, object in
            if let id = ResticFiles.id(of: object.name), object.name == Pack.name(id) { found[id] = object.size }
        }
    }

    // MARK: Writing

    /// Seals JSON and stores it under the id of what came of it.
    func save(_ json: [UInt8], below folder: String) async throws(BackupError) -> SavedObject {
        let object = try sealed(json, below: folder)
        return try await storage { () async throws(StorageError) in try await backend.save(object) }
    }

    /// The object that holds sealed JSON.
    func sealed(_ json: [UInt8], below folder: String) throws(BackupError) -> NewObject {
        do throws(ResticError) {
            let bytes = SealedFile.seal(json, key, try Compressor())
            let id = BlobID(of: bytes)
            return NewObject(name: "\(folder)/\(id)", bytes: bytes, sha256: id.description)
        } catch {
            throw BackupError(error)
        }
    }

    private func storage<Value>(_ call: () async throws(StorageError) -> Value) async throws(BackupError) -> Value {
        do throws(StorageError) { return try await call() } catch { throw .store(error) }
    }
}

extension IndexFile.Entry {
    /// Whether a file of that size can hold the blobs.
    func fits(_ size: Int64) -> Bool { blobs.allSatisfy { Int64($0.offset + $0.length) <= size } }
}

extension BackupError {
    /// What an error means that comes from code of the format.
    init(restic error: any Error) { self = (error as? ResticError).map { BackupError($0) } ?? BackupError(error) }

    init(_ error: ResticError) {
        self =
            switch error {
            case .damaged, .missing: .archive(.damaged(error.description))
            case .wrongPassword:
                .store(.unauthorized("the password opens none of the repository's keys", hint: "set the password that the repository was made with"))
            case .unknownVersion: .store(.refused(error.description, hint: "migrate it with restic, or use another place"))
            case .unavailable(let message): .store(.refused(message))
            }
    }
}
