package enum BackupNotesOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "repository": ParameterNote("The repository's name")
        ]

        package var repository: String

        package init(repository: String) {
            self.repository = repository
        }
    }

    package static let name = "backup-notes"
    package static let path = "repositories/{repository}/notes"
    package static let summary = "Show what the running program knows of a repository's backups."
    package static let effect = OperationEffect.reads

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> BackupNotesAnswer {
        guard let notes = await program.backupNotes(request.repository) else { throw .noSuchRepository(request.repository) }
        return notes
    }
}
