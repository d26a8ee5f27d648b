package import HTTPClient

/// Looks at a site from outside, as a visitor does.
package struct SiteProbe: Sendable {
    let http: any HTTPTransport
    /// Without a slash at its end.
    let address: String

    package init(http: any HTTPTransport, address: String) {
        self.http = http
        var address = address
        while address.hasSuffix("/") { address.removeLast() }
        self.address = address
    }

    /// What is wrong, in words that say what to do; empty when all is well.
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
        if let changed, case .success(let page) = await get("/" + changed.key) {
            if page.status != 200 {
                found.append("\(address)/\(changed.key) was published, and answers \(page.status)")
            } else if digest(page.body) != changed.md5 {
                found.append("\(address)/\(changed.key) still shows what was there before; something in between keeps old copies")
            }
        }
        if case .success(let missing) = await get("/shipkeeper-no-such-page-\(UInt32.random(in: 0 ... .max))/"), missing.status == 200 {
            found.append("pages that do not exist answer 200; set the error page's status to 404, and sub-folders' index pages on")
        }
        return found
    }

    private func isDownload(_ answer: HTTPResponse) -> Bool {
        answer.header("x-oss-force-download") == "true" || answer.header("Content-Disposition")?.hasPrefix("attachment") == true
    }

    private func get(_ path: String) async -> Result<HTTPResponse, HTTPFailure> {
        let escaped = path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } ? path : SiteProbe.escaped(path)
        do {
            let request = HTTPRequest("GET", address + escaped, headers: [("Cache-Control", "no-cache")])
            return .success(try await http.send(request) { _, _, next in HTTPRequest("GET", next, headers: [("Cache-Control", "no-cache")]) }.response)
        } catch {
            return .failure(error)
        }
    }

    private static func escaped(_ path: String) -> String {
        path.utf8.map {
            $0 > 0x20 && $0 < 0x7f
                ? String(UnicodeScalar($0)) : "%" + (String($0, radix: 16, uppercase: true).count == 1 ? "0" : "") + String($0, radix: 16, uppercase: true)
        }
        .joined()
    }
}
