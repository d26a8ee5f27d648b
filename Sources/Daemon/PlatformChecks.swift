package import Config
import Files
import Foundation
package import HTTPClient
package import JobKit
package import Platforms
import Settings

/// Looks at this container the way its platform will.
package struct PlatformChecks: Sendable {
    package let platform = ContainerEnvironment.platform
    package let file: ConfigurationFile

    package init(file: ConfigurationFile) { self.file = file }

    /// What can be said without asking anybody, the plain facts first. The disk is looked at on a thread of its own.
    package func local(_ configuration: Configuration) async -> [JobCheck] {
        [PlatformAdvice.found(platform, stopBudget: configuration.stopBudget)] + (await warnings())
    }

    /// Only what is worth a warning. The disk is looked at on a thread of its own; nothing is found where none can be started.
    package func warnings() async -> [JobCheck] { await DedicatedThread.run { _ in look() } ?? [] }

    private func look() -> [JobCheck] {
        let home = ContainerEnvironment.own["HOME"]
        let found = [
            PlatformAdvice.home(home, isWritable: FileManager.default.isWritableFile(atPath: home ?? "/"), user: getuid()),
            PlatformAdvice.tunnels(findTunnels(), on: platform),
        ]
        return found.compactMap(\.self) + PlatformAdvice.movingVersions(in: ContainerEnvironment.own) + findMovingVersions()
    }

    private func findTunnels() -> [String] {
        let folders = (ContainerEnvironment.own["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        return PlatformAdvice.tunnels.compactMap { name in folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) } }
    }

    private func findMovingVersions() -> [JobCheck] {
        let dockerfile = URL(fileURLWithPath: file.path).deletingLastPathComponent().appendingPathComponent("Dockerfile").path
        return [file.path, dockerfile].flatMap { path -> [JobCheck] in
            guard let data = FileManager.default.contents(atPath: path) else { return [] }
            return PlatformAdvice.movingVersions(in: String(decoding: data, as: UTF8.self), file: path).map {
                JobCheck("versions", .warning, "\($0.place): \($0.message)", hint: $0.hint)
            }
        }
    }

    /// Whether visitors without a token are let in. Asks the platform.
    package func visibility(_ http: any HTTPTransport) async -> JobCheck? {
        guard platform.kind == .huggingface, let space = ContainerEnvironment.own["SPACE_ID"] else { return nil }
        let hub = ContainerEnvironment.own["HF_ENDPOINT"].flatMap { $0.isEmpty ? nil : $0 } ?? "https://huggingface.co"
        let status: Int
        do { status = try await http.send(HTTPRequest("GET", "\(hub)/api/spaces/\(space)", timeout: .seconds(10))).status } catch {
            return JobCheck("visibility", .warning, "\(hub) can't be asked whether the Space is private: \(error)")
        }
        guard status == 401 || status == 404 else { return JobCheck("visibility", .ok, "the Space is public") }
        return JobCheck(
            "visibility", .warning, "the Space is private: a monitor that shows no token gets 404 whether it is awake or not",
            hint: "make it public or protected, or give the monitor the header X-HF-Authorization: Bearer and a token")
    }
}
