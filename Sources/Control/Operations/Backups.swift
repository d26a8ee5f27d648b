/// Reads backups in the repositories of the configuration in force. A repository that is not named is the only one. All but the list may take long, and
/// are refused while another one of them is under way.
package protocol BackupReading: Sendable {
    func list(_ repository: String?) async throws(OperationError) -> BackupsAnswer
    /// Does all that a restore does but write.
    func verify(_ selector: String, _ repository: String?) async throws(OperationError) -> VerifyAnswer
    /// The archive, once every byte was checked.
    func archive(_ selector: String, _ repository: String?) async throws(OperationError) -> AnswerStream
    /// - Parameters:
    ///   - folder: A whole path, of an empty or a new folder.
    ///   - path: What is at or below it, as the archive names it; nil for everything.
    func unpack(_ selector: String, _ repository: String?, into folder: String, only path: String?) async throws(OperationError) -> UnpackAnswer
}

/// There is no repository.
package struct NoBackups: BackupReading {
    package init() {}

    private var refusal: OperationError { .noSuchRepository(nil) }

    package func list(_ repository: String?) async throws(OperationError) -> BackupsAnswer { throw refusal }
    package func verify(_ selector: String, _ repository: String?) async throws(OperationError) -> VerifyAnswer { throw refusal }
    package func archive(_ selector: String, _ repository: String?) async throws(OperationError) -> AnswerStream { throw refusal }
    package func unpack(_ selector: String, _ repository: String?, into folder: String, only path: String?) async throws(OperationError) -> UnpackAnswer {
        throw refusal
    }
}

package enum BackupsOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = ["repository": ParameterNote("The repository's name, where the configuration has several")]

        package var repository: String?

        package init(repository: String? = nil) { self.repository = repository }
    }

    package static let name = "backups"
    package static let path = "backups"
    package static let summary = "List the backups in a repository, newest first."
    package static let effect = OperationEffect.reads

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> BackupsAnswer {
        try await program.backups.list(request.repository)
    }
}

/// One backup of a repository.
package struct BackupRequest: OperationRequest {
    package static let notes = [
        "backup": ParameterNote("The beginning of its id, an instant, or latest"),
        "repository": ParameterNote("The repository's name, where the configuration has several"),
    ]

    package var backup: String
    package var repository: String?

    package init(backup: String, repository: String? = nil) {
        self.backup = backup
        self.repository = repository
    }
}

package enum VerifyOperation: ControlOperation {
    package static let name = "verify-backup"
    package static let path = "backups/{backup}/verify"
    package static let summary = "Fetch a backup and check that it can be restored, without writing it."
    package static let effect = OperationEffect.reads

    package static func run(_ request: BackupRequest, on program: Operations, via caller: Caller) async throws(OperationError) -> VerifyAnswer {
        try await program.backups.verify(request.backup, request.repository)
    }
}

package enum ArchiveForm: StreamForm {
    package static let mediaType = "application/gzip"
    package static let about = "A tar archive, compressed by gzip"
    package static let schema: JSONValue = ["type": "string", "contentMediaType": "application/gzip"]
}

package enum DownloadOperation: ControlOperation {
    package static let name = "download-backup"
    package static let path = "backups/{backup}/archive"
    package static let summary = "Download a backup as a tar.gz file, once every byte of it was checked."
    package static let effect = OperationEffect.reads

    package static func run(_ request: BackupRequest, on program: Operations, via caller: Caller) async throws(OperationError) -> StreamAnswer<ArchiveForm> {
        StreamAnswer(try await program.backups.archive(request.backup, request.repository))
    }
}

package enum UnpackOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "backup": ParameterNote("The beginning of its id, an instant, or latest"),
            "repository": ParameterNote("The repository's name, where the configuration has several"),
            "to": ParameterNote("The folder in the container, empty or new, as a whole path", .path),
            "path": ParameterNote("Only this file or folder, as the archive names it"),
        ]

        package var backup: String
        package var repository: String?
        package var to: String
        package var path: String?

        package init(backup: String, repository: String? = nil, to: String, path: String? = nil) {
            self.backup = backup
            self.repository = repository
            self.to = to
            self.path = path
        }
    }

    package static let name = "unpack-backup"
    package static let path = "backups/{backup}/unpack"
    package static let summary = "Unpack a backup, or one path of it, into another folder; the app's data are not touched."
    package static let effect = OperationEffect.changes

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> UnpackAnswer {
        try await program.backups.unpack(request.backup, request.repository, into: request.to, only: request.path)
    }
}
