import JobKit
import TimeZones

/// Prints lines of logs for people: `2026-11-27T03:00:05+08:00 backup  | # stored 3 files`.
struct LogPrinter {
    let hasTimes: Bool
    /// Columns of the jobs' names; nil where lines don't begin with them.
    let nameWidth: Int?
    private var colours: [String: Console.Colour] = [:]
    private static let palette: [Console.Colour] = [.cyan, .yellow, .green, .magenta, .blue]

    /// - Parameter names: Of the jobs whose lines may come; nil where lines don't begin with a name.
    init(hasTimes: Bool, names: [String]?) {
        self.hasTimes = hasTimes
        nameWidth = names.map { $0.map(DisplayWidth.of).max() ?? 0 }
        for name in names ?? [] { _ = colour(of: name) }
    }

    mutating func print(_ entry: LogEntry) { Console.out(line(entry)) }

    mutating func line(_ entry: LogEntry) -> String {
        let time = hasTimes ? Console.paint(entry.at.map(ShownTime.stamp) ?? "-", .grey) + " " : ""
        let name = nameWidth.map { width in
            let blanks = String(repeating: " ", count: max(0, width - DisplayWidth.of(entry.job)))
            return Console.paint("\(entry.job)\(blanks) |", colour(of: entry.job)) + " "
        }
        let text = PrintedText.line(entry.text)
        return time + (name ?? "") + (entry.source == .own ? Console.paint("# \(text)", .grey) : text)
    }

    private mutating func colour(of job: String) -> Console.Colour {
        if let known = colours[job] { return known }
        let colour = LogPrinter.palette[colours.count % LogPrinter.palette.count]
        colours[job] = colour
        return colour
    }
}
