import HTTPClient
import JobKit
import TestSupport
import Testing

/// What keepalive requests prove where the container has a public port of its own.
@Suite("keepalive with a front")
struct PingTests {
    /// A public port at which a request comes in as it is told.
    private struct Port: ArrivalWatch {
        var arrival: Arrival?

        func expect() -> ExpectedArrival? { ExpectedArrival(header: .init("Shipkeeper-Nonce", "0123"), answerHeader: .init("Shipkeeper-Front", "mine")) }
        func arrival(of request: ExpectedArrival, within limit: Duration, _ clock: any WallClock) async -> Arrival? { arrival }
        func forget(_ request: ExpectedArrival) {}
    }

    private static let own = ["SHIPKEEPER_PUBLIC_URL": "https://app.example"]

    private func job(
        _ answer: Result<HTTPResponse, HTTPFailure>, _ arrival: Arrival?, url: String = "https://app.example/up", _ with: String = ", failures: 1"
    ) throws -> (DeclaredJob, ListedAnswers) {
        let http = ListedAnswers([answer])
        return (try DeclaredJob("type: keepalive\nwith: { url: \"\(url)\"\(with) }", http: http, arrivals: Port(arrival: arrival)), http)
    }

    @Test("a request counts when it is seen to come in from outside; it carries its number, and asks caches to stand aside", .limited)
    func arrived() async throws {
        let (job, http) = try job(.success(HTTPResponse(status: 200)), .outside)
        let report = try await job.run(environment: PingTests.own)
        #expect(report.summary == "arrived from outside, answered 200 in 0 ms" && report.outputs["arrival"] == "outside")
        let headers = try #require(http.requests.first).headers
        #expect(headers.contains { $0 == ("Shipkeeper-Nonce", "0123") } && headers.contains { $0 == ("Cache-Control", "no-cache") })
    }

    @Test(
        "why a request does not count is told apart",
        arguments: [
            (HTTPResponse(status: 200, headers: [("shipkeeper-front", "mine")]), nil, "has not arrived here: a cache has answered, or a proxy"),
            (HTTPResponse(status: 200, headers: [("Shipkeeper-Front", "other")]), nil, "answered by another container (200)"),
            (HTTPResponse(status: 200), nil, "answered by another program (200): the request left, and has not arrived here"),
            (HTTPResponse(status: 404), nil, "answered by another program (404)"),
            (
                HTTPResponse(status: 301, headers: [("Location", "https://other.example/?secret=1")]), nil,
                "(301 with a redirect to https://other.example/): the request left"
            ),
            (HTTPResponse(status: 302, headers: [("location", "https://sso.example/login?next=x")]), nil, "asks for a login (302, https://sso.example/login),"),
            (HTTPResponse(status: 401), nil, "asks for a login (401),"),
            (HTTPResponse(status: 502), .outside, "answered 502, though the request has arrived here from outside"),
            (HTTPResponse(status: 200), .loopback, "answered 200, and the request came from this machine itself, not from outside"),
        ] as [(HTTPResponse, Arrival?, String)])
    func missed(answer: HTTPResponse, arrival: Arrival?, words: String) async throws {
        let (job, _) = try job(.success(answer), arrival)
        let error = await #expect(throws: JobError.self) { try await job.run(environment: PingTests.own) }
        #expect(error?.summary.contains(words) == true && error?.hint != nil && error?.summary.contains("secret") == false, "\(String(describing: error))")
    }

    @Test(
        "without an answer it is said how far the request has come",
        arguments: [
            (HTTPFailure.timedOut("10 s are over"), nil, "10 s are over; the request left, and has not arrived here"),
            (.refused("nobody listens"), nil, "no answer from https://app.example/up: nobody listens"),
            (.timedOut("10 s are over"), .outside, "has arrived here, and its answer did not come back"),
        ] as [(HTTPFailure, Arrival?, String)])
    func unanswered(failure: HTTPFailure, arrival: Arrival?, words: String) async throws {
        let (job, _) = try job(.failure(failure), arrival)
        let error = await #expect(throws: JobError.self) { try await job.run(environment: PingTests.own) }
        #expect(error?.summary.hasSuffix(words) == true || error?.summary.contains(words + " ") == true, "\(String(describing: error))")
    }

    @Test("a private Space is named as what it is, with and without a front", .limited, arguments: [nil, "https://alice-x.hf.space"])
    func privateSpace(address: String?) async throws {
        let (job, _) = try job(.success(HTTPResponse(status: 404)), nil, url: "https://alice-x.hf.space/-/healthz", ", failures: 2")
        let environment = address.map { ["SHIPKEEPER_PUBLIC_URL": $0] } ?? [:]
        let report = try await job.run(environment: environment)
        #expect(report.summary.contains("the Space is private") && report.outputs["cause"] == "private Space", "\(report)")
        let error = await #expect(throws: JobError.self) { try await job.run(environment: environment) }
        #expect(error?.hint?.contains("X-HF-Authorization") == true)
    }

    @Test(
        "another site is no visit, and needs none; must_arrive decides where the address does not",
        arguments: [
            ("https://other.example/", "", false), ("https://APP.example:443/x", "", true), ("https://other.example/", ", must_arrive: true", true),
            ("https://app.example/", ", must_arrive: false", false), ("http://app.example/", "", true), ("https://app.example.evil/", "", false),
        ])
    func whose(url: String, with: String, isLooked: Bool) async throws {
        let (job, http) = try job(.success(HTTPResponse(status: 200)), nil, url: url, ", failures: 1\(with)")
        if isLooked {
            await #expect(throws: JobError.self) { try await job.run(environment: PingTests.own) }
        } else {
            #expect(try await job.run(environment: PingTests.own).summary == "answered 200 in 0 ms")
        }
        #expect(http.requests.first?.headers.contains { $0.name == "Shipkeeper-Nonce" } == isLooked, "the number is for nobody else")
    }

    @Test("an address of this machine keeps nothing awake, and is no failure where no other is known", .limited)
    func local() async throws {
        let here = ["SHIPKEEPER_PUBLIC_URL": "http://127.0.0.1:7860"]
        let (own, _) = try job(.success(HTTPResponse(status: 200)), .loopback, url: "http://127.0.0.1:7860/x")
        let report = try await own.run(environment: here)
        #expect(report.summary == "answered 200 in 0 ms on this machine, which keeps nothing awake" && report.outputs["arrival"] == "loopback")
        let (strict, _) = try job(.success(HTTPResponse(status: 200)), .loopback, url: "http://127.0.0.1:7860/x", ", failures: 1, must_arrive: true")
        await #expect(throws: JobError.self) { try await strict.run(environment: here) }
        let (app, http) = try job(.success(HTTPResponse(status: 200)), nil, url: "http://127.0.0.1:8080/")
        #expect(try await app.run(environment: here).summary == "answered 200 in 0 ms" && http.requests.first?.headers.isEmpty == true)
    }

    @Test("where arrivals must be seen and can't be, that is a failure", .limited)
    func blind() async throws {
        let job = try DeclaredJob("type: keepalive\nwith: { url: \"https://app.example/\", failures: 1, must_arrive: true }")
        let error = await #expect(throws: JobError.self) { try await job.run(environment: PingTests.own) }
        #expect(error?.summary.contains("can't be seen") == true)
    }
}
