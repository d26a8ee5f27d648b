/// Names and lists of one language, for the readings of schedules.
struct CronWords: Sendable {
    let months: [String]
    /// From Sunday.
    let weekdays: [String]
    /// `the first` to `the fifth`.
    let ordinalWords: [String]
    private let comma: String
    private let and: String

    static let english = CronWords(
        months: [
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
        ],
        weekdays: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
        ordinalWords: ["the first", "the second", "the third", "the fourth", "the fifth"], comma: ", ", and: " and ")

    static let chinese = CronWords(
        months: (1...12).map { "\($0) 月" }, weekdays: ["周日", "周一", "周二", "周三", "周四", "周五", "周六"],
        ordinalWords: ["第一个", "第二个", "第三个", "第四个", "第五个"], comma: "、", and: "、")

    /// `a`, `a and b`, `a, b and c`.
    func list(_ items: [String]) -> String {
        guard items.count > 1, let last = items.last else { return items.first ?? "" }
        return items.dropLast().joined(separator: comma) + and + last
    }

    /// `1st`, `22nd`, `13th`.
    static func ordinal(_ number: Int) -> String {
        let suffix = (11...13).contains(number % 100) ? "th" : ["th", "st", "nd", "rd"][number % 10 < 4 ? number % 10 : 0]
        return "\(number)\(suffix)"
    }

    /// A time of the day as `03:00`; with seconds where they are not the first of a minute.
    static func time(_ hour: Int, _ minute: Int, _ second: Int = 0) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(hour)):\(two(minute))" + (second == 0 ? "" : ":\(two(second))")
    }

    /// A day that depends on the month, in English: `the last Friday`.
    func words(for mark: CronMark) -> String {
        switch mark {
        case .last(0, false): "the last day"
        case .last(0, true): "the last weekday (Monday to Friday)"
        case .last(let before, false): "the \(CronWords.ordinal(before + 1)) last day"
        case .last(let before, true): "the weekday (Monday to Friday) nearest to the \(CronWords.ordinal(before + 1)) last day"
        case .nearestWeekday(let day): "the weekday (Monday to Friday) nearest to the \(CronWords.ordinal(day))"
        case .nth(let number, let weekday): "\(ordinalWords[number - 1]) \(weekdays[weekday])"
        case .lastOf(let weekday): "the last \(weekdays[weekday])"
        }
    }

    /// The same in Chinese: `最后一个周五`.
    func chineseWords(for mark: CronMark) -> String {
        switch mark {
        case .last(0, false): "最后一天"
        case .last(0, true): "最后一个工作日（周一至周五）"
        case .last(let before, false): "倒数第 \(before + 1) 天"
        case .last(let before, true): "离倒数第 \(before + 1) 天最近的工作日（周一至周五）"
        case .nearestWeekday(let day): "离 \(day) 日最近的工作日（周一至周五）"
        case .nth(let number, let weekday): "\(ordinalWords[number - 1])\(weekdays[weekday])"
        case .lastOf(let weekday): "最后一个\(weekdays[weekday])"
        }
    }
}
