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
    }

    package static let typeName = "keepalive"
    package static let about = "Requests a URL on a schedule, so that the platform does not put the container to sleep"
    let settings: Settings
    let http: any HTTPTransport

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
            timeout: reader.duration("timeout", "The longest wait for the response", default: .seconds(10), in: .seconds(1) ... .seconds(60)))
        reader.formerly("expect", "statuses")
        return settings
    }

    package var addresses: [AddressUse] { [AddressUse("url", settings.url)] }

    /// Sends one request. Failures in a row are counted in the state file, and reset by a success.
    /// - Throws: Once so many requests in a row have failed as the settings say; fewer are reported as a success with the problem in its summary.
    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        let start = context.clock.uptime
        let problem: String?
        var status = 0
        do {
            let headers = settings.headers.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
            let response = try await http.send(HTTPRequest(settings.method.rawValue, settings.url, headers: headers, timeout: settings.timeout))
            status = response.status
            problem = judge(response)
        } catch {
            problem = "no answer from \(settings.url): \(error)"
        }
        let latency = (context.clock.uptime - start).wholeMilliseconds
        guard let problem else {
            try await context.values.set(["failures": "0", "latency_ms": "\(latency)"], of: context.job)
            return RunReport(summary: "answered \(status) in \(latency) ms", result: .keepalive(.answered(status: status, milliseconds: latency)))
        }
        let failures = (try await context.values.value("failures", of: context.job).flatMap { Int($0) } ?? 0) + 1
        try await context.values.set(["failures": "\(failures)"], of: context.job)
        guard failures >= settings.failures else {
            return RunReport(
                summary: "\(problem) (\(failures) of \(settings.failures) before this counts as a failure)",
                result: .keepalive(.missed(failures: failures)))
        }
        throw JobError(problem, hint: hint(status), retry: .worthwhile)
    }

    /// A private Space answers 404 to requests without a token, whether it is awake or not.
    private func hint(_ status: Int) -> String {
        guard status == 404, settings.url.contains(".hf.space") else { return "is the app up, and is the address right?" }
        return "a private Space answers 404 to requests without a token: make the app public, or set headers: { X-HF-Authorization: \"Bearer ${HF_TOKEN}\" }"
    }

    private func judge(_ response: HTTPResponse) -> String? {
        let isExpected = settings.expected.isEmpty ? (200..<400).contains(response.status) : settings.expected.contains(response.status)
        guard isExpected else { return "\(settings.url) answered \(response.status)" }
        guard let marker = settings.marker, !marker.isIn(response) else { return nil }
        return "\(settings.url) answered \(response.status) without the header \(marker): another program answers there"
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
