/// A time zone as a rule in text: `CST-8`, `<+0330>-3:30`, `CET-1CEST,M3.5.0,M10.5.0/3`. See POSIX.1-2024, 8.3, and RFC 9636 §3.3.1.
///
/// Offsets have POSIX's sign: `CST-8` is eight hours ahead of UTC.
package struct PosixZone: Hashable, Sendable {
    /// The day on which the clocks change, and when on it.
    struct Change: Hashable, Sendable {
        enum Day: Hashable, Sendable {
            /// Day 1 to 365, the 29th of February never counted.
            case julian(Int)
            /// Day 0 to 365, the 29th of February counted.
            case ordinal(Int)
            /// Weekday (0 is Sunday) number `week` of a month; 5 is the last.
            case weekday(month: Int, week: Int, day: Int)
        }

        var day: Day
        /// Seconds after midnight on the wall before the change; −167 h to 167 h.
        var time: Int

        /// Seconds after 1970 on that wall.
        func wall(in year: Int) -> Int {
            let first = CivilDate.day(year: year, month: 1)
            let number =
                switch day {
                case .julian(let day): first + day - 1 + (CivilDate.isLeap(year) && day >= 60 ? 1 : 0)
                case .ordinal(let day): first + day
                case .weekday(let month, let week, let weekday): Change.day(year, month, week, weekday)
                }
            return number * CivilDate.daySeconds + time
        }

        private static func day(_ year: Int, _ month: Int, _ week: Int, _ weekday: Int) -> Int {
            let first = CivilDate.day(year: year, month: month)
            let next = month == 12 ? CivilDate.day(year: year + 1, month: 1) : CivilDate.day(year: year, month: month + 1)
            var day = first + (weekday - CivilDate.weekday(ofDay: first) + 7) % 7 + (week - 1) * 7
            while day >= next { day -= 7 }
            return day
        }
    }

    struct Summer: Hashable, Sendable {
        /// Seconds ahead of UTC.
        var offset: Int
        var start: Change
        var end: Change
    }

    /// Seconds ahead of UTC.
    let standard: Int
    let summer: Summer?

    /// Nil where the text is not such a rule.
    package init?(_ text: some StringProtocol) {
        var reader = PosixReader(text)
        guard reader.name(), let standard = reader.offset(upToHours: 24) else { return nil }
        self.standard = -standard
        if reader.isAtEnd {
            summer = nil
            return
        }
        guard reader.name() else { return nil }
        var offset = self.standard + 3600
        if !reader.isAtEnd, reader.next != "," {
            guard let written = reader.offset(upToHours: 24) else { return nil }
            offset = -written
        }
        // Without a rule of its own: that of the United States, as the C library has it.
        if reader.isAtEnd { reader = PosixReader(",M3.2.0,M11.1.0") }
        guard let start = reader.change(), let end = reader.change(), reader.isAtEnd else { return nil }
        summer = Summer(offset: offset, start: start, end: end)
    }

    /// Seconds that the wall is ahead of UTC at an instant, in seconds after 1970.
    func offset(at instant: Int) -> Int {
        guard let summer else { return standard }
        let year = CivilDate.date(ofDay: CivilDate.floorDivide(instant, CivilDate.daySeconds)).year
        let start = summer.start.wall(in: year) - standard
        let end = summer.end.wall(in: year) - summer.offset
        let isSummer = start > end ? instant < end || instant >= start : instant >= start && instant < end
        return isSummer ? summer.offset : standard
    }
}

/// Reads the parts of a rule from left to right.
private struct PosixReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: some StringProtocol) { rest = Array(text.utf8)[...] }

    var isAtEnd: Bool { rest.isEmpty }
    var next: Character? { rest.first.map { Character(UnicodeScalar($0)) } }

    private mutating func take(_ character: Character) -> Bool {
        guard next == character else { return false }
        rest.removeFirst()
        return true
    }

    /// Three letters or more, or anything of letters, digits and signs between `<` and `>`.
    mutating func name() -> Bool {
        let isQuoted = take("<")
        let letters = rest.prefix { byte in
            let letter = Character(UnicodeScalar(byte))
            return letter.isASCII && (letter.isLetter || (isQuoted && (letter.isNumber || letter == "+" || letter == "-")))
        }
        rest = rest.dropFirst(letters.count)
        return letters.count >= 3 && (!isQuoted || take(">"))
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int? {
        let digits = rest.prefix { (48...57).contains($0) }
        guard !digits.isEmpty, digits.count <= 3 else { return nil }
        rest = rest.dropFirst(digits.count)
        let value = digits.reduce(0) { $0 * 10 + Int($1) - 48 }
        return range.contains(value) ? value : nil
    }

    /// `[+|-]hh[:mm[:ss]]` in seconds.
    mutating func offset(upToHours most: Int) -> Int? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard let hours = number(0...most) else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] where take(":") {
            guard let value = number(0...59) else { return nil }
            seconds += value * unit
        }
        return isNegative ? -seconds : seconds
    }

    /// `,Mm.w.d`, `,Jn` or `,n`, each with `/time` or without.
    mutating func change() -> PosixZone.Change? {
        guard take(",") else { return nil }
        let day: PosixZone.Change.Day
        if take("M") {
            guard let month = number(1...12), take("."), let week = number(1...5), take("."), let weekday = number(0...6) else { return nil }
            day = .weekday(month: month, week: week, day: weekday)
        } else if take("J") {
            guard let number = number(1...365) else { return nil }
            day = .julian(number)
        } else {
            guard let number = number(0...365) else { return nil }
            day = .ordinal(number)
        }
        guard take("/") else { return PosixZone.Change(day: day, time: 2 * 3600) }
        return offset(upToHours: 167).map { PosixZone.Change(day: day, time: $0) }
    }
}
