package import JobKit
package import Settings

/// A job that does what the test says.
package struct ScriptedJob: JobType {
    package typealias Body = @Sendable (RunContext) async throws(JobError) -> RunReport

    package struct Settings: Sendable {}

    package static let typeName = "scripted"
    package static let about = "Does what a test says"
    package static func settings(from reader: inout SettingsReader) -> Settings { Settings() }

    private let body: Body

    package init(_ body: @escaping Body) { self.body = body }

    package func run(_ context: RunContext) async throws(JobError) -> RunReport { try await body(context) }
}
