import Foundation
import JobKit
import Scheduler
import Settings
import TimeZones

/// Reads `on`: a word, a list of words, or a group of keys.
enum TriggerKeys {
    private static let words = ["boot", "stop"]
    /// What groups can have, found once: it is asked for with each job.
    private static let shapes = SettingsReader.shapes { _ = group(&$0, zone: .utc) }
    private static let afterShapes = SettingsReader.shapes { _ = afterGroup(&$0) }

    static func read(_ reader: inout SettingsReader, zone: Zone) -> [Trigger] {
        let kind = SettingShape.Kind.either([
            .choice(words), .list(.choice(words)),
            .section(shapes),
        ])
        guard let node = reader.node(SettingShape("on", "What makes the job due; a person can always start it", kind)) else {
            return []
        }
        if node.entries != nil { return reader.nested(node, path: reader.qualified("on"), known: shapes) { group(&$0, zone: zone) } }
        return (node.elements ?? [node]).compactMap { element in
            switch element.text {
            case "boot": return .boot
            case "stop": return .stop
            default:
                reader.report(
                    at: element.place, "\"on\" is \(element.kind)",
                    hint: meant(element.text) ?? "write boot, stop, or a group such as { every: 30m } or { cron: \"0 3 * * *\" }")
                return nil
            }
        }
    }

    /// What to write instead of a schedule that is not in a group.
    private static func meant(_ text: String?) -> String? {
        guard let text else { return nil }
        if DurationText.parse(text) != nil { return "write { every: \(text) }" }
        for cron in [text, "@\(text.lowercased())"] where (try? CronExpression(cron)) != nil { return "write { cron: \"\(cron)\" }" }
        return nil
    }

    private static func group(_ reader: inout SettingsReader, zone: Zone) -> [Trigger] {
        var triggers: [Trigger] = []
        if reader.boolean("boot", "Once at each start of the program", default: false) { triggers.append(.boot) }
        if reader.boolean("stop", "Once when the program is asked to stop", default: false) { triggers.append(.stop) }
        let every = reader.optionalDuration("every", "Again and again at this distance", in: .milliseconds(100) ... .seconds(3650 * 86_400))
        let atStart = reader.boolean("at_start", "Whether \"every\" also fires at the first start", default: false)
        if let every { triggers.append(.schedule(.every(every), atStart: atStart)) }
        if every == nil, reader.has("at_start") { reader.report("at_start", "\"at_start\" goes with \"every\"") }
        triggers += crons(&reader, zone: zone)
        if let watch = watch(&reader) { triggers.append(watch) }
        triggers += after(&reader)
        if triggers.isEmpty, !reader.isDescribing, reader.problems.isEmpty {
            reader.report(
                at: reader.place, "\"on\" has no trigger", hint: "remove it, or write for example { every: 30m }"
            )
        }
        return triggers
    }

    private static func crons(_ reader: inout SettingsReader, zone: Zone) -> [Trigger] {
        reader.strings("cron", "Cron expressions of five fields, minute hour day-of-month month day-of-week, or of six with seconds first").compactMap { text in
            let place = reader.place(of: text, under: "cron")
            let bare = QuotedText(text)
            if let taken = bare.taken { reader.warn(at: place, "\"cron\" is in \(taken), which were taken off", hint: "set the variable without them") }
            do throws(CronError) {
                let expression = try CronExpression(bare.text)
                for remark in expression.remarks { reader.warn(at: place, remark.message, hint: remark.hint) }
                return .schedule(.cron(expression, zone), atStart: false)
            } catch {
                reader.report(at: place, "not a cron expression: \(error.message)", hint: error.hint)
                return nil
            }
        }
    }

    private static func watch(_ reader: inout SettingsReader) -> Trigger? {
        let paths = reader.strings("watch", "Folders: the job is due when something below one of them has changed and then rested")
        let debounce = reader.duration(
            "debounce", "How long nothing below a watched folder must change", default: .seconds(30), in: .milliseconds(100) ... .seconds(3600))
        reader.formerly("settle", "debounce")
        if paths.isEmpty, reader.has("debounce") { reader.report("debounce", "\"debounce\" goes with \"watch\"") }
        for path in paths where !path.hasPrefix("/") {
            reader.report("watch", "\"watch\" is \"\(path)\"", hint: "write the whole path, beginning with /")
        }
        return paths.isEmpty ? nil : .watch(paths: paths.map { $0 == "/" ? $0 : String($0.trimmingSuffix("/")) }, debounce: debounce)
    }

    private static func after(_ reader: inout SettingsReader) -> [Trigger] {
        let section = SettingShape.Kind.section(afterShapes)
        let kind = SettingShape.Kind.either([.text, section, .list(.either([.text, section]))])
        guard let node = reader.node(SettingShape("after", "When something has happened to another job", kind)) else { return [] }
        return (node.elements ?? [node]).flatMap { element -> [Trigger] in
            if let job = element.text { return [.after(job: job, .succeeded)] }
            let (jobs, outcomes) = reader.nested(element, path: reader.qualified("after"), known: afterShapes, afterGroup)
            return jobs.flatMap { job in outcomes.map { .after(job: job, $0) } }
        }
    }

    private static func afterGroup(_ reader: inout SettingsReader) -> ([String], [Trigger.AfterOutcome]) {
        (
            reader.strings("job", "The other job, or several; \"*\" for any", isRequired: true),
            reader.choices("outcome", "What of it counts, or several", default: Trigger.AfterOutcome.succeeded, formerly: ["troubled": .failing])
        )
    }
}

extension String {
    /// Without any of these at its end.
    fileprivate func trimmingSuffix(_ suffix: Character) -> Substring {
        var rest = self[...]
        while rest.last == suffix { rest.removeLast() }
        return rest
    }
}
