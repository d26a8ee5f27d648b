import HTTPClient
import JobKit

/// One request of a keepalive job and what is known of it, from which its verdict follows. A value.
struct Ping {
    enum Verdict: Equatable {
        case good(String, KeepaliveFacts)
        case bad(KeepaliveFacts.Cause, String, hint: String)
    }

    let settings: KeepaliveJob.Settings
    /// Nil where it is not looked for.
    let expected: ExpectedArrival?
    /// Whether it is to be looked for, and can't be.
    var isProofMissing = false
    var answer: Result<HTTPResponse, HTTPFailure> = .failure(.cancelled)
    /// From the request to the end of the answer.
    var milliseconds: Int64 = 0
    /// Nil where it was not seen.
    var arrival: Arrival?

    private static let words = ["login", "signin", "sign-in", "sign_in", "oauth", "authorize", "passport"]

    private var url: String { settings.url }

    var verdict: Verdict {
        switch (answer, arrival) {
        case (.success(let response), _) where expected == nil || arrival != nil: judged(response)
        case (.success(let response), _): strange(response)
        case (.failure(let failure), nil): lost(failure)
        case (.failure(let failure), .some):
            .bad(.noAnswer, "the request has arrived here, and its answer did not come back from \(url): \(failure)", hint: "is \"timeout\" long enough?")
        }
    }

    // MARK: Arrived, or not looked for

    private func judged(_ response: HTTPResponse) -> Verdict {
        let came = arrival.map { $0 == .outside ? ", though the request has arrived here from outside" : ", though the request has arrived here" } ?? ""
        guard isExpected(response) else {
            if arrival == nil, isPrivateSpace(response) { return privateSpace }
            return .bad(.unexpectedAnswer, "\(url) answered \(response.status)\(came)", hint: "is the app up, and is the address right?")
        }
        if let marker = settings.marker, !marker.isIn(response) {
            let who = arrival == nil ? ": another program answers there" : came
            return .bad(.unexpectedAnswer, "\(url) answered \(response.status) without the header \(marker)\(who)", hint: "is the address right?")
        }
        if isProofMissing {
            return .bad(
                .notSeen, "\(url) answered \(response.status), and whether the request has arrived here can't be seen: no front reports visits",
                hint: "add \"front\" to the configuration, install nginx, or remove \"must_arrive\"")
        }
        let facts = KeepaliveFacts.answered(status: response.status, milliseconds: milliseconds, arrival: arrival)
        switch arrival {
        case nil: return .good("answered \(response.status) in \(milliseconds) ms", facts)
        case .outside: return .good("arrived from outside, answered \(response.status) in \(milliseconds) ms", facts)
        case .loopback:
            guard settings.mustArrive != true, OwnAddress.isLoopback(url: url) else {
                return .bad(
                    .neverArrived, "\(url) answered \(response.status), and the request came from this machine itself, not from outside",
                    hint: "request the public address: url: \"${SHIPKEEPER_PUBLIC_URL}/\"; a proxy or /etc/hosts may lead it to 127.0.0.1")
            }
            return .good("answered \(response.status) in \(milliseconds) ms on this machine, which keeps nothing awake", facts)
        }
    }

    private func isExpected(_ response: HTTPResponse) -> Bool {
        settings.expected.isEmpty ? (200..<400).contains(response.status) : settings.expected.contains(response.status)
    }

    // MARK: Not arrived

    /// There is an answer, and the request was not seen here.
    private func strange(_ response: HTTPResponse) -> Verdict {
        if isPrivateSpace(response) { return privateSpace }
        if let place = loginPlace(response) {
            return .bad(
                .login, "\(url) asks for a login (\(response.status)\(place)), so the request has not arrived here",
                hint: "make the app public, or send what the login asks for in \"headers\"")
        }
        guard let expected, let mark = response.header(expected.answerHeader.name) else {
            let place = response.header("Location").flatMap { (300..<400).contains(response.status) ? " with a redirect to \(Ping.shown($0))" : nil } ?? ""
            return .bad(
                .answeredByAnother, "\(url) was answered by another program (\(response.status)\(place)): the request left, and has not arrived here",
                hint: "is it the address of this container? A page of the platform, a cache or a firewall answers there; must_arrive: false for another site")
        }
        if mark == expected.answerHeader.value {
            return .bad(
                .neverArrived,
                "\(url) answered \(response.status), and the request has not arrived here: a cache has answered, or a proxy has removed its header",
                hint: "let the cache and the proxy pass the header \(expected.header.name), or write must_arrive: false")
        }
        return .bad(
            .answeredByAnother, "\(url) was answered by another container (\(response.status)): the request left, and has not arrived here",
            hint: "does an older container of this app still run, or more than one?")
    }

    private func lost(_ failure: HTTPFailure) -> Verdict {
        switch failure {
        case .timedOut, .broken:
            guard expected != nil else { break }
            return .bad(
                .neverArrived, "no answer from \(url): \(failure); the request left, and has not arrived here",
                hint: "is the app reachable from outside, and does it wake up in time? See the platform's page")
        case .unresolved, .refused, .tls, .cancelled, .declined, .noThread: break
        }
        return .bad(.noAnswer, "no answer from \(url): \(failure)", hint: "is the app up, and is the address right?")
    }

    /// A private Space answers 404 to requests without a token, whether it is awake or not.
    private func isPrivateSpace(_ response: HTTPResponse) -> Bool { response.status == 404 && url.contains(".hf.space") }

    private var privateSpace: Verdict {
        .bad(
            .privateSpace, "\(url) answered 404: the Space is private, and the request has no token that opens it",
            hint: "make the Space public or protected, or set headers: { X-HF-Authorization: \"Bearer ${HF_TOKEN}\" }")
    }

    /// Where a login is asked for; nil where it is not.
    private func loginPlace(_ response: HTTPResponse) -> String? {
        if response.status == 401 { return "" }
        guard (300..<400).contains(response.status), let place = response.header("Location") else { return nil }
        let shown = Ping.shown(place)
        return Ping.words.contains(where: shown.lowercased().contains) ? ", \(shown)" : nil
    }

    /// An address without its query, which may hold a token.
    private static func shown(_ address: String) -> String { String(address.prefix { $0 != "?" && $0 != "#" }.prefix(200)) }
}
