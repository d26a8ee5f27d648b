/// One field of a cron expression: the numbers it admits, as bits.
struct CronField: Hashable, Sendable {
    var bits: UInt64
    /// A field that starts with `*` (or is `?`) does not restrict days, and makes a schedule follow elapsed time.
    var startsWithStar: Bool
    /// Steps that lead past the end of their range at once, as written.
    var longSteps: [String] = []

    func contains(_ value: Int) -> Bool { bits >> UInt64(value) & 1 == 1 }

    /// The smallest admitted number that is not below `value`.
    func first(from value: Int) -> Int? {
        guard value < 64 else { return nil }
        let rest = bits >> UInt64(value)
        return rest == 0 ? nil : value + rest.trailingZeroBitCount
    }

    enum Kind: String, CaseIterable {
        case minute, hour
        case dayOfMonth = "day of month"
        case month
        case dayOfWeek = "day of week"

        var range: ClosedRange<Int> {
            switch self {
            case .minute: 0...59
            case .hour: 0...23
            case .dayOfMonth: 1...31
            case .month: 1...12
            case .dayOfWeek: 0...7
            }
        }

        /// What the field counts within.
        var whole: String {
            switch self {
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
            case .minute, .hour, .dayOfMonth: []
            }
        }
    }

    init(bits: UInt64, startsWithStar: Bool) {
        self.bits = bits
        self.startsWithStar = startsWithStar
    }

    init(_ text: some StringProtocol, _ kind: Kind) throws(CronError) {
        var bits: UInt64 = 0
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            bits |= try CronField.bits(of: String(part), kind)
        }
        if kind == .dayOfWeek, bits >> 7 & 1 == 1 { bits = bits & ~(1 << 7) | 1 }
        self.init(bits: bits, startsWithStar: text.hasPrefix("*") || text == "?")
        longSteps = text.split(separator: "," as Character).map { String($0) }.filter { CronField.hasLongStep($0, kind) }
    }

    /// Whether a step is so long that only the first number of its range is left.
    private static func hasLongStep(_ part: String, _ kind: Kind) -> Bool {
        let pieces = part.split(separator: "/" as Character).map { String($0) }
        guard pieces.count == 2, let step = Int(pieces[1]), let range = try? range(pieces[0], kind, isOpen: true) else { return false }
        return step > range.upperBound - range.lowerBound
    }

    /// Steps that do less than they seem to.
    func remarks(_ kind: Kind) -> [CronError] {
        longSteps.map { part in
            CronError(
                "the step of \"\(part)\" in the \(kind.rawValue) field is longer than the field: it comes once in each \(kind.whole)",
                hint: "for longer distances write every: with a duration, such as every: 90m")
        }
    }

    private static func bits(of part: String, _ kind: Kind) throws(CronError) -> UInt64 {
        let pieces = part.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard pieces.count <= 2, let base = pieces.first, !base.isEmpty else {
            throw CronError("\"\(part)\" in the \(kind.rawValue) field")
        }
        let step = try step(pieces.count == 2 ? pieces[1] : nil, kind)
        let range = try range(base, kind, isOpen: step != nil)
        // Beyond a field's length one step is like another; a larger one would overflow.
        return stride(from: range.lowerBound, through: range.upperBound, by: min(step ?? 1, 64))
            .reduce(0) { $0 | 1 << UInt64($1) }
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
        if base == "*" { return kind == .dayOfWeek ? 0...6 : kind.range }
        if base == "?" {
            guard kind == .dayOfMonth || kind == .dayOfWeek else {
                throw CronError("\"?\" in the \(kind.rawValue) field", hint: "write *")
            }
            return kind == .dayOfWeek ? 0...6 : kind.range
        }
        let ends = base.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard ends.count <= 2 else { throw CronError("\"\(base)\" in the \(kind.rawValue) field") }
        let low = try number(ends[0], kind)
        guard ends.count == 2 else { return low...(isOpen ? (kind == .dayOfWeek ? max(low, 6) : kind.range.upperBound) : low) }
        let high = try number(ends[1], kind)
        guard low <= high else {
            let top = kind == .dayOfWeek ? 6 : kind.range.upperBound
            throw CronError(
                "the range \"\(base)\" runs backward in the \(kind.rawValue) field",
                hint: "write \(low)-\(top),\(kind.range.lowerBound)-\(high)")
        }
        return low...high
    }

    private static func number(_ text: String, _ kind: Kind) throws(CronError) -> Int {
        if let index = kind.names.firstIndex(of: text.uppercased()) { return index + (kind == .month ? 1 : 0) }
        guard let number = Int(text), text.allSatisfy(\.isNumber), kind.range.contains(number) else {
            let names = kind.names.isEmpty ? "" : " or \(kind.names[0])–\(kind.names[kind.names.count - 1])"
            throw CronError(
                "\"\(text)\" in the \(kind.rawValue) field",
                hint: "allowed is \(kind.range.lowerBound)–\(kind.range.upperBound)\(names)")
        }
        return number
    }
}

/// Why a text is not a cron expression.
package struct CronError: Error, Hashable, Sendable {
    /// What is wrong, with the text as written.
    package var message: String
    /// What to write instead.
    package var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}
