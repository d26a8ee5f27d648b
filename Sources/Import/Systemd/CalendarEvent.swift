/// A calendar event of systemd.time(7) as cron expressions.
enum CalendarEvent {
    /// Why there is none.
    struct Unwritable: Error { let reason: String }

    /// The expressions that come at the same times together, and the zone where one is named.
    static func cron(_ text: String) throws(Unwritable) -> (expressions: [String], zone: String?) {
        var words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard !words.isEmpty else { throw Unwritable(reason: "it is empty") }
        var zone: String?
        if words.count > 1, let last = words.last, last == "UTC" || last.contains("/") && last.first?.isLetter == true && !last.contains(/[0-9*]\/|:/) {
            zone = last
            words.removeLast()
        }
        if words.count == 1, let word = shorthands[words[0].lowercased()] { return ([word], zone) }
        let week = words[0].first?.isLetter == true ? try weekdays(words.removeFirst()) : nil
        let date = words.first.flatMap { $0.contains("-") || $0.contains("~") ? $0 : nil }
        if date != nil { words.removeFirst() }
        guard words.count <= 1 else { throw Unwritable(reason: "\"\(words.joined(separator: " "))\" is not a time") }
        let (time, hasSeconds) = try time(words.first ?? "00:00:00")
        let (days, month) = try day(date ?? "*-*-*")
        return ([try joined(time, hasSeconds, days, month, week)], zone)
    }

    private static let shorthands = [
        "minutely": "* * * * *", "hourly": "0 * * * *", "daily": "0 0 * * *", "monthly": "0 0 1 * *", "weekly": "0 0 * * 1", "yearly": "0 0 1 1 *",
        "annually": "0 0 1 1 *", "quarterly": "0 0 1 1,4,7,10 *", "semiannually": "0 0 1 1,7 *",
    ]

    /// A weekday and a date both count, where cron takes either: some pairs have a word in the field of weekdays.
    private static func joined(_ time: String, _ hasSeconds: Bool, _ days: String, _ month: String, _ week: String?) throws(Unwritable) -> String {
        guard let week else { return "\(time) \(days) \(month) *" }
        guard days != "*" else { return "\(time) * \(month) \(week)" }
        let isOneDay = week.count == 1
        if isOneDay, let parts = days.wholeMatch(of: /(\d+)-(\d+)/)?.output, let first = Int(parts.1), let last = Int(parts.2), last - first == 6,
            first % 7 == 1
        {
            return "\(time) * \(month) \(week)#\(first / 7 + 1)"
        }
        if isOneDay, days == "last week" { return "\(time) * \(month) \(week)L" }
        throw Unwritable(reason: "a date and a weekday together mean either of them in cron")
    }

    private static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    private static func weekdays(_ text: String) throws(Unwritable) -> String {
        var parts: [String] = []
        for part in text.split(separator: ",") {
            let ends = part.split(separator: ".").map { String($0) }
            var numbers: [Int] = []
            for end in ends {
                guard let index = dayNames.firstIndex(of: String(end.lowercased().prefix(3))) else { throw Unwritable(reason: "\"\(end)\" is not a weekday") }
                numbers.append(index)
            }
            guard let first = numbers.first, let last = numbers.last, numbers.count <= 2 else { throw Unwritable(reason: "\"\(part)\" is not a weekday") }
            // A week begins with Monday there.
            let end = numbers.count == 2 && last == 0 ? 7 : last
            if numbers.count == 1 {
                parts.append("\(first)")
            } else if first <= end {
                parts.append("\(first)-\(end)")
            } else {
                parts += ["\(first)-6", "0-\(end)"]
            }
        }
        return parts.joined(separator: ",")
    }

    // MARK: Date

    private static func day(_ text: String) throws(Unwritable) -> (days: String, month: String) {
        var rest = text
        var fromEnd: String?
        if let tilde = rest.firstIndex(of: "~") {
            fromEnd = String(rest[rest.index(after: tilde)...])
            rest = String(rest[..<tilde])
        }
        var parts = rest.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        if fromEnd == nil, parts.count == 2 { parts.insert("*", at: 0) }
        if fromEnd != nil, parts.count == 1 { parts.insert("*", at: 0) }
        guard parts.count == (fromEnd == nil ? 3 : 2) else { throw Unwritable(reason: "\"\(text)\" is not a date") }
        guard parts[0] == "*" else { throw Unwritable(reason: "cron has no years") }
        let month = try component(parts[1], first: 1, last: 12)
        if let fromEnd { return (try daysFromEnd(fromEnd), month) }
        return (try component(parts[2], first: 1, last: 31), month)
    }

    /// `01` is the last day, `07/1` the last seven.
    private static func daysFromEnd(_ text: String) throws(Unwritable) -> String {
        if text == "07/1" || text == "7/1" { return "last week" }
        var days: [String] = []
        for part in text.split(separator: ",") {
            guard let number = Int(part), (1...31).contains(number) else { throw Unwritable(reason: "\"~\(text)\" has no like") }
            days.append(number == 1 ? "L" : "L-\(number - 1)")
        }
        return days.joined(separator: ",")
    }

    // MARK: Time

    private static func time(_ text: String) throws(Unwritable) -> (fields: String, hasSeconds: Bool) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3 else { throw Unwritable(reason: "\"\(text)\" is not a time") }
        let hour = try component(parts[0], first: 0, last: 23)
        let minute = try component(parts[1], first: 0, last: 59)
        let second = parts.count == 3 ? try component(parts[2], first: 0, last: 59) : "0"
        return second == "0" ? ("\(minute) \(hour)", false) : ("\(second) \(minute) \(hour)", true)
    }

    /// A list of numbers, ranges `a..b` and steps `a/n`, as cron writes it.
    private static func component(_ text: String, first: Int, last: Int) throws(Unwritable) -> String {
        if text == "*" { return "*" }
        var parts: [String] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let match = part.wholeMatch(of: /(\*|\d+)(?:\.\.(\d+))?(?:\/(\d+))?/)?.output else {
                throw Unwritable(reason: "\"\(part)\" has no like in cron")
            }
            let low = Int(match.1) ?? first
            guard (first...last).contains(low) else { throw Unwritable(reason: "\"\(part)\" is out of range") }
            let step = match.3.map { "/\($0)" } ?? ""
            if match.1 == "*" || (low == first && match.2 == nil && match.3 != nil) {
                parts.append("*\(step)")
            } else if let high = match.2 {
                parts.append("\(low)-\(Int(high) ?? last)\(step)")
            } else {
                parts.append("\(low)\(step)")
            }
        }
        return parts.joined(separator: ",")
    }
}
