import Foundation
package import HTTPClient

/// Why a message was not delivered.
package struct DeliveryFailure: Error, Hashable, Sendable {
    package var summary: String
    package var hint: String
    /// Whether it may be delivered later.
    package var isPassing: Bool

    package init(_ summary: String, hint: String = "", isPassing: Bool = false) {
        self.summary = summary
        self.hint = hint
        self.isPassing = isPassing
    }

    package init(_ failure: HTTPFailure) {
        self.init("the service can't be reached: \(failure)", hint: "is the address right, and the network there?", isPassing: true)
    }
}

extension Channel {
    /// What a service says of a message. Some answer 200 also where they refuse it.
    private struct Answer: Decodable {
        struct Parameters: Decodable {
            var retry_after: Int?
        }

        var code: Int?
        var StatusCode: Int?
        var errcode: Int?
        var ok: Bool?
        var error_code: Int?
        var msg: String?
        var errmsg: String?
        var message: String?
        var description: String?
    }

    /// Whether a message was taken. Pure. The answer is not quoted where it is of an unknown form: it may hold anything.
    package func judge(_ response: HTTPResponse) throws(DeliveryFailure) {
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body))
        let text = String(decoding: response.body.prefix(200), as: UTF8.self)
        let said = [answer?.msg, answer?.errmsg, answer?.description, answer?.message].compactMap(\.self).first.map { ": \($0)" } ?? ""
        if response.status == 429 || response.status == 408 || response.status >= 500 {
            throw DeliveryFailure("the service answers \(response.status)\(said)", isPassing: true)
        }
        guard (200...299).contains(response.status) else {
            let slack = self == .slack && text.count < 60 ? ": \(text)" : ""
            throw DeliveryFailure("the service answers \(response.status)\(said)\(slack)", hint: "is the address complete, and the robot still there?")
        }
        switch self {
        case .feishu: try refuse(answer?.code ?? answer?.StatusCode, said)
        case .dingtalk, .wecom: try refuse(answer?.errcode, said)
        case .bark: if answer?.code != 200 { throw DeliveryFailure("Bark refuses the message\(said)", hint: "is the key in the address that of the app?") }
        case .telegram:
            if answer?.ok != true { throw DeliveryFailure("Telegram refuses the message\(said)", hint: "is \"to\" right, and was the bot started?") }
        case .slack: if text != "ok" { throw DeliveryFailure("Slack refuses the message") }
        case .ping:
            // An address that nobody has is answered with 200. See https://healthchecks.io/docs/http_api/.
            if text.contains("not found") { throw DeliveryFailure("the service knows no check of this address", hint: "copy the address again") }
            if text.contains("rate limited") { throw DeliveryFailure("the service takes no more pings just now", isPassing: true) }
        case .discord, .ntfy, .webhook, .mail: break
        }
    }

    private func refuse(_ code: Int?, _ said: String) throws(DeliveryFailure) {
        guard let code else { throw DeliveryFailure("the answer is not one of this service", hint: "is the address that of the robot?") }
        guard code != 0 else { return }
        // Too many in a minute.
        let isPassing = [11232, 130101, 130103, 45009, -1].contains(code)
        throw DeliveryFailure("the robot refuses the message: \(code)\(said)", hint: Channel.hints[code] ?? "", isPassing: isPassing)
    }

    private static let hints = [
        19021: "the signature is wrong: check \"secret\" and the clock", 19022: "this container's address is not on the robot's list",
        19024: "the robot wants one of its keywords in the text: add \"shipkeeper\" to its keywords, or set \"title\"",
        310_000: "the robot wants a keyword, a signature (\"secret\") or an address of its list",
        93_000: "the address is wrong, or the robot was removed", 300_001: "the token in the address is wrong",
    ]
}
