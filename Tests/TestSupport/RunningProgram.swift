import Foundation

/// The built program, started as a person would start it.
package final class RunningProgram: @unchecked Sendable {
    package let folder: TemporaryFolder
    private let process = Process()

    /// - Parameter prefix: Words before the program, such as `unshare --pid --fork --mount-proc`.
    package init(
        _ configuration: String, in folder: TemporaryFolder, prefix: [String] = [], flags: [String] = [], environment: [String: String] = [:]
    ) throws {
        self.folder = folder
        try folder.write("shipkeeper.yaml", configuration)
        let words = prefix + [SourceTree.program, "run", "--config", folder["shipkeeper.yaml"]] + flags
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        let log = folder["log.txt"]
        if !FileManager.default.fileExists(atPath: log) { _ = FileManager.default.createFile(atPath: log, contents: nil) }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        try handle.seekToEnd()
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    package var id: Int32 { process.processIdentifier }
    package var isRunning: Bool { process.isRunning }
    package var log: String { folder.read("log.txt") ?? "" }

    /// A command line of the program about this one.
    @discardableResult
    package func ask(_ words: String) throws -> Shell.Result {
        try Shell.run("'\(SourceTree.program)' \(words) --state '\(folder["state"])'")
    }

    /// Waits until a line of shell exits with 0; false when it never does.
    package static func until(_ line: String, seconds: Int = 30) throws -> Bool {
        try Shell.run("for i in $(seq \(seconds * 20)); do ( \(line) ) >/dev/null 2>&1 && exit 0; sleep 0.05; done; exit 1").status == 0
    }

    package func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for the end; gives the exit code.
    package func wait() -> Int32 {
        while process.isRunning { usleep(20_000) }
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }

    package func stop() -> Int32 {
        send(SIGTERM)
        return wait()
    }
}
