package import Foundation

/// The form of instants in HTTP's own headers. See RFC 9110 §5.6.7.
package enum HTTPDate {
    /// The instant of an IMF-fixdate such as `Sun, 06 Nov 1994 08:49:37 GMT`; nil if the text cannot be read.
    package static func parse(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = .gmt
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return formatter.date(from: text)
    }
}
