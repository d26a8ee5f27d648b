package import HTTPClient
import Buckets

/// Checks a published site from outside, as a visitor sees it.
package struct SiteProbe: Sendable {
    let http: any HTTPTransport
    /// Without a slash at its end.
    let address: String

    /// - Parameter address: The site's address; slashes at its end are removed.
    package init(http: any HTTPTransport, address: String) {
        self.http = http
        var address = address
        while address.hasSuffix("/") { address.removeLast() }
        self.address = address
    }

    /// What is wrong, as messages with what to do about it; empty when everything is fine. Sends up to three requests, one after the other, with a
    /// timeout of 30 s each, and follows redirects.
    /// - Parameter changed: A page that was just published, with its content's MD5.
    package func look(changed: (key: String, md5: String)?, digest: @Sendable ([UInt8]) -> String) async -> [String] {
        var found: [String] = []
        switch await get("/") {
        case .failure(let failure): return ["\(address) can't be reached: \(failure)"]
        case .success(let front):
            if front.status != 200 { found.append("\(address)/ answers \(front.status); is the bucket public to read, and its index page index.html?") }
            if isDownload(front) {
                found.append("\(address)/ is downloaded instead of shown: Aliyun does that on its own hosts; map a domain of yours to the bucket")
            }
        }
        if let changed {
            switch await get("/" + changed.key) {
            case .failure(let failure): found.append("\(address)/\(changed.key) can't be reached: \(failure)")
            case .success(let page): found += look(at: page, changed, digest)
            }
        }
        if case .success(let missing) = await get("/shipkeeper-no-such-page-\(UInt32.random(in: 0 ... .max))/"), missing.status == 200 {
            found.append("pages that do not exist answer 200; set the error page's status to 404, and sub-folders' index pages on")
        }
        return found
    }

    private func look(at page: HTTPResponse, _ changed: (key: String, md5: String), _ digest: ([UInt8]) -> String) -> [String] {
        if page.status != 200 { return ["\(address)/\(changed.key) was published, and answers \(page.status)"] }
        if let type = page.header("Content-Type"), !ContentType.isPage(type.lowercased()) {
            return ["\(address)/\(changed.key) is a page, and is sent as \(type): browsers don't show it"]
        }
        return digest(page.body) == changed.md5
            ? [] : ["\(address)/\(changed.key) still shows what was there before; something in between keeps old copies"]
    }

    private func isDownload(_ answer: HTTPResponse) -> Bool {
        answer.header("x-oss-force-download") == "true" || answer.header("Content-Disposition")?.hasPrefix("attachment") == true
    }

    private func get(_ path: String) async -> Result<HTTPResponse, HTTPFailure> {
        let escaped = PercentEncoding.encode(path, keepingSlashes: true)
        do {
            let request = HTTPRequest("GET", address + escaped, headers: [("Cache-Control", "no-cache")])
            return .success(try await http.send(request) { _, _, next in HTTPRequest("GET", next, headers: [("Cache-Control", "no-cache")]) }.response)
        } catch {
            return .failure(error)
        }
    }
}
