import Files
import Foundation
import Testing

@Suite("times of files")
struct FileTimeTests {
    @Test("the same instant as a date")
    func dates() {
        #expect(FileTime(seconds: 1_790_000_000, nanoseconds: 500_000_000).date == Date(timeIntervalSince1970: 1_790_000_000.5))
        #expect(FileTime(seconds: -1, nanoseconds: 500_000_000).date == Date(timeIntervalSince1970: -0.5))
    }

    @Test("a file may bear any number of seconds, and a date has a year that can be written", arguments: [Int64.min, -99_999_999_999, 999_999_999_999, .max])
    func strange(seconds: Int64) {
        let date = FileTime(seconds: seconds, nanoseconds: 999_999_999).date
        #expect(date == Date(timeIntervalSince1970: seconds < 0 ? -62_135_596_800 : 253_402_300_799))
        #expect(seconds < 0 || date.formatted(.iso8601) == "9999-12-31T23:59:59Z")
    }
}
