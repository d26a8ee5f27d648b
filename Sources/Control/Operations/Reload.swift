package enum ReloadOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "dry_run": ParameterNote("Whether only to say what would happen")
        ]

        package var dryRun: Bool?

        package init(dryRun: Bool? = nil) { self.dryRun = dryRun }
    }

    package static let name = "reload"
    package static let path = "reload"
    package static let summary = "Reload the configuration; an invalid file is rejected and the current one stays active."
    package static let effect = OperationEffect.changes

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> ReloadAnswer {
        await program.reload(request.dryRun == true ? .rehearsed : .applied)
    }
}
