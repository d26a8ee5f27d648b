import Files
import Foundation
import JSON5
package import JobKit
package import Settings
import Synchronization

/// Sets keys in a file of JSON or JSON5 that an app and its user change too, and leaves the rest as it is.
package struct JSONMergeJob: JobType {
    /// The keys under `with`.
    package struct Settings: Sendable {
        /// The file's absolute path. Links are followed when it is opened.
        package var file: String
        var operations: [MergeOperation]
        var validator: MergeValidator?
    }

    package static let typeName = "json-merge"
    package static let about = "Sets keys in a JSON or JSON5 file and leaves the rest of it unchanged"
    package static let canDryRun = true
    /// A file that changes while it is worked on is read again so often.
    private static let mostTries = 3

    package let settings: Settings

    package func findOutputs() -> [String] { [settings.file] }

    package var programs: [ProgramUse] { settings.validator.map { [ProgramUse("validate", $0.program, isNeeded: false)] } ?? [] }

    package static func settings(from reader: inout SettingsReader) -> Settings {
        let file = reader.path("file", "The file; created if it is missing")
        let merge = reader.jsonObject("merge", "JSON Merge Patch (RFC 7396): objects are merged, null removes a key, any other value replaces")
        let defaults = reader.jsonObject("defaults", "Values that are set only where the key is missing, so that the app and its user may change them")
        let union = reader.jsonLists("union", "Lists that are sets, by path such as gateway.controlUi.allowedOrigins: missing elements are added")
        let validator = reader.section("validate", "A program that checks the new file before it replaces the old one", MergeValidator.read)
        reader.formerly("unite", "union")
        if !["merge", "defaults", "union"].contains(where: reader.has) {
            reader.report(at: reader.place, "there is nothing to put into the file", hint: "write \"merge\", \"defaults\" or \"union\"")
        }
        return Settings(
            file: file ?? "",
            operations: (merge?.members ?? []).map { .patch([$0.key], $0.value) } + (defaults?.members ?? []).map { .fill([$0.key], $0.value) }
                + union.map { .union($0.path, $0.elements) },
            validator: validator ?? nil)
    }

    /// How many keys a run would change. Reads the file, on a thread of its own; starts no validator.
    package func diagnose(environment: [String: String]) async -> [JobCheck] {
        do throws(JobError) { return try await JobError.onThread { look() } } catch { return [JobCheck("file", error)] }
    }

    private func look() -> [JobCheck] {
        do throws(JobError) {
            guard let file = try MergeFile(settings.file, makingFolder: false), let content = try file.read() else {
                return [JobCheck("file", .ok, "\(settings.file) will be made")]
            }
            do throws(JSONSyntaxError) {
                let changes = settings.operations.applied(to: try content.document()).changes
                return [
                    JobCheck("file", .ok, changes.isEmpty ? "\(file.path) is as it should be" : "\(changes.count.counted("key")) to change in \(file.path)")
                ]
            } catch {
                return [JobCheck("file", .warning, "\(file.path):\(error)", hint: "a run sets it aside, and starts with a copy of it or a new one")]
            }
        } catch {
            return [JobCheck("file", error)]
        }
    }

    /// Merges, lets the validator check a candidate next to the file, and replaces the file in one step. A file that is not valid JSON5 is kept
    /// under another name, and replaced by the app's newest copy or an empty object with the settings in it.
    /// - Throws: Where the file can't be read or written, holds something other than an object, or changes three times while this runs.
    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        guard let file = try await open(context) else {
            return foreseen(settings.operations.applied(to: JSONDocument()).changes, settings.file, context)
        }
        for _ in 0..<JSONMergeJob.mostTries {
            if let report = try await attempt(file, context) { return report }
            context.log("\(file.path) was changed by another program meanwhile; reading it again")
        }
        throw JobError("\(file.path) is changed again and again while it is worked on", hint: "run this before the app starts", retry: .worthwhile)
    }

    private func open(_ context: RunContext) async throws(JobError) -> MergeFile? {
        let isDryRun = context.isDryRun
        return try await JobError.onThread { () throws(JobError) in
            let file = try MergeFile(settings.file, makingFolder: !isDryRun)
            // What a run that was killed has left.
            if !isDryRun { file?.removeCandidate() }
            return file
        }
    }

    /// What the work begins with.
    private struct Start: Sendable {
        /// Nil where there is no file.
        var content: MergeFile.Content?
        var document = JSONDocument()
        /// Why the file itself is unusable, and what takes its place.
        var loss: (problem: String, source: String)?

        /// Whether the file can stay as it is where nothing is to be changed.
        var isUntouched: Bool { content?.isBlank == false && loss == nil }
    }

    /// Nil where another program has changed the file meanwhile.
    private func attempt(_ file: MergeFile, _ context: RunContext) async throws(JobError) -> RunReport? {
        let start = try await JobError.onThread { () throws(JobError) in try begin(with: file) }
        if start.document.value.members == nil { throw JobError("\(file.path) holds no group of keys", hint: "it should begin with {") }
        try refuseNoLists(start.document, file)
        let wanted = settings.operations.applied(to: start.document).changes
        if wanted.isEmpty, start.isUntouched {
            return RunReport(summary: "\(file.path) is as it should be", result: .settings(SettingsFacts(changed: 0)))
        }
        if context.isDryRun {
            if let loss = start.loss { context.log("\(loss.problem); would begin with \(loss.source)") }
            return foreseen(wanted, file.path, context)
        }
        let report: Result<RunReport?, JobError>
        do throws(JobError) { report = .success(try await change(file, start, context)) } catch { report = .failure(error) }
        // Where no thread can be started, the next run removes it.
        try? await JobError.onThread { file.removeCandidate() }
        return try report.get()
    }

    private func change(_ file: MergeFile, _ start: Start, _ context: RunContext) async throws(JobError) -> RunReport? {
        let result = try await trial(start, file, context)
        let (new, changes) = result.kept.applied(to: start.document)
        tell(changes, result, context)
        if changes.isEmpty, start.isUntouched { return report(changes, result, nil, file) }
        let now = context.clock.now
        let replaced = try await JobError.onThread { () throws(JobError) -> (isDone: Bool, words: String?) in
            try file.writeCandidate(new.bytes, like: start.content?.status)
            let words = try start.loss.map { loss throws(JobError) in
                "it could not be read (\(loss.problem)) and is kept as \(try file.keep(at: now)); began with \(loss.source)"
            }
            return (try file.takeOver(since: start.content?.status), words)
        }
        guard replaced.isDone else { return nil }
        if let words = replaced.words { context.log(words) }
        return report(changes, result, replaced.words, file)
    }

    /// Blocks.
    private func begin(with file: MergeFile) throws(JobError) -> Start {
        guard let content = try file.read() else { return Start() }
        do throws(JSONSyntaxError) { return Start(content: content, document: try content.document()) } catch {
            let copy = file.newestCopy()
            return Start(
                content: content, document: copy?.document ?? JSONDocument(),
                loss: ("\(file.path):\(error)", copy.map { "the copy \($0.path)" } ?? "an empty file"))
        }
    }

    private func refuseNoLists(_ document: JSONDocument, _ file: MergeFile) throws(JobError) {
        for case .union(let path, let elements) in settings.operations {
            var document = document
            do throws(JSONDocument.NoList) { _ = try document.union(elements, at: path) } catch {
                throw JobError(
                    "\(JSONPath.text(path)) in \(file.path) is not a list, so nothing can be added to it",
                    hint: "make it one, or put it under \"merge\" instead of \"union\"")
            }
        }
    }

    private func trial(_ start: Start, _ file: MergeFile, _ context: RunContext) async throws(JobError) -> AcceptedSubsetSearch.Result {
        guard let validator = settings.validator else { return AcceptedSubsetSearch.Result(kept: settings.operations) }
        let failure = Mutex<JobError?>(nil)
        var trial = AcceptedSubsetSearch(base: start.document) { candidate in
            do throws(JobError) {
                try await JobError.onThread { () throws(JobError) in try file.writeCandidate(candidate.bytes, like: start.content?.status) }
                return try await validator.judge(file.candidatePath, context)
            } catch {
                failure.withLock { $0 = $0 ?? error }
                return .unknown(error.summary)
            }
        }
        let result = await trial.run(settings.operations)
        if Task.isCancelled { throw JobError("stopped before the file was written") }
        if let failure = failure.withLock({ $0 }) { throw failure }
        return result
    }

    // MARK: Words

    private func tell(_ changes: [JSONChange], _ result: AcceptedSubsetSearch.Result, _ context: RunContext) {
        for change in changes { context.log("\(change)") }
        for path in result.dropped { context.log("left out, since the validator rejects it: \(JSONPath.text(path))") }
        if let note = result.note { context.log(note) }
    }

    private func report(_ changes: [JSONChange], _ result: AcceptedSubsetSearch.Result, _ loss: String?, _ file: MergeFile) -> RunReport {
        var parts = ["\(file.path): \(changes.isEmpty ? "nothing changed" : "\(changes.count.counted("key")) changed")"]
        if !result.dropped.isEmpty { parts.append("rejected and left out: \(result.dropped.map(JSONPath.text).joined(separator: ", "))") }
        parts += [result.note, loss].compactMap(\.self)
        return RunReport(summary: parts.joined(separator: "; "), result: .settings(SettingsFacts(changed: changes.count, rejected: result.dropped.count)))
    }

    private func foreseen(_ changes: [JSONChange], _ path: String, _ context: RunContext) -> RunReport {
        for change in changes { context.log("\(change)") }
        return RunReport(summary: "dry run: \(changes.count.counted("key")) to change in \(path); nothing was changed")
    }
}

