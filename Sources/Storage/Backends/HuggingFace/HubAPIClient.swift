import Buckets
import Foundation
import HTTPClient

/// Timeouts of requests to the Hub, and waits between tries. The defaults are for production; tests shorten them.
package struct HubTimeouts: Sendable {
    /// The longest an answer of the API may take.
    package var answer: Duration = .seconds(60)
    /// The same for a commit, which the Hub itself cuts after about 60 s.
    package var commit: Duration = .seconds(120)
    /// The longest that nothing may move while content is on its way, in whole seconds.
    package var stall: Duration = .seconds(60)
    /// Waits before the second try of a request and those after it.
    package var waits: [Duration] = RetryingTransport.standardWaits
    /// The wait before a commit is tried again that another one was in the way of.
    package var commitWait: Duration = .seconds(10)
    package var clock: any Clock<Duration> = ContinuousClock()

    package init() {}
}

/// Requests to the Hub: adds the token where it belongs, and turns failures into messages.
struct HubAPIClient: Sendable {
    let address: HubAddress
    private let token: String
    let http: any HTTPTransport
    let patience: HubTimeouts
    /// The wall clock.
    let now: @Sendable () -> Date

    init(address: HubAddress, token: String, http: any HTTPTransport, patience: HubTimeouts, now: @escaping @Sendable () -> Date) {
        self.address = address
        // A line break pasted along would end the header.
        self.token = token.filter { !$0.isNewline && !$0.isWhitespace }
        self.http = RetryingTransport(http, waits: patience.waits, clock: patience.clock) { HubErrorMapping.advice($0, $1, at: now()) }
        self.patience = patience
        self.now = now
    }

    /// The same dataset with the same token, elsewhere in it.
    init(_ address: HubAddress, like other: HubAPIClient) {
        self.address = address
        (token, http, patience, now) = (other.token, other.http, other.patience, other.now)
    }

    static let userAgent = "shipkeeper"
    static let json = "application/json"
    static let lfsJSON = "application/vnd.git-lfs+json"

    /// Headers for an address: the token only for the Hub's own.
    func headers(for url: String, type: String? = nil, accept: String = "*/*") -> [(name: String, value: String)] {
        var headers = [("User-Agent", HubAPIClient.userAgent), ("Accept", accept)]
        if address.isHub(url) { headers.append(("Authorization", "Bearer \(token)")) }
        if let type { headers.append(("Content-Type", type)) }
        return headers
    }

    /// Sends a request to the API and returns an answer of 200 to 299.
    func send(_ request: HTTPRequest, doing: String) async throws(StorageError) -> HTTPResponse {
        let response = try await answer(request, doing: doing)
        guard (200..<300).contains(response.status) else { throw refusal(response, from: request.url, doing: doing) }
        return response
    }

    /// Any answer at all. Within the Hub it is followed elsewhere, as for a dataset that was renamed.
    func answer(_ request: HTTPRequest, doing: String) async throws(StorageError) -> HTTPResponse {
        do throws(HTTPFailure) {
            return try await http.send(request) { sent, answer, next in
                guard address.isHub(sent.url), address.isHub(next), request.method == "GET" || [307, 308].contains(answer.status) else { return nil }
                var following = sent
                following.url = next
                return following
            }.response
        } catch {
            throw HubErrorMapping.error(error, from: request.url, doing: doing)
        }
    }

    /// Why the request was refused. The token is redacted, should a server have echoed it.
    func refusal(_ response: HTTPResponse, from url: String, doing: String) -> StorageError {
        var error = HubErrorMapping.error(response, from: url, address, doing: doing, at: now())
        error.message = error.message.replacing(token, with: "<secret>")
        return error
    }

    func get<Answer: Decodable>(_ url: String, as kind: Answer.Type, doing: String) async throws(StorageError) -> (Answer, HTTPResponse) {
        let response = try await send(HTTPRequest("GET", url, headers: headers(for: url), timeout: patience.answer), doing: doing)
        return (try decode(kind, response, doing: doing), response)
    }

    /// All pages of a list, one after the other.
    func all<Item: Decodable>(_ url: String, of kind: Item.Type, most: Int, doing: String) async throws(StorageError) -> [Item] {
        var items: [Item] = []
        try await pages(url, of: kind, doing: doing) { page in
            items += page
            return items.count < most
        }
        return items
    }

    /// Page by page, as long as `onPage` returns true.
    func pages<Item: Decodable>(_ url: String, of kind: Item.Type, doing: String, onPage: ([Item]) -> Bool) async throws(StorageError) {
        var next: String? = url
        while let page = next {
            let (found, response) = try await get(page, as: [Item].self, doing: doing)
            guard onPage(found) else { return }
            next = HubAPIClient.nextPage(response).map(address.rewritten)
        }
    }

    /// A request that changes nothing, or nothing more when it comes twice.
    func post(_ url: String, _ body: some Encodable, type: String = HubAPIClient.json, accept: String = "*/*", doing: String) async throws(StorageError)
        -> HTTPResponse
    {
        let request = HTTPRequest(
            "POST", url, headers: headers(for: url, type: type, accept: accept), body: .bytes(HubMessages.encode(body)), timeout: patience.answer,
            isRepeatable: true)
        return try await send(request, doing: doing)
    }

    func decode<Answer: Decodable>(_ kind: Answer.Type, _ response: HTTPResponse, doing: String) throws(StorageError) -> Answer {
        do { return try JSONDecoder().decode(kind, from: Data(response.body)) } catch {
            throw .unavailable("\(doing): the answer of \(address.host) is invalid\(response.requestID.map { " (request \($0))" } ?? "")")
        }
    }

    /// The address in `Link: <…>; rel="next"`.
    static func nextPage(_ response: HTTPResponse) -> String? {
        guard let link = response.header("Link") else { return nil }
        for part in link.split(separator: ",") where part.contains("rel=\"next\"") {
            return part.split(separator: "<").last?.split(separator: ">").first.map(String.init)
        }
        return nil
    }
}
