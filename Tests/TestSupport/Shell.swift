package import Foundation

/// Programs that tests call on.
package enum Shell {
    package struct Result: Sendable {
        package var status: Int32
        package var output: String
        package var errors: String
    }

    /// Runs a line of shell and waits for it.
    @discardableResult
    package static func run(_ line: String, environment: [String: String] = [:], folder: String? = nil) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", line]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        let (out, err) = (
            FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString),
            FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        )
        for file in [out, err] { FileManager.default.createFile(atPath: file.path, contents: nil) }
        defer { for file in [out, err] { try? FileManager.default.removeItem(at: file) } }
        process.standardOutput = try FileHandle(forWritingTo: out)
        process.standardError = try FileHandle(forWritingTo: err)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return Result(
            status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
            output: String(decoding: try Data(contentsOf: out), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: err), as: UTF8.self))
    }

    /// The Python with the packages that tests need; "./run test" makes it.
    package static var python: String { ProcessInfo.processInfo.environment["SHIPKEEPER_TEST_PYTHON"] ?? "python3" }
}