extension SettingsReader {
    fileprivate mutating func jsonObject(_ key: String, _ about: String) -> JSONValue? {
        guard let node = node(SettingShape(key, about, .map(.anything))) else { return nil }
        guard node.entries != nil else {
            report(at: node.place, "\"\(qualified(key))\" takes a group of keys, not \(node.kind)")
            return nil
        }
        return node.json
    }

    fileprivate mutating func jsonLists(_ key: String, _ about: String) -> [(path: [String], elements: [JSONValue])] {
        guard let node = node(SettingShape(key, about, .map(.list(.anything)))) else { return [] }
        guard let entries = node.entries else {
            report(
                at: node.place, "\"\(qualified(key))\" takes a group of paths, not \(node.kind)",
                hint: "write for example { gateway.trustedProxies: [\"127.0.0.1\"] }")
            return []
        }
        return entries.compactMap { entry in
            guard let path = JSONPath.parse(entry.key) else {
                report(at: entry.place, "\"\(entry.key)\" is not a path", hint: "write names with dots between them; a dot within a name is written \\.")
                return nil
            }
            guard case .list(let elements) = entry.value.json else {
                report(at: entry.value.place, "\"\(qualified(key)).\(entry.key)\" takes a list, not \(entry.value.kind)", hint: "write [one, two]")
                return nil
            }
            return (path, elements)
        }
    }
}
