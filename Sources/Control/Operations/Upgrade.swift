package enum UpgradeOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "program": ParameterNote("The path of the program that takes over; the file that this program was started from where it is missing")
        ]

        package var program: String?

        package init(program: String? = nil) { self.program = program }
    }

    package static let name = "upgrade"
    package static let path = "upgrade"
    package static let summary = "Continue with another version of shipkeeper; services are not touched."
    package static let effect = OperationEffect.replaces

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> UpgradeAnswer {
        await program.upgrade(request.program)
    }
}
