import Files
import Foundation
package import JobKit
package import Settings
import Synchronization

/// A job of a plug-in: a process that gets a request on standard input, and reports its result on file descriptor 3.
package struct PluginJob: JobType {
    /// Empty: the settings come from the manifest's schema.
    package struct Settings: Sendable {}

    package static let typeName = "plug-in"
    package static let about = "An executable in any language"

    package let manifest: PluginManifest
    let values: PluginValue

    /// - Parameter values: The settings as an object, read by the manifest's schema.
    package init(_ manifest: PluginManifest, values: PluginValue) {
        self.manifest = manifest
        self.values = values
    }

    package static func settings(from reader: inout SettingsReader) -> Settings { Settings() }

    /// Whether the programs that it needs are there. The disk is looked at on a thread of its own; starts no process.
    package func diagnose(environment: [String: String]) async -> [JobCheck] {
        await DedicatedThread.run { _ in manifest.checks(path: environment["PATH"]) } ?? [JobCheck("plug-in", PluginJob.noThread)]
    }

    /// Runs the plug-in once, in a folder of the job's own below the state folder, and stores what it wants remembered, however it ended.
    /// - Throws: The plug-in's own error, with its retry advice; else why it did not end with a result and exit code 0, or broke the protocol.
    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        let folder = try await prepare(context)
        let owner = "plugin/\(manifest.name)/\(context.job)"
        let remembered = try await context.values.values(of: owner)
        let ended = Mutex<(@Sendable () -> Void)?>(nil)
        let conversation = PluginConversation(
            onProgress: { context.report($0) }, onNote: { context.log("note: \($0)") }, onFlaw: { ended.withLock { $0 }?() })
        var command = context.command(.command(manifest.command), folder: folder)
        command.environment.merge(manifest.settings.variables(of: values)) { _, own in own }
        command.environment["SHIPKEEPER_FD"] = "3"
        command.environment["SHIPKEEPER_PLUGIN"] = manifest.folder
        let request = request(context, remembered)
        guard request.count <= ProcessCommand.Conversation.most else {
            throw JobError("the settings of \(context.job) and what it remembers are larger than 1 MiB together", hint: "make its settings smaller")
        }
        command.conversation = .init(request: request) { conversation.receive($0) }
        let listening = Task { await conversation.listen() }
        let result: Result<ProcessExit, JobError>
        do throws(JobError) { result = .success(try await carryOut(command, context, ended, conversation)) } catch { result = .failure(error) }
        let told = await conversation.end(listening)
        let exit = try result.get()
        let news = withoutSecrets(told.state, context)
        // Remembered however it ended: what was done is done.
        let all = remembered.merging(news.compactMapValues(\.self)) { _, new in new }.filter { news[$0.key] != .some(nil) }
        let size = all.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        if size > PluginConversation.largestState {
            throw JobError(
                "what \(context.job) wants remembered is larger than 256 KiB with what it remembers already; nothing of it was kept",
                hint: "let the plug-in forget with null")
        }
        if !news.isEmpty { try await context.values.set(news, of: owner) }
        return try PluginJob.verdict(exit, told, manifest.name, "shipkeeper logs \(context.job) --run \(context.run)")
    }

    /// What a plug-in wants remembered is stored unchanged or not at all: redacted, it would mislead the plug-in.
    private func withoutSecrets(_ state: [String: String?], _ context: RunContext) -> [String: String?] {
        state.filter { key, value in
            let isClean = context.redacted(key) == key && value.map { context.redacted($0) == $0 } ?? true
            if !isClean { context.log("what the plug-in wants remembered as \"\(key)\" contains a secret; it was not stored") }
            return isClean
        }
    }

    /// Runs the process; it is stopped when the protocol is broken, or the task is cancelled.
    private func carryOut(
        _ command: ProcessCommand, _ context: RunContext, _ ended: borrowing Mutex<(@Sendable () -> Void)?>,
        _ conversation: PluginConversation
    ) async throws(JobError) -> ProcessExit {
        let steps = StopSteps([.init(signal: 15, wait: manifest.grace)])
        let task = Task { () -> Result<ProcessExit, JobError> in
            do throws(JobError) { return .success(try await context.finish(command, stop: steps)) } catch { return .failure(error) }
        }
        ended.withLock { $0 = { task.cancel() } }
        if conversation.isFlawed { task.cancel() }
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        return try result.get()
    }

    /// The outcome. A success takes all of a result, the exit code 0, and no error.
    static func verdict(_ exit: ProcessExit, _ told: PluginConversation.PluginResult, _ name: String, _ log: String) throws(JobError) -> RunReport {
        if let flaw = told.flaw {
            throw JobError("the plug-in \(name) does not keep to the protocol: \(flaw)", hint: "its author can find out with \"shipkeeper plugins check\"")
        }
        if var error = told.error {
            error.exitCode = exit.code
            throw error
        }
        if told.result == nil, exit == .exited(126) || exit == .exited(127) {
            throw JobError(
                "the program of the plug-in \(name) can't be run (\(exit))", hint: "is its interpreter there, and may it be executed? \(log)",
                exitCode: exit.code)
        }
        guard exit == .exited(0) else {
            let contradiction = told.result.map { ", though it said: \($0)" } ?? ""
            throw JobError("the plug-in \(name) \(exit)\(contradiction)", hint: log, retry: .worthwhile, exitCode: exit.code)
        }
        guard let result = told.result else {
            throw JobError("the plug-in \(name) ended without saying what came of it", hint: "its author forgot {\"result\": …}; \(log)", exitCode: 0)
        }
        return RunReport(summary: result, outputs: told.outputs)
    }

    private func request(_ context: RunContext, _ state: [String: String]) -> [UInt8] {
        var request: [String: PluginValue] = [
            "protocol": .integer(PluginManifest.protocolVersion), "job": .text(context.job), "run": .integer(Int(context.run)),
            "attempt": .integer(context.attempt), "scheduledAt": .text(context.scheduledAt.formatted(.iso8601)), "missed": .integer(context.missed),
            "settings": values, "state": .object(state.mapValues { .text($0) }),
        ]
        request["after"] = context.followed.map { PluginValue.object($0.fields) }
        request["deadline"] = context.deadline.map { .text($0.formatted(.iso8601)) }
        return PluginValue.object(request).bytes + [10]
    }

    private static let noThread = JobError(
        "no thread could be started", hint: "raise the limit on processes (pids.max, ulimit -u), or see what uses them up", retry: .worthwhile)

    /// Its folder, once all programs that it needs are found. The disk work is done on a thread of its own.
    private func prepare(_ context: RunContext) async throws(JobError) -> String {
        let prepared: Result<String, JobError>? = await DedicatedThread.run { _ in
            do throws(JobError) {
                try needs(context)
                return .success(try workingFolder(context))
            } catch {
                return .failure(error)
            }
        }
        guard let prepared else { throw PluginJob.noThread }
        return try prepared.get()
    }

    private func needs(_ context: RunContext) throws(JobError) {
        let missing = manifest.missingNeeds(path: context.environment["PATH"])
        if let first = missing.first {
            throw JobError(
                "the plug-in \(manifest.name) needs \(first), which is not installed", hint: "install \(missing.joined(separator: ", ")) in the container")
        }
    }

    /// A folder of its own, which stays from run to run as long as the disk does.
    private func workingFolder(_ context: RunContext) throws(JobError) -> String {
        let folder = "\(context.stateFolder)/plugins/\(context.job)"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw JobError("the folder \(folder) can't be made: \(error.localizedDescription)", hint: "is the state folder writable?")
        }
        return folder
    }
}

extension FollowedJob {
    /// As a plug-in gets it.
    fileprivate var fields: [String: PluginValue] {
        var fields: [String: PluginValue] = [
            "job": .text(job), "outcome": .text(outcome), "words": .text(message), "at": .text(at.formatted(.iso8601)), "log": .list(log.map { .text($0) }),
        ]
        fields["run"] = run.map { .integer(Int($0)) }
        return fields
    }
}
