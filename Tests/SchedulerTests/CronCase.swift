import Foundation
import TestSupport
import TimeZones

/// A random question: when does this expression come next, here, from then on?
struct CronCase {
    let expression: String
    let start: Date
    let zone: Zone

    /// As the script of the oracles reads it.
    var line: String { "\(expression)|\(Int(start.timeIntervalSince1970))|\(zone.name)" }

    static let years = Date(timeIntervalSince1970: 1_577_836_800)...Date(timeIntervalSince1970: 2_082_758_400)

    /// Zones whose clocks change within these years, with the instants of the changes, and one that has none.
    static func zones() throws -> [(zone: Zone, changes: [Date])] {
        let finder = ZoneFinder(environment: [:])
        return try (finder.names().filter { $0.contains("/") }.sorted() + ["UTC"]).compactMap { name in
            let zone = try finder.zone(name)
            let changes = changes(of: zone)
            return changes.isEmpty && name != "UTC" && name != "Asia/Shanghai" ? nil : (zone, changes)
        }
    }

    /// To the hour.
    private static func changes(of zone: Zone) -> [Date] {
        var (found, day): ([Date], Date) = ([], years.lowerBound)
        while day < years.upperBound {
            let next = day + 86_400
            if zone.offset(at: day) != zone.offset(at: next) {
                found += (0..<24).map { day + Double($0) * 3600 }.filter { zone.offset(at: $0) != zone.offset(at: $0 + 3600) }
            }
            day = next
        }
        return found
    }

    static func random(_ zones: [(zone: Zone, changes: [Date])], _ random: inout SeededRandom) -> CronCase {
        let (zone, changes) = zones[Int.random(in: 0..<zones.count, using: &random)]
        var start = Date(
            timeIntervalSince1970: Double.random(in: years.lowerBound.timeIntervalSince1970...years.upperBound.timeIntervalSince1970, using: &random))
        // Most are near a change of the clocks.
        if random.chance(60), let change = changes.randomElement(using: &random) {
            start = change + Double(Int.random(in: -30 * 3600...6 * 3600, using: &random))
        }
        start = Date(timeIntervalSince1970: start.timeIntervalSince1970.rounded(.down))
        return CronCase(expression: expression(&random), start: start, zone: zone)
    }

    // MARK: Expressions

    static func expression(_ random: inout SeededRandom) -> String {
        let hour = random.chance(40) ? number(0...5, &random) : field(0...23, longestStep: 12, names: [], &random)
        var fields = [field(0...59, longestStep: 30, names: [], &random), hour, days(&random), months(&random), week(&random)]
        if random.chance(25) { fields.insert(random.chance(50) ? "0" : field(0...59, longestStep: 30, names: [], &random), at: 0) }
        return fields.joined(separator: " ")
    }

    private static func number(_ range: ClosedRange<Int>, _ random: inout SeededRandom) -> String { "\(Int.random(in: range, using: &random))" }

    private static func days(_ random: inout SeededRandom) -> String {
        switch Int.random(in: 0..<20, using: &random) {
        case 0...9: "*"
        case 10: "L"
        case 11: "LW"
        case 12: "L-\(number(0...27, &random))"
        case 13: "\(number(1...31, &random))W"
        case 14: "L,\(number(1...31, &random))"
        case 15: "?"
        default: field(1...31, longestStep: 15, names: [], &random)
        }
    }

    private static func months(_ random: inout SeededRandom) -> String {
        let names = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        return random.chance(65) ? "*" : field(1...12, longestStep: 6, names: names, &random)
    }

    private static func week(_ random: inout SeededRandom) -> String {
        switch Int.random(in: 0..<20, using: &random) {
        case 0...9: "*"
        case 10, 11: "\(number(0...7, &random))L"
        case 12, 13: "\(number(0...7, &random))#\(number(1...5, &random))"
        case 14: "FRIL"
        case 15: "?"
        default: field(0...6, longestStep: 3, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], &random)
        }
    }

    private static func field(_ range: ClosedRange<Int>, longestStep: Int, names: [String], _ random: inout SeededRandom) -> String {
        let low = Int.random(in: range, using: &random)
        // A range of one number is another thing in some programs.
        let high = Int.random(in: min(low + 1, range.upperBound)...range.upperBound, using: &random)
        func name(_ number: Int) -> String { names.isEmpty ? "\(number)" : names[number - range.lowerBound] }
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1, 2: return "*"
        case 3: return "*/\(number(1...longestStep, &random))"
        case 4 where low < high: return "\(low)-\(high)"
        case 5 where low < high: return "\(low)-\(high)/\(number(1...longestStep, &random))"
        case 6: return "\(low)/\(number(1...longestStep, &random))"
        case 7: return "\(low),\(number(range, &random)),\(number(range, &random))"
        case 8: return name(low)
        default: return "\(low)"
        }
    }
}
