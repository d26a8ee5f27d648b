package import Foundation

/// A mail as it goes over the wire. See RFC 5322, and RFC 2047 for what is not ASCII in its head.
package struct MailText: Sendable {
    package var from: String
    package var to: [String]
    package var subject: String
    package var body: String
    package var date: Date
    /// Makes the same message the same mail, so that a mailbox can drop a repetition.
    package var id: String

    package init(from: String, to: [String], subject: String, body: String, date: Date, id: String) {
        (self.from, self.to, self.subject, self.body, self.date, self.id) = (from, to, subject, body, date, id)
    }

    package var bytes: [UInt8] {
        let domain = from.split(separator: "@").last.map(String.init) ?? "localhost"
        let head = [
            "Date: \(MailText.date(date))", "From: shipkeeper <\(MailText.clean(from))>",
            "To: \(to.map(MailText.clean).joined(separator: ",\r\n "))", "Subject: \(MailText.encoded(subject))",
            "Message-ID: <\(MailText.clean(id))@\(MailText.clean(domain))>",
            "Auto-Submitted: auto-generated", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64",
        ]
        let text = Data(body.replacing("\n", with: "\r\n").utf8)
            .base64EncodedString(options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
        return Array((head.joined(separator: "\r\n") + "\r\n\r\n" + text + "\r\n").utf8)
    }

    /// Without what would begin another line of the head.
    private static func clean(_ text: String) -> String { String(text.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }) }

    /// As encoded words of at most 75 characters, cut between characters.
    static func encoded(_ text: String) -> String {
        let text = clean(text)
        if text.allSatisfy(\.isASCII), text.utf8.count <= 60, !text.contains("=?") { return text }
        var (words, part) = ([String](), "")
        for character in text {
            if (part + String(character)).utf8.count > 42 {
                words.append(part)
                part = ""
            }
            part.append(character)
        }
        words.append(part)
        return words.map { "=?UTF-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }

    private static func date(_ date: Date) -> String {
        let form = DateFormatter()
        form.locale = Locale(identifier: "en_US_POSIX")
        form.timeZone = TimeZone(secondsFromGMT: 0)
        form.dateFormat = "EEE, dd MMM yyyy HH:mm:ss '+0000'"
        return form.string(from: date)
    }
}
