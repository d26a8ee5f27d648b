package import Foundation
import InPlaceRestore
import JobKit
import Scheduler

package enum RestoreOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "at": ParameterNote("The beginning of its id, an instant, or latest, which it is where it is missing"),
            "repository": ParameterNote("Where the configuration has several"),
            "backup": ParameterNote("Whether the current data are backed up first; true where it is missing"),
        ]

        package var at: String?
        package var repository: String?
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

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> RestoreAnswer {
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
    package static let disclosure = OperationDisclosure.state

    package static func run(_ request: NoParameters, on program: Operations, via caller: Caller) async throws(OperationError) -> RestoreAnswer {
        RestoreAnswer(await program.restoring.progress, await program.scheduler.snapshot())
    }
}

package enum RestorePreviewOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "at": ParameterNote("Which backup: the beginning of its id, an instant, or latest"),
            "repository": ParameterNote("The repository's name"),
        ]

        package var at: String?
        package var repository: String?

        package init(at: String? = nil, repository: String? = nil) {
            self.at = at
            self.repository = repository
        }
    }

    package static let name = "restore-preview"
    package static let path = "restore/preview"
    package static let summary = "Show what a restore in place would replace by which backup."
    package static let effect = OperationEffect.reads

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> RestorePreviewAnswer {
        switch await program.previewRestore(request.at ?? "latest", request.repository) {
        case .success(let answer): return answer
        case .failure(let error): throw .refused(error)
        }
    }
}

/// The data that a restore would replace, and the backup that would take their place.
package struct RestorePreviewAnswer: ValueAnswer {
    package struct Size: Codable, Sendable {
        package var files: Int
        package var bytes: Int64

        package init(files: Int, bytes: Int64) {
            self.files = files
            self.bytes = bytes
        }
    }

    package var repository: String
    /// The backup's id.
    package var id: String
    package var at: Date
    package var archiveBytes: Int64
    /// What the backup holds, where this container has stored it.
    package var backup: Size?
    /// The folders and files that would be replaced.
    package var paths: [String]
    /// What is there now; nil where nothing is.
    package var current: Size?

    package init(repository: String, id: String, at: Date, archiveBytes: Int64, backup: Size?, paths: [String], current: Size?) {
        self.repository = repository
        self.id = id
        self.at = at
        self.archiveBytes = archiveBytes
        self.backup = backup
        self.paths = paths
        self.current = current
    }
}
