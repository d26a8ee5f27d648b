/// One field of a cron expression: the numbers that it admits, and the days that depend on the month.
struct CronField: Sendable {
    /// A part of a list, as written.
    enum Part: Hashable, Sendable {
        /// `*`, or `?`.
        case every
        /// `*/n`.
        case everyNth(Int)
        /// `a`, `a-b`, `a-b/n`, and `a/n`, which runs to the end of the field.
        case range(ClosedRange<Int>, by: Int)
        case mark(CronMark)
    }

    /// What is seldom asked for, apart, so that a field is copied at little cost.
    private final class Written: Sendable {
        let parts: [Part]
        let marks: [CronMark]
        /// Steps that lead past the end of their range at once, as written.
        let longSteps: [String]

        init(_ parts: [Part], longSteps: [String]) {
            (self.parts, self.longSteps) = (parts, longSteps)
            marks = parts.compactMap { if case .mark(let mark) = $0 { mark } else { nil } }
        }
    }

    let kind: Kind
    /// The admitted numbers, Sunday as 0.
    let bits: UInt64
    /// A field that starts with `*` (or is `?`) does not restrict days, and makes a schedule follow elapsed time.
    let startsWithStar: Bool
    private let written: Written

    var parts: [Part] { written.parts }
    var marks: [CronMark] { written.marks }
    /// How many numbers are admitted.
    var count: Int { bits.nonzeroBitCount }
    var numbers: [Int] { (0..<64).filter(contains) }
    var isEvery: Bool { parts == [.every] || parts == [.everyNth(1)] }

    func contains(_ value: Int) -> Bool { bits >> UInt64(value) & 1 == 1 }

    /// The smallest admitted number that is not below `value`.
    func first(from value: Int) -> Int? {
        guard value < 64 else { return nil }
        let rest = bits >> UInt64(value)
        return rest == 0 ? nil : value + rest.trailingZeroBitCount
    }

    enum Kind: String, CaseIterable {
        case second, minute, hour
        case dayOfMonth = "day of month"
        case month
        case dayOfWeek = "day of week"

        var range: ClosedRange<Int> {
            switch self {
            case .second, .minute: 0...59
            case .hour: 0...23
            case .dayOfMonth: 1...31
            case .month: 1...12
            case .dayOfWeek: 0...7
            }
        }

        /// The last number that is not another name of the first one.
        var last: Int { self == .dayOfWeek ? 6 : range.upperBound }

        /// What the field counts within.
        var whole: String {
            switch self {
            case .second: "minute"
            case .minute: "hour"
            case .hour: "day"
            case .dayOfMonth: "month"
            case .month: "year"
            case .dayOfWeek: "week"
            }
        }

        var names: [String] {
            switch self {
            case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
            case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
            case .second, .minute, .hour, .dayOfMonth: []
            }
        }
    }

    init(_ text: some StringProtocol, _ kind: Kind) throws(CronError) {
        var (parts, bits, longSteps): ([Part], UInt64, [String]) = ([], 0, [])
        for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
            let part = try CronField.part(String(piece), kind)
            parts.append(part)
            bits |= CronField.bits(of: part, kind)
            if CronField.hasLongStep(part, kind) { longSteps.append(String(piece)) }
        }
        if kind == .dayOfWeek, bits >> 7 & 1 == 1 { bits = bits & ~(1 << 7) | 1 }
        (self.kind, self.bits, written) = (kind, bits, Written(parts, longSteps: longSteps))
        startsWithStar = text.hasPrefix("*") || text == "?"
    }

    /// Steps that do less than they seem to.
    var remarks: [CronError] {
        written.longSteps.map { part in
            CronError(
                "the step of \"\(part)\" in the \(kind.rawValue) field is longer than the field: it comes once in each \(kind.whole)",
                hint: "for longer distances write every: with a duration, such as every: 90m")
        }
    }

    /// Whether a step is so long that only the first number of its range is left.
    private static func hasLongStep(_ part: Part, _ kind: Kind) -> Bool {
        switch part {
        case .everyNth(let step): step > kind.last - kind.range.lowerBound
        case .range(let range, let step): step > 1 && step > range.upperBound - range.lowerBound
        case .every, .mark: false
        }
    }

    private static func bits(of part: Part, _ kind: Kind) -> UInt64 {
        let (range, step): (ClosedRange<Int>, Int)
        switch part {
        case .every: (range, step) = (kind.range.lowerBound...kind.last, 1)
        case .everyNth(let number): (range, step) = (kind.range.lowerBound...kind.last, number)
        case .range(let numbers, let number): (range, step) = (numbers, number)
        case .mark: return 0
        }
        // Beyond a field's length one step is like another; a larger one would overflow.
        return stride(from: range.lowerBound, through: range.upperBound, by: min(step, 64)).reduce(0) { $0 | 1 << UInt64($1) }
    }

    private static func part(_ text: String, _ kind: Kind) throws(CronError) -> Part {
        if let mark = try CronMark.parse(text, kind) { return .mark(mark) }
        let pieces = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard pieces.count <= 2, let base = pieces.first, !base.isEmpty else {
            throw CronError("\"\(text)\" in the \(kind.rawValue) field")
        }
        let step = try step(pieces.count == 2 ? pieces[1] : nil, kind)
        if base == "?", kind != .dayOfMonth, kind != .dayOfWeek { throw CronError("\"?\" in the \(kind.rawValue) field", hint: "write *") }
        if base == "*" || base == "?" { return step.map(Part.everyNth) ?? .every }
        return .range(try range(base, kind, isOpen: step != nil), by: step ?? 1)
    }

    private static func step(_ text: String?, _ kind: Kind) throws(CronError) -> Int? {
        guard let text else { return nil }
        guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let step = Int(text), step > 0 else {
            throw CronError("step \"\(text)\" in the \(kind.rawValue) field", hint: "a step is a whole number from 1")
        }
        return step
    }

    /// `a/n` runs from a to the end of the field.
    private static func range(_ base: String, _ kind: Kind, isOpen: Bool) throws(CronError) -> ClosedRange<Int> {
        let ends = base.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard ends.count <= 2 else { throw CronError("\"\(base)\" in the \(kind.rawValue) field") }
        let low = try number(ends[0], kind)
        guard ends.count == 2 else { return low...(isOpen ? max(low, kind.last) : low) }
        var high = try number(ends[1], kind)
        // By its name, Sunday ends a week as well as it begins one.
        if kind == .dayOfWeek, ends[1].uppercased() == "SUN", low > 0 { high = 7 }
        guard low <= high else {
            throw CronError(
                "the range \"\(base)\" runs backward in the \(kind.rawValue) field",
                hint: "write \(low)-\(kind.last),\(kind.range.lowerBound)-\(high)")
        }
        return low...high
    }

    static func number(_ text: String, _ kind: Kind) throws(CronError) -> Int {
        if let index = kind.names.firstIndex(of: text.uppercased()) { return index + (kind == .month ? 1 : 0) }
        guard let number = Int(text), text.allSatisfy(\.isNumber), kind.range.contains(number) else {
            if text.uppercased() == "H" { throw CronError("\"H\" in the \(kind.rawValue) field", hint: "write a number, and jitter: to spread jobs") }
            let names = kind.names.isEmpty ? "" : " or \(kind.names[0])–\(kind.names[kind.names.count - 1])"
            throw CronError(
                "\"\(text)\" in the \(kind.rawValue) field",
                hint: "allowed is \(kind.range.lowerBound)–\(kind.range.upperBound)\(names)")
        }
        return number
    }
}
