import Buckets
import Foundation
import HTTPClient

/// What the Hub's answers mean: whether to ask again, and the message for what is wrong.
enum HubErrorMapping {
    /// How long a commit waits that comes after too many others: their quota is by the hour.
    static let commitQuota = Duration.seconds(3600)

    /// See the Hub's rate limits: a 429 with something left in the window is another quota, which the window's end does not help.
    static func advice(_ request: HTTPRequest, _ response: HTTPResponse, at now: Date) -> RetryAdvice {
        switch response.status {
        case 429: wait(of: response, at: now).map { .after($0) } ?? (isCommit(request.url) ? .after(commitQuota) : .backOff)
        case 503: response.retryAfter.map { .after($0) } ?? .backOff
        case 408, 500, 502, 504: .backOff
        default: .no
        }
    }

    private static func isCommit(_ url: String) -> Bool { url.contains("/commit/") }

    /// How long an answer asks us to wait; nil where it does not say. Of several quotas the one counts that is used up for longest.
    static func wait(of response: HTTPResponse, at now: Date) -> Duration? {
        let quotas = (response.header("RateLimit") ?? "").split(separator: ",")
        let used = quotas.filter { number("r", in: $0) == 0 }.compactMap { number("t", in: $0) }
        // A second for clocks that count in whole ones.
        if let longest = used.max() { return .seconds(min(max(0, longest), longestWait) + 1) }
        if let wait = response.retryAfter { return wait + .seconds(1) }
        return response.header("X-RateLimit-Remaining") == "0" ? response.header("X-RateLimit-Reset").flatMap { Int($0) }.flatMap { untilReset($0, now) } : nil
    }

    /// Seconds from now, or an instant in seconds since 1970: both are in use.
    private static func untilReset(_ number: Int, _ now: Date) -> Duration? {
        let seconds = number > 1_000_000_000 ? number - Int(now.timeIntervalSince1970) : number
        return (0...longestWait).contains(seconds) ? .seconds(seconds + 1) : nil
    }

    /// A day, in seconds: anyone who asks for more is not believed.
    private static let longestWait = 86_400

    /// The number after `key=` in `"api";r=489;t=189`.
    private static func number(_ key: String, in text: Substring) -> Int? {
        text.split(separator: ";").map { $0.drop { $0 == " " } }.first { $0.hasPrefix("\(key)=") }.flatMap { Int($0.dropFirst(key.count + 1)) }
    }

    /// Why the Hub did not do as asked.
    static func error(_ response: HTTPResponse, from url: String, _ address: HubAddress, doing: String, at now: Date) -> StorageError {
        guard address.isHub(url) else { return foreign(response, url, doing: doing, at: now) }
        let code = response.header("X-Error-Code") ?? ""
        let words = words(of: response)
        let id = response.requestID.map { " (request \($0))" } ?? ""
        let tail = "\(address.host) said \(response.status)\(words.isEmpty ? "" : ": \(words)")\(id)"
        switch (response.status, code) {
        case (404, "RevisionNotFound"):
            return .missing("the dataset \(address.dataset) has no branch \(address.revision)", hint: "correct \"revision\"; the Hub's own is main")
        case (404, "EntryNotFound"): return .damaged("\(doing): the file is not there any more; \(tail)")
        case (401, _) where words.lowercased().contains("invalid credentials") || words.lowercased().contains("invalid user token"):
            return .unauthorized(
                "the token for \(address.host) is not accepted: it is wrong, has expired, or was revoked\(id)",
                hint: "make a new one with write access at \(address.endpoint)/settings/tokens and set it as the secret, such as HF_TOKEN")
        case (401, _), (404, _):
            return .missing(
                "the dataset \(address.dataset) does not exist at \(address.host), or this token may not see it\(id)",
                hint: "create it (private) at \(address.endpoint)/new-dataset, or set \"create: true\"; give the token access to it; check the spelling")
        case (402, _): return .full("\(address.host) wants to be paid for this: \(words)\(id)")
        case (403, _) where isAboutSpace(words):
            return .full(
                "the storage of this account is used up: \(words)\(id)", hint: "see \(address.endpoint)/settings/billing; \"free_space\" frees old backups")
        case (403, _):
            return .unauthorized(
                "the token may not do this (\(doing)): \(words.isEmpty ? "forbidden" : words)\(id)",
                hint: "give it write access to \(address.dataset) at \(address.endpoint)/settings/tokens")
        case (429, _):
            let wait = wait(of: response, at: now) ?? (isCommit(url) ? commitQuota : .seconds(60))
            return StorageError(.limited(for: wait), "\(address.host) has been asked too often (\(doing)): \(words)\(id)")
        case (300..<400, _):
            let place = response.redirect(from: url).flatMap { HTTPOrigin($0)?.host } ?? "elsewhere"
            return .unavailable("\(doing): \(address.host) sends us to \(place); has the dataset been renamed?\(id)")
        case (400, _), (413, _), (422, _): return .refused("\(doing) was refused; \(tail)")
        case (503, _):
            guard let wait = wait(of: response, at: now) else { return .unavailable("\(doing) failed; \(tail)") }
            return StorageError(.limited(for: wait), "\(address.host) asks us to wait (\(doing)); \(tail)")
        default: return .unavailable("\(doing) failed; \(tail)")
        }
    }

    /// What the Hub's storage or its CDN says: nothing about the dataset or the token.
    private static func foreign(_ response: HTTPResponse, _ url: String, doing: String, at now: Date) -> StorageError {
        let id = response.requestID.map { " (request \($0))" } ?? ""
        if [429, 503].contains(response.status), let wait = wait(of: response, at: now) {
            return StorageError(.limited(for: wait), "\(doing): the Hub's storage at \(HTTPOrigin(url)?.host ?? "another host") asks us to wait\(id)")
        }
        return .unavailable("\(doing): the Hub's storage at \(HTTPOrigin(url)?.host ?? "another host") said \(response.status)\(id)")
    }

    static func error(_ failure: HTTPFailure, from url: String, doing: String) -> StorageError {
        if failure == .cancelled { return StorageError(.cancelled, "cancelled") }
        return .unavailable("\(HTTPOrigin(url)?.host ?? url) can't be reached (\(doing)): \(failure)")
    }

    private static func words(of response: HTTPResponse) -> String {
        let body = try? JSONDecoder().decode(HubMessages.Refusal.self, from: Data(response.body))
        let text = body?.displayText ?? response.header("X-Error-Message") ?? ""
        return String(text.replacing("\n", with: " ").prefix(300))
    }

    private static func isAboutSpace(_ words: String) -> Bool {
        let text = words.lowercased()
        return text.contains("storage limit") || text.contains("storage patterns") || text.contains("quota")
    }
}
