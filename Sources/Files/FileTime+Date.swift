package import Foundation

extension FileTime {
    /// The years that dates are written in, 1 to 9999, in seconds after 1970.
    private static let calendar: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// The same instant, or the first or last that dates are written for: a file may have any number of seconds.
    package var date: Date {
        let within = min(max(seconds, FileTime.calendar.lowerBound), FileTime.calendar.upperBound)
        return Date(timeIntervalSince1970: Double(within) + Double(within == seconds ? nanoseconds : 0) / 1e9)
    }

    /// The same instant, as exactly as a date has it.
    package init(_ date: Date) {
        let seconds = date.timeIntervalSince1970.rounded(.down)
        self.init(seconds: Int64(seconds), nanoseconds: Int64((date.timeIntervalSince1970 - seconds) * 1e9))
    }
}
