import HTTPClient
package import JobKit
package import Settings

/// Requests an address, so that the platform sees a visit, and it is known whether the app can be reached from outside.
package struct KeepaliveJob: JobType {
    /// The HTTP method of the request.
    package enum Method: String, CaseIterable, Sendable {
        case head = "HEAD"
        case get = "GET"
    }

    /// The keys under `with`.
    package struct Settings: Sendable {
        /// An absolute `http` or `https` address. Redirects are not followed.
        package var url: String
        package var method: Method
        /// Statuses that count as reached; empty for all from 200 to 399.
        package var expected: Set<Int>
        /// Headers of the request, for addresses that need a token.
        package var headers: [String: String]
        /// A header that the answer must have; nil for no such check.
        package var marker: HeaderMark?
        /// Failures in a row before the run fails.
        package var failures: Int
        /// The longest wait for the whole answer, 1 to 60 s.
        package var timeout: Duration
        /// Whether the request must come in at the own public port; nil to decide by the address.
        package var mustArrive: Bool?
    }

    package static let typeName = "keepalive"
    package static let about = "Requests a URL on a schedule, so that the platform does not put the container to sleep"
    let settings: Settings
    let http: any HTTPTransport
    let arrivals: any ArrivalWatch

    /// nginx reports a visit right after its answer.
    private static let arrivalWait = Duration.seconds(3)

    package static func settings(from reader: inout SettingsReader) -> Settings {
        let settings = Settings(
            url: reader.url("url", "The URL to request") ?? "",
            method: reader.choice("method", "HTTP method", default: Method.get),
            expected: Set(reader.statuses("statuses", "Statuses that count as success; 200 to 399 by default")),
            headers: reader.stringMap("headers", "Headers of the request, such as X-HF-Authorization of a private Space"),
            marker: reader.parsed(
                SettingShape("marker", "A header that the response must have, as Name or Name: value", .text), expected: "X-App or \"X-App: value\"",
                HeaderMark.init),
            failures: reader.integer("failures", "Failed requests in a row before a run fails", default: 3, in: 1...1000),
            timeout: reader.duration("timeout", "The longest wait for the response", default: .seconds(10), in: .seconds(1) ... .seconds(60)),
            mustArrive: reader.boolean(
                "must_arrive", "Whether the request must come in at the container's own front; true where the URL has the host of SHIPKEEPER_PUBLIC_URL"))
        reader.formerly("expect", "statuses")
        return settings
    }

    package var isLocal: Bool { KeepaliveJob.isLocal(settings.url) }
    /// Whether an address leads to this machine without leaving it.
    package static func isLocal(_ url: String) -> Bool { OwnAddress.isLoopback(url: url) }

    package var addresses: [AddressUse] { [AddressUse("url", settings.url)] }

    /// Sends one request. Failures in a row are counted in the state file, and reset by a success.
    /// - Throws: Once so many requests in a row have failed as the settings say; fewer are reported as a success with the problem in its summary.
    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        let isOwn = settings.mustArrive ?? OwnAddress.isOwn(settings.url, public: context.environment[OwnAddress.variable])
        let expected = isOwn ? arrivals.expect() : nil
        defer { expected.map(arrivals.forget) }
        let start = context.clock.uptime
        var ping = Ping(settings: settings, expected: expected, isProofMissing: settings.mustArrive == true && expected == nil)
        do { ping.answer = .success(try await http.send(request(expected))) } catch { ping.answer = .failure(error) }
        ping.milliseconds = (context.clock.uptime - start).wholeMilliseconds
        if let expected { ping.arrival = await arrivals.arrival(of: expected, within: KeepaliveJob.arrivalWait, context.clock) }
        switch ping.verdict {
        case .good(let words, let facts):
            try await context.values.set(["failures": "0", "latency_ms": "\(ping.milliseconds)"], of: context.job)
            return RunReport(summary: words, result: .keepalive(facts))
        case .bad(let cause, let problem, let hint):
            let failures = (try await context.values.value("failures", of: context.job).flatMap { Int($0) } ?? 0) + 1
            try await context.values.set(["failures": "\(failures)"], of: context.job)
            guard failures >= settings.failures else {
                return RunReport(
                    summary: "\(problem) (\(failures) of \(settings.failures) before this counts as a failure)",
                    result: .keepalive(.missed(failures: failures, cause: cause)))
            }
            throw JobError(problem, hint: hint, retry: .worthwhile)
        }
    }

    private func request(_ expected: ExpectedArrival?) -> HTTPRequest {
        var headers = settings.headers.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        // An answer from a cache is no visit.
        if let expected { headers += [(expected.header.name, expected.header.value), ("Cache-Control", "no-cache")] }
        return HTTPRequest(settings.method.rawValue, settings.url, headers: headers, timeout: settings.timeout)
    }
}

extension SettingsReader {
    fileprivate mutating func statuses(_ key: String, _ about: String) -> [Int] {
        guard let node = node(SettingShape(key, about, .either([.integer(100...599), .list(.integer(100...599))]))) else { return [] }
        return (node.elements ?? [node]).compactMap { element in
            if let status = element.text.flatMap({ Int($0) }), (100...599).contains(status) { return status }
            report(at: element.place, "\"\(qualified(key))\" holds \(element.kind)", hint: "write statuses such as 200")
            return nil
        }
    }
}
