import InPlaceRestore

package enum RestoreOperation: ControlOperation {
    package struct Request: Codable, Sendable {
        /// The beginning of its id, an instant, or latest, which it is where it is missing.
        package var at: String?
        /// Where the configuration has several.
        package var repository: String?
        /// Whether the current data are backed up first; true where it is missing.
        package var backup: Bool?

        package init(at: String? = nil, repository: String? = nil, backup: Bool? = nil) {
            self.at = at
            self.repository = repository
            self.backup = backup
        }
    }

    package static let name = "restore"
    package static let path = "restore"
    package static let summary = "Restore a backup in place."
    package static let effect = OperationEffect.changes

    package static func run(_ request: Request, on program: Operations, via caller: String) async throws(OperationError) -> RestoreAnswer {
        RestoreAnswer(
            await program.restoring.begin(
                request.at ?? "latest", repository: request.repository, current: request.backup == false ? .discard : .backUpFirst))
    }
}

package enum RestoreProgressOperation: ControlOperation {
    package static let name = "restore-progress"
    package static let path = "restore"
    package static let summary = "Show how far the restore in place has come."
    package static let effect = OperationEffect.reads

    package static func run(_ request: NoParameters, on program: Operations, via caller: String) async throws(OperationError) -> RestoreAnswer {
        RestoreAnswer(await program.restoring.progress)
    }
}
