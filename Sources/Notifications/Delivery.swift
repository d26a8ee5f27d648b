package import Foundation
package import HTTPClient
import Platforms
import Threads
import TimeZones

/// Sends one message to the service that its settings name.
package struct Delivery: Sendable {
    private let environment: [String: String]
    private let http: any HTTPTransport

    package init(environment: [String: String], http: any HTTPTransport) {
        self.environment = environment
        self.http = http
    }

    /// - Returns: What was done, in one line.
    /// - Throws: `DeliveryFailure`.
    package func send(_ request: MessageRequest, now: Date) async throws(DeliveryFailure) -> String {
        guard let channel = request.settings.channel.flatMap(Channel.init(rawValue:)) ?? Channel(of: request.settings.url) else {
            throw DeliveryFailure("the address does not say which service it is", hint: "set \"channel\", for any other service to webhook")
        }
        let finder = ZoneFinder(environment: environment)
        let zone = environment["TZ"].flatMap { name in name.isEmpty ? nil : try? finder.zone(name) } ?? finder.local() ?? .utc
        let time = zone.text(request.after?.at ?? now)
        let platform = Platform(environment)
        let place = MessageText.Place(
            platform: platform.kind == .container ? nil : platform.name, url: platform.publicURL, host: environment["HOSTNAME"])
        let text = MessageText(request, MessageText.Language(request.settings.language, environment: environment), time: time, place: place)
        if channel == .mail {
            try await mail(request, text, now: now)
        } else {
            let sent = try ChannelRequest(request, text, time: time, now: now).http(channel)
            let response: HTTPResponse
            do { response = try await http.send(sent) } catch { throw DeliveryFailure(error) }
            try channel.judge(response)
        }
        return "sent by \(channel.rawValue): \(text.title)"
    }

    private func mail(_ request: MessageRequest, _ text: MessageText, now: Date) async throws(DeliveryFailure) {
        let settings = request.settings
        guard var parts = URLComponents(string: settings.url), parts.host != nil else {
            throw DeliveryFailure("\"url\" is not that of a mail server", hint: "write smtps://smtp.example.com")
        }
        func given(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }
        let user = given(settings.user) ?? given(parts.user)
        let password = given(settings.password) ?? given(parts.password)
        (parts.user, parts.password) = (nil, nil)
        let to = (settings.to ?? "").split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
        guard !to.isEmpty else { throw DeliveryFailure("a mail needs someone that it is for", hint: "set \"to\"") }
        guard let from = given(settings.from) ?? user, from.contains("@") else {
            throw DeliveryFailure("a mail needs a sender", hint: "set \"from\", or \"user\" where that is an address")
        }
        guard (to + [from]).allSatisfy({ !$0.contains(where: { $0.isWhitespace || $0 == "<" || $0 == ">" }) }) else {
            throw DeliveryFailure("an address of the mail is not one", hint: "write name@example.com, several with commas between them")
        }
        let text = text.fitting(Channel.mail.limit.most, by: .bytes, isWhole: false)
        let id = request.after.map { after in
            // A name may be of any script: its digits stand for it.
            let job = after.job.utf8.reduce(UInt64(5381)) { ($0 &* 33) ^ UInt64($1) }
            return "\(job).\(after.run ?? 0).\(after.outcome.filter(\.isLetter)).\(Int(after.at.timeIntervalSince1970))"
        }
        let message = MailText(
            from: from, to: to, subject: text.title, body: text.text, date: now, id: id ?? "test.\(Int(now.timeIntervalSince1970 * 1000))")
        let envelope = MailClient.Envelope(
            server: parts.string ?? "", user: user, password: password, from: from, to: to, requiresTLS: settings.tls != "none")
        let client = MailClient(environment: environment)
        let result: Result<Void, MailClient.Failure>? = await withCheckedContinuation { reply in
            do throws(ThreadError) {
                try SystemThread.start("shipkeeper-mail", stackBytes: 512 * 1024) {
                    do throws(MailClient.Failure) { reply.resume(returning: .success(try client.send(message.bytes, envelope))) } catch {
                        reply.resume(returning: .failure(error))
                    }
                }
            } catch {
                reply.resume(returning: nil)
            }
        }
        guard let result else { throw DeliveryFailure("no thread could be started", isPassing: true) }
        if case .failure(let failure) = result { throw DeliveryFailure(failure.message, isPassing: failure.isPassing) }
    }
}
