import Foundation
import HTTPClient
package import JobKit
import Publishing
package import Settings

/// Publishes a folder of files as a website.
package struct PublishJob: JobType {
    /// The keys under `with`.
    package struct Settings: Sendable {
        /// The folder whose files are published.
        package var folder: String
        var target: PublishTarget?
        /// The public address that is checked afterwards.
        var probe: String?
    }

    package static let typeName = "publish"
    package static let about = "Publishes a folder of files as a website"
    package static let canDryRun = true
    package let settings: Settings
    let http: any HTTPTransport
    let now: @Sendable () -> Date

    package static func settings(from reader: inout SettingsReader) -> Settings {
        Settings(
            folder: reader.path("folder", "The folder to publish") ?? "",
            target: reader.section("to", "Where the files go", isRequired: true) { PublishTarget.read(&$0) } ?? nil,
            probe: reader.url("probe", "The site's public URL, which is checked after publishing", isRequired: false))
    }

    package func findOutputs() -> [String] { settings.target?.outputs ?? [] }

    package var programs: [ProgramUse] { settings.target?.programs(in: settings.folder) ?? [] }
    package var addresses: [AddressUse] { settings.probe.map { [AddressUse("probe", $0)] } ?? [] }

    /// Whether the folder exists and the target can be reached. Sends requests to a bucket; uploads nothing.
    package func diagnose(environment: [String: String]) async -> [JobCheck] {
        let path = settings.folder
        let exists = (try? await JobError.from { _ throws(SiteError) in FileManager.default.fileExists(atPath: path) }) == true
        let folder = JobCheck("folder", exists ? .ok : .warning, exists ? settings.folder : "\(settings.folder) does not exist yet")
        return [folder] + [await settings.target?.diagnose(http: http, environment: environment, now: now)].compactMap(\.self)
    }

    /// Publishes what has changed. Suspends; the disk work is done on threads of its own. A dry run lists the changes.
    /// - Throws: Where the folder can't be read or the target can't be used. An interrupted publication continues at the next run.
    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        guard let target = settings.target else { throw JobError("where to publish to is not configured") }
        switch target {
        case .bucket(let bucket):
            return try await SitePublication(source: .folder(settings.folder), target: bucket, probe: settings.probe, http: http, context: context).run().report
        case .command(let command): return try await command.run(in: settings.folder, scratch: context.scratch, context)
        }
    }
}
