/// Looks at the configuration on the disk, and whether what it needs is there.
package protocol ConfigurationReading: Sendable {
    func check() async -> ConfigurationCheckAnswer
    /// - Throws: Where the file has mistakes.
    func resolved() async throws(OperationError) -> ConfigurationAnswer
    /// - Parameter job: Only this job and the repositories that it names; nil for everything.
    func diagnose(_ job: String?) async throws(OperationError) -> DoctorAnswer
}

package enum ConfigurationCheckOperation: ControlOperation {
    package static let name = "check-config"
    package static let path = "config/check"
    package static let summary = "Check the configuration file, and report every mistake with its place."
    package static let effect = OperationEffect.reads

    package static func run(_ request: NoParameters, on program: Operations, via caller: Caller) async throws(OperationError) -> ConfigurationCheckAnswer {
        guard let reading = program.configurationReading else { throw .starting }
        return await reading.check()
    }
}

package enum ConfigurationOperation: ControlOperation {
    package static let name = "config"
    package static let path = "config"
    package static let summary = "Show the configuration file with variables and defaults filled in, and secrets masked."
    package static let effect = OperationEffect.reads

    package static func run(_ request: NoParameters, on program: Operations, via caller: Caller) async throws(OperationError) -> ConfigurationAnswer {
        guard let reading = program.configurationReading else { throw .starting }
        return try await reading.resolved()
    }
}

package enum DoctorOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = ["job": ParameterNote("Only this job and the repositories that it names")]

        package var job: String?

        package init(job: String? = nil) { self.job = job }
    }

    package static let name = "doctor"
    package static let path = "doctor"
    package static let summary = "Check programs, credentials, repositories and publish targets, and suggest fixes."
    package static let effect = OperationEffect.reads

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> DoctorAnswer {
        if let job = request.job { _ = try await program.job(job) }
        guard let reading = program.configurationReading else { throw .starting }
        return try await reading.diagnose(request.job)
    }
}
