import Files
import Foundation
import JSON5
package import JobKit
import Synchronization

/// Puts settings into a file of JSON or JSON5 that an app and its user change too, and leaves the rest as it is.
package struct JSONMergeJob: JobType {
    package struct Settings: Sendable {
        package var file: String
        var wishes: [MergeWish]
        var validator: MergeValidator?
    }

    package static let typeName = "json-merge"
    package static let about = "Puts settings into a file of JSON or JSON5, and leaves the rest of it as it is"
    package static let canDryRun = true
    /// A file that changes while it is worked on is read again so often.
    private static let mostTries = 3

    let settings: Settings

    package var outputs: [String] { [settings.file] }

    package static func settings(from reader: inout SettingsReader) -> Settings {
        let file = reader.path("file", "The file; it is made where it is missing")
        let merge = reader.jsonObject("merge", "What is laid over it: groups are merged, null takes away, all else replaces (RFC 7396)")
        let defaults = reader.jsonObject("defaults", "What is put in only where nothing stands yet: the app and its user may change it")
        let unite = reader.jsonLists("unite", "Lists that are sets, by their path such as gateway.controlUi.allowedOrigins: what is missing is added")
        let validator = reader.section("validate", "A program that judges the new file before it takes the old one's place", MergeValidator.read)
        if !["merge", "defaults", "unite"].contains(where: reader.has) {
            reader.report(at: reader.place, "there is nothing to put into the file", hint: "write \"merge\", \"defaults\" or \"unite\"")
        }
        return Settings(
            file: file ?? "",
            wishes: (merge?.members ?? []).map { .patch([$0.key], $0.value) } + (defaults?.members ?? []).map { .fill([$0.key], $0.value) }
                + unite.map { .unite($0.path, $0.elements) },
            validator: validator ?? nil)
    }

    package func examine(environment: [String: String]) async -> [JobCheck] {
        do throws(JobError) {
            let file = try MergeFile(settings.file)
            guard let content = try file.read() else { return [JobCheck("file", .ok, "\(file.path) will be made")] }
            do throws(JSONSyntaxError) {
                let changes = settings.wishes.applied(to: try JSONDocument(content.bytes)).changes
                return [
                    JobCheck("file", .ok, changes.isEmpty ? "\(file.path) is as it should be" : "\(changes.count.counted("key")) to change in \(file.path)")
                ]
            } catch {
                return [JobCheck("file", .warning, "\(file.path):\(error)", hint: "a run sets it aside and begins with a copy of it, or anew")]
            }
        } catch {
            return [JobCheck("file", error)]
        }
    }

    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        let file = try MergeFile(settings.file)
        // What a run that was killed has left.
        if !context.isDryRun { file.removeCandidate() }
        for _ in 0..<JSONMergeJob.mostTries {
            if let report = try await attempt(file, context) { return report }
            context.log("\(file.path) was changed by somebody else meanwhile; reading it again")
        }
        throw JobError("\(file.path) is changed again and again while it is worked on", hint: "run this before the app starts", retry: .worthwhile)
    }

    /// Nil where the file was changed under our hands.
    private func attempt(_ file: MergeFile, _ context: RunContext) async throws(JobError) -> RunReport? {
        let content = try file.read()
        var (document, loss) = (JSONDocument(), String?.none)
        if let content {
            do throws(JSONSyntaxError) { document = try JSONDocument(content.bytes) } catch {
                (document, loss) = try replacement(for: file, because: error, context)
            }
            if document.value.members == nil { throw JobError("\(file.path) holds no group of keys", hint: "it should begin with {") }
        }
        try refuseNoLists(document, file)
        let wanted = settings.wishes.applied(to: document).changes
        if wanted.isEmpty, content != nil, loss == nil { return RunReport(summary: "\(file.path) is as it should be", outputs: ["changed": "0"]) }
        if context.isDryRun { return foreseen(wanted, file, context) }

        defer { file.removeCandidate() }
        let result = try await trial(document, file, content?.status, context)
        let (new, changes) = result.kept.applied(to: document)
        tell(changes, result, context)
        if changes.isEmpty, content != nil, loss == nil { return report(changes, result, loss, file) }
        try file.writeCandidate(new.bytes, like: content?.status)
        guard try file.takeOver(since: loss == nil ? content?.status : nil) else { return nil }
        return report(changes, result, loss, file)
    }

    /// What a file that can't be read gives way to, and what is to be said of that.
    private func replacement(for file: MergeFile, because error: JSONSyntaxError, _ context: RunContext) throws(JobError) -> (JSONDocument, String) {
        let copy = file.newestCopy()
        let source = copy.map { "the copy \($0.path)" } ?? "an empty file"
        let problem = "\(file.path):\(error)"
        guard !context.isDryRun else { return (copy?.document ?? JSONDocument(), "\(problem); would begin with \(source)") }
        let aside = try file.setAside(at: context.clock.now)
        let words = "it could not be read (\(problem)) and is kept as \(aside); began with \(source)"
        context.log(words)
        return (copy?.document ?? JSONDocument(), words)
    }

    private func refuseNoLists(_ document: JSONDocument, _ file: MergeFile) throws(JobError) {
        for case .unite(let path, let elements) in settings.wishes {
            var document = document
            do throws(JSONDocument.NoList) { _ = try document.unite(elements, at: path) } catch {
                throw JobError(
                    "\(JSONPath.text(path)) in \(file.path) is no list, so nothing can be added to it",
                    hint: "make it one, or put it under \"merge\" instead of \"unite\"")
            }
        }
    }

    private func trial(_ document: JSONDocument, _ file: MergeFile, _ status: FileStatus?, _ context: RunContext) async throws(JobError) -> MergeTrial.Result {
        guard let validator = settings.validator else { return MergeTrial.Result(kept: settings.wishes) }
        let failure = Mutex<JobError?>(nil)
        var trial = MergeTrial(base: document) { candidate in
            do throws(JobError) {
                try file.writeCandidate(candidate.bytes, like: status)
                return try await validator.judge(file.candidatePath, context)
            } catch {
                failure.withLock { $0 = $0 ?? error }
                return .unknown(error.summary)
            }
        }
        let result = await trial.run(settings.wishes)
        if Task.isCancelled { throw JobError("stopped before the file was written") }
        if let failure = failure.withLock({ $0 }) { throw failure }
        return result
    }

    // MARK: Words

    private func tell(_ changes: [JSONChange], _ result: MergeTrial.Result, _ context: RunContext) {
        for change in changes { context.log("\(change)") }
        for path in result.dropped { context.log("left out, since the validator rejects it: \(JSONPath.text(path))") }
        if let note = result.note { context.log(note) }
    }

    private func report(_ changes: [JSONChange], _ result: MergeTrial.Result, _ loss: String?, _ file: MergeFile) -> RunReport {
        var parts = ["\(file.path): \(changes.isEmpty ? "nothing changed" : "\(changes.count.counted("key")) changed")"]
        if !result.dropped.isEmpty { parts.append("rejected and left out: \(result.dropped.map(JSONPath.text).joined(separator: ", "))") }
        parts += [result.note, loss].compactMap(\.self)
        return RunReport(summary: parts.joined(separator: "; "), outputs: ["changed": "\(changes.count)", "rejected": "\(result.dropped.count)"])
    }

    private func foreseen(_ changes: [JSONChange], _ file: MergeFile, _ context: RunContext) -> RunReport {
        for change in changes { context.log("\(change)") }
        return RunReport(summary: "dry run: \(changes.count.counted("key")) to change in \(file.path); nothing was changed")
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
                report(at: entry.place, "\"\(entry.key)\" is no path", hint: "write names with dots between them; a dot within a name is written \\.")
                return nil
            }
            guard let elements = entry.value.elements else {
                report(at: entry.value.place, "\"\(qualified(key)).\(entry.key)\" takes a list, not \(entry.value.kind)", hint: "write [one, two]")
                return nil
            }
            // An optional variable that is not set is no element.
            return (path, elements.map(\.json).filter { $0 != .null })
        }
    }
}
