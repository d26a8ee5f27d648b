/// What a service has said of itself in one message of sd_notify(3): lines `NAME=value`, in any order. What is not known is passed over.
package struct NotifyMessage: Hashable, Sendable {
    package enum Alive: Hashable, Sendable {
        /// `WATCHDOG=1`
        case ping
        /// `WATCHDOG=trigger`: it asks to be treated as if it had not.
        case trigger
    }

    /// The most code points of a status that are kept.
    package static let longestStatus = 300
    /// The longest that a start or a reload may be extended by at once.
    private static let longestExtension: Int64 = 86_400_000_000

    package var isReady = false
    package var isReloading = false
    package var isStopping = false
    /// Nil where it says nothing of it; an empty one takes back the one before.
    package var status: String?
    package var alive: Alive?
    /// The start, or the reload, may take so long from now.
    package var extended: Duration?

    /// Nil for bytes that are not a message: other bytes than UTF-8, a zero byte before the end, or nothing that is known.
    package init?(_ bytes: [UInt8]) {
        var bytes = bytes[...]
        if bytes.last == 0 { bytes = bytes.dropLast() }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var isKnown = false
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let value = line[line.index(after: equals)...]
            isKnown = take(line[..<equals], value) || isKnown
        }
        if !isKnown { return nil }
    }

    private mutating func take(_ name: Substring, _ value: Substring) -> Bool {
        switch (name, value) {
        case ("READY", "1"): isReady = true
        case ("RELOADING", "1"): isReloading = true
        case ("STOPPING", "1"): isStopping = true
        case ("WATCHDOG", "1"): alive = alive ?? .ping
        case ("WATCHDOG", "trigger"): alive = .trigger
        case ("STATUS", _): status = NotifyMessage.oneLine(value)
        case ("EXTEND_TIMEOUT_USEC", _):
            guard let microseconds = Int64(value), microseconds > 0 else { return false }
            extended = .microseconds(min(microseconds, NotifyMessage.longestExtension))
        default: return false
        }
        return true
    }

    /// A status is shown in tables: nothing in it may move a cursor.
    private static func oneLine(_ text: Substring) -> String {
        let clean = text.unicodeScalars.prefix(longestStatus).map { $0.properties.generalCategory == .control ? " " : $0 }
        return String(String.UnicodeScalarView(clean))
    }
}
