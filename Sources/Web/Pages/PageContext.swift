import Control
import Foundation
import JobKit
import Settings
import TimeZones

/// What a template is given.
typealias Values = [String: Any]

/// What all pages are made with: who reads, in which language, when, and from where. A value.
struct PageContext {
    let route: Route
    /// Below `/-/`, as it came.
    let path: Substring
    let query: [String: String]
    let language: Language
    let reader: Reader
    /// Of the forms of this login; nil where nothing can be changed.
    let mark: String?
    let now: Date
    let isInFrame: Bool

    var root: String { Route.way(from: path) }

    func text(_ word: Word) -> String { word.text(in: language) }
    func address(_ route: Route) -> String { root + route.path }

    /// A link to a job's page.
    func job(_ name: String) -> String { address(.job(name)) }
    func ago(_ date: Date) -> String { Spoken.ago(date, now, language) }
    func ahead(_ date: Date) -> String { Spoken.ahead(date, now, language) }
    func length(_ length: Duration) -> String { Spoken.length(length, language) }
    func stamp(_ date: Date) -> String { ShownTime.stamp(date) }

    /// A time of today in short, another one with its day.
    func time(_ date: Date) -> String {
        let (shown, today) = (ShownTime.stamp(date), ShownTime.stamp(now))
        let clock = String(shown.dropFirst(11).prefix(5))
        return shown.prefix(10) == today.prefix(10) ? clock : "\(shown.dropFirst(5).prefix(5)) \(clock)"
    }

    /// How long a run took, or has been under way.
    func took(_ start: Date?, _ end: Date?) -> String { start.map { length((end ?? now).since($0)) } ?? "" }

    /// What every template may name.
    var common: Values {
        var values: Values = [
            "t": Word.all(in: language), "root": root, "lang": language.rawValue, "here": FormText.escaped(route.path), "mayRead": reader.mayRead,
        ]
        values["mark"] = mark
        // Browsers refuse to move the focus into the frame of another site, and complain.
        values["focus"] = !isInFrame
        return values
    }

    /// A run as a row of a table.
    func row(_ run: RunAnswer) -> Values {
        let at = run.startedAt ?? run.scheduledAt
        return [
            "id": run.id, "address": address(.run(run.id)), "tone": StateWords.tone(run), "state": StateWords.text(run, language), "stamp": stamp(at),
            "time": time(at), "took": took(run.startedAt, run.finishedAt), "text": plain(run.listText),
        ]
    }

    /// Without colours, which are for logs.
    func plain(_ text: String) -> String { String(decoding: PrintedText.plain(Array(text.utf8)), as: UTF8.self) }

    func fire(_ fire: NextAnswer.Fire) -> Values {
        [
            "job": fire.job, "address": job(fire.job), "stamp": stamp(fire.at), "time": time(fire.at), "ahead": ahead(fire.at),
            "schedule": fire.schedule,
        ]
    }

    func attention(_ item: StatusAnswer.Attention, names: Set<String>) -> Values {
        var values: Values = ["job": item.job, "message": plain(item.message)]
        values["address"] = item.run.map { address(.run($0)) } ?? (names.contains(item.job) ? job(item.job) : nil)
        values["hint"] = item.hint.flatMap { hint($0, job: item.job, run: item.run) }
        return values
    }

    /// What to do; nil for the command that shows a log, to which the page has a link.
    func hint(_ hint: String, job: String, run: Int64?) -> String? {
        if let run, hint == "shipkeeper logs \(job) --run \(run)" { return nil }
        return plain(hint)
    }

    func why(_ line: WhyAnswer.Line) -> Values {
        let label: Word? =
            switch line.about {
            case .verdict: nil
            case .cause: .cause
            case .history: .history
            case .later: .later
            case .problem: .problem
            case .deadline: .deadline
            case .next: .nextLabel
            }
        var values: Values = ["text": plain(line.text)]
        values["label"] = label.map(text)
        return values
    }
}
