import Dispatch
import Foundation

/// The built program, started as a person would start it. It runs as the user whom its folder is for.
package final class RunningProgram: @unchecked Sendable {
    package let folder: TemporaryFolder
    // Set up before anybody else knows of it, and asked only what any thread may ask.
    private let process = Process()
    private let end = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - prefix: Words before the program, such as `unshare --pid --fork --mount-proc`.
    ///   - without: Variables that are taken from its environment.
    ///   - stopBudget: What is put in where the configuration names none: a busy machine needs longer than a platform gives. Nil for the platform's own.
    package init(
        _ configuration: String, in folder: TemporaryFolder, prefix: [String] = [], flags: [String] = [], environment: [String: String] = [:],
        without: [String] = [], stopBudget: String? = "2m"
    ) throws {
        self.folder = folder
        let account = folder.account
        var configuration = configuration
        if let stopBudget, !configuration.contains("stop_budget:") { configuration += "\nstop_budget: \(stopBudget)\n" }
        try folder.write("shipkeeper.yaml", configuration)
        if account.isOther, !FileManager.default.fileExists(atPath: folder["state"]) { try folder.renew("state") }
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = prefix + account.prefix + [SourceTree.program, "run", "--config", folder["shipkeeper.yaml"]] + flags
        var variables = ProcessInfo.processInfo.environment.merging(account.environment) { $1 }.merging(environment) { $1 }
        for name in without { variables[name] = nil }
        process.environment = variables
        let log = folder["log.txt"]
        if !FileManager.default.fileExists(atPath: log) { _ = FileManager.default.createFile(atPath: log, contents: nil) }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        try handle.seekToEnd()
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        process.terminationHandler = { [end] _ in end.signal() }
        try process.run()
        // The process has its own: with more than 1024 descriptors Foundation's could not start any other.
        try handle.close()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    package var id: Int32 { process.processIdentifier }
    package var isRunning: Bool { process.isRunning }
    package var log: String { folder.read("log.txt") ?? "" }

    /// A command line of the program about this one, by the same user.
    @discardableResult
    package func ask(_ words: String) throws -> Shell.Result {
        try Shell.run("\(folder.account.commandPrefix)'\(SourceTree.program)' \(words) --state '\(folder["state"])'", environment: folder.account.environment)
    }

    /// Waits until a line of shell exits with 0; false when it never does.
    ///
    /// - Parameter seconds: A guard against waiting for ever. It decides nothing where all is well, however busy the machine is.
    /// - Parameter isOver: Whether it can't become true any more.
    package static func until(_ line: String, seconds: Int = 300, isOver: () -> Bool = { false }) throws -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        var pause = 0.02
        while try Shell.run("( \(line) ) >/dev/null 2>&1").status != 0 {
            if ContinuousClock.now > end { return false }
            if isOver() { return try Shell.run(line).status == 0 }
            Thread.sleep(forTimeInterval: pause)
            pause = min(pause * 1.5, 0.4)
        }
        return true
    }

    /// The same; false also when the program has ended meanwhile, and its log must hold why.
    package func until(_ line: String) throws -> Bool {
        try RunningProgram.until(line) { kill(id, 0) != 0 }
    }

    /// Waits for words in the log.
    package func says(_ words: String) throws -> Bool { try until("grep -qF -- '\(words)' '\(folder["log.txt"])'") }

    /// Waits until a job has ended well in this start of the program, as the program itself tells: its log may be that of an earlier one too.
    package func hasDone(_ job: String) throws -> Bool {
        let query = ".jobs[] | select(.name == \"\(job)\") | .run == null and .last.outcome == \"succeeded\" and .last.started_at >= $root.started_at"
        return try until("'\(SourceTree.program)' status --json --state '\(folder["state"])' | jq '.data | . as $root | \(query)' | grep -qx true")
    }

    /// Waits until it can be asked.
    package func answers() throws -> Bool { try until("'\(SourceTree.program)' status --state '\(folder["state"])'") }

    package func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for the end; gives the exit code.
    package func wait() -> Int32 {
        end.wait()
        end.signal()
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }

    package func stop() -> Int32 {
        send(SIGTERM)
        return wait()
    }

    /// Kills it together with its process 1, and waits until both are gone: what they have started stays.
    package func killAll() throws {
        let children = try Shell.run("pgrep -P \(id)").output.split(separator: "\n").compactMap { Int32($0) }
        for process in [id] + children { kill(process, SIGKILL) }
        _ = wait()
        for child in children { _ = try RunningProgram.until("! grep -q '^State:.[^Z]' /proc/\(child)/status") }
    }
}
