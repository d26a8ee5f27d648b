package import Foundation
package import TimeZones

/// Absences as people write them: `02:00-09:00` on every day, or one from an instant to another, `2026-12-24 18:00..2026-12-27 09:00`.
package enum WrittenAbsence {
    package static let forms = "02:00-09:00, or 2026-12-24..2026-12-27T09:00"

    /// Those within [start, end), oldest first; nil for a text of neither form.
    /// - Parameter zone: Whose wall is meant.
    package static func parse(
        _ text: String, _ kind: ScheduleSimulation.Absence.Kind, in zone: Zone, from start: Date, until end: Date
    ) -> [ScheduleSimulation.Absence]? {
        if let parts = text.wholeMatch(of: /(\d\d?):(\d\d)-(\d\d?):(\d\d)/)?.output,
            let first = try? CronExpression("\(parts.2) \(parts.1) * * *"), let last = try? CronExpression("\(parts.4) \(parts.3) * * *"), first != last
        {
            var (found, cursor) = ([ScheduleSimulation.Absence](), start.addingTimeInterval(-0.001))
            while let begin = first.next(after: cursor, in: zone), begin < end, let over = last.next(after: begin, in: zone) {
                found.append(.init(kind, from: begin, to: min(over, end)))
                cursor = max(begin, over.addingTimeInterval(-0.001))
            }
            return found
        }
        guard let dots = text.firstRange(of: ".."), let first = WrittenInstant.parse(String(text[..<dots.lowerBound]), in: zone, now: start),
            let last = WrittenInstant.parse(String(text[dots.upperBound...]), in: zone, now: start), first.start < last.start
        else { return nil }
        let (begin, over) = (max(first.start, start), min(last.start, end))
        return begin < over ? [.init(kind, from: begin, to: over)] : []
    }

    /// All of them in the order of time; where two overlap, the later one begins when the earlier one is over.
    package static func joined(_ absences: [ScheduleSimulation.Absence]) -> [ScheduleSimulation.Absence] {
        var (found, over): ([ScheduleSimulation.Absence], Date) = ([], .distantPast)
        for absence in absences.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) where absence.end > over {
            found.append(.init(absence.kind, from: max(absence.start, over), to: absence.end))
            over = absence.end
        }
        return found
    }
}
