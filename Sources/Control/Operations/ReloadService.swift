import Scheduler

package enum ReloadServiceOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = ["job": ParameterNote("The service's name")]

        package var job: String

        package init(job: String) { self.job = job }
    }

    package static let name = "reload-service"
    package static let path = "jobs/{job}/reload"
    package static let summary = "Let a service reload its own configuration, as its \"reload\" says, without a restart."
    package static let effect = OperationEffect.changes

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> ServiceReloadAnswer {
        let view = try await program.job(request.job)
        guard view.definition.isService else {
            return ServiceReloadAnswer(isDone: false, message: "it is a job of the type \(view.definition.typeName); only services reload")
        }
        guard let (run, result) = await program.scheduler.reloadService(request.job) else {
            return ServiceReloadAnswer(isDone: false, message: "it is not running")
        }
        return switch result {
        case .asked(let way): ServiceReloadAnswer(isDone: true, message: way, run: run)
        case .refused(let reason): ServiceReloadAnswer(isDone: false, message: reason, run: run)
        }
    }
}

/// The answer to `reload-service`.
package struct ServiceReloadAnswer: ValueAnswer {
    /// Whether the service was asked to reload.
    package var isDone: Bool
    /// The way in which it was asked, or why it was not.
    package var message: String
    package var run: Int64?

    package init(isDone: Bool, message: String, run: Int64? = nil) {
        self.isDone = isDone
        self.message = message
        self.run = run
    }

    private enum CodingKeys: String, CodingKey {
        case isDone = "done"
        case message, run
    }
}
