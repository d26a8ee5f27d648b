import Foundation
import HTTPTypes

/// A request as the pages see it. A value.
package struct WebRequest: Sendable {
    package enum Method: Hashable, Sendable {
        case get, head, post, other
    }

    package var method: Method
    /// With its query, as it came.
    package var address: String
    /// Without the query, as it came.
    package var path: String
    package var query: [String: String]
    /// By name in lower case.
    package var headers: [String: String]
    /// The fields of a form.
    package var form: [String: String]

    package init(_ method: Method, _ address: String, headers: [String: String] = [:], form: [String: String] = [:]) {
        let parts = address.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.method = method
        self.address = address
        path = parts.first.map(String.init) ?? ""
        query = parts.count > 1 ? FormText.read(parts[1]) : [:]
        self.headers = headers
        self.form = form
    }

    /// The visitor's address, as nginx says it; nobody else can connect.
    var client: String { headers["x-real-ip"] ?? "" }

    /// Whether someone looks at the answer in a browser, and no script or program reads it. Source: Fetch Metadata Request Headers §2.3.
    var isNavigation: Bool { headers["sec-fetch-mode"] == "navigate" }

    /// Whether the page is in a frame of another site, where only partitioned cookies arrive.
    var isInFrame: Bool { headers["sec-fetch-dest"] == "iframe" }

    /// The value of a cookie.
    func cookie(_ name: String) -> String? {
        for part in (headers["cookie"] ?? "").split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1)
            if pair.count == 2, pair[0].trimmingCharacters(in: .whitespaces) == name { return pair[1].trimmingCharacters(in: .whitespaces) }
        }
        return nil
    }

    /// Whether a browser says that another site is behind the request. Other programs say nothing.
    ///
    /// `Sec-Fetch-Site` counts before `Origin`: a proxy may have changed the name by which we are known. Source: Fetch Metadata Request Headers §2.
    var isFromOtherSite: Bool {
        if let site = headers["sec-fetch-site"] { return site != "same-origin" && site != "none" }
        guard let origin = headers["origin"] else { return false }
        guard let scheme = origin.firstRange(of: "://") else { return true }
        let host = origin[scheme.upperBound...].lowercased()
        return host != headers["host"]?.lowercased()
    }
}

/// Forms and queries: `a=1&b=2`. Source: URL Standard, application/x-www-form-urlencoded.
enum FormText {
    /// The first value of each name.
    static func read(_ text: Substring) -> [String: String] {
        var values: [String: String] = [:]
        for part in text.split(separator: "&").prefix(100) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { decoded($0) }
            if let name = pair.first, values[name] == nil { values[name] = pair.count > 1 ? pair[1] : "" }
        }
        return values
    }

    private static func decoded(_ text: Substring) -> String {
        let text = String(text.map { $0 == "+" ? " " : $0 })
        return text.removingPercentEncoding ?? text
    }

    /// As one part of a path or a query.
    static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .init(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")) ?? ""
    }
}
