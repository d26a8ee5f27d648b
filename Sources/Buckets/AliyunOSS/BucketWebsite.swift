import HTTPClient

/// How a bucket of Aliyun OSS serves its objects as a website. See PutBucketWebsite in the API reference of Aliyun OSS.
package struct BucketWebsite: Hashable, Sendable, CustomStringConvertible {
    /// The name of the index page, such as `index.html`; nil where there is none.
    package var index: String?
    /// Whether `/folder/` serves that folder's own index page (`SupportSubDir`; with type 0, `/folder` redirects there); otherwise it serves the
    /// front page.
    package var hasFolders: Bool
    /// The key of the page that is served where no object is.
    package var errorPage: String?
    /// The HTTP status that `errorPage` is served with, 200 or 404 as text.
    package var errorStatus: String?
    /// Whether the bucket also has routing rules, which `set` would delete.
    package private(set) var hasMore = false

    /// What a static site needs: `index.html` in every folder, and `404.html` with status 404 where the site has one.
    package static func usual(hasErrorPage: Bool) -> BucketWebsite {
        BucketWebsite(
            index: "index.html", hasFolders: true, errorPage: hasErrorPage ? "404.html" : nil, errorStatus: hasErrorPage ? "404" : nil)
    }

    private init(index: String?, hasFolders: Bool, errorPage: String?, errorStatus: String?) {
        self.index = index
        self.hasFolders = hasFolders
        self.errorPage = errorPage
        self.errorStatus = errorStatus
    }

    init?(_ xml: XMLElement?) {
        guard let xml, xml.name == "WebsiteConfiguration" else { return nil }
        let (index, error) = (xml.all("IndexDocument").first, xml.all("ErrorDocument").first)
        self.init(index: index?["Suffix"], hasFolders: index?["SupportSubDir"] == "true", errorPage: error?["Key"], errorStatus: error?["HttpStatus"])
        hasMore = xml.children.contains { $0.name == "RoutingRules" && !$0.children.isEmpty }
    }

    var xml: String {
        let folders = "<SupportSubDir>\(hasFolders)</SupportSubDir><Type>0</Type>"
        let start = index.map { "<IndexDocument><Suffix>\(XMLElement.escaped($0))</Suffix>\(folders)</IndexDocument>" } ?? ""
        let error =
            errorPage.map { "<ErrorDocument><Key>\(XMLElement.escaped($0))</Key><HttpStatus>\(errorStatus ?? "404")</HttpStatus></ErrorDocument>" } ?? ""
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><WebsiteConfiguration>\(start)\(error)</WebsiteConfiguration>"
    }

    package var description: String {
        "index page \(index ?? "none"), \(hasFolders ? "in each folder" : "for the front page only"), page for errors \(errorPage ?? "none")"
    }

    /// Whether visitors of a bucket with these settings see what `other` asks for. An error page that `other` does not ask for is fine.
    package func serves(_ other: BucketWebsite) -> Bool {
        index == other.index && hasFolders == other.hasFolders && (other.errorPage == nil || errorPage == other.errorPage && errorStatus == other.errorStatus)
    }

    /// The same, with the other's page for errors where this one has none.
    package func keeping(_ other: BucketWebsite) -> BucketWebsite {
        var result = self
        if errorPage == nil { (result.errorPage, result.errorStatus) = (other.errorPage, other.errorStatus) }
        return result
    }

    /// What the bucket lacks in comparison with these settings, with what to do about it, as one message.
    /// - Parameter found: The bucket's own settings, nil for none; ask `serves` first.
    package func shortcomings(of found: BucketWebsite?) -> String {
        guard let found, found.index != nil else {
            return "the bucket is not set up as a website: it has no index page; set \"website: set\", or do it in the console under Static Pages"
        }
        if found.index != index { return "the bucket's index page is \(found.index ?? ""), and the site's is \(index ?? ""); set \"website: set\"" }
        if hasFolders, !found.hasFolders {
            return "the bucket shows the front page for every folder: switch on index pages of sub-folders in the console, or set \"website: set\""
        }
        return "the bucket does not show \(errorPage ?? "") with the status 404 for addresses that lead nowhere; set \"website: set\""
    }
}

extension BucketClient {
    /// The bucket's website settings; nil where it has none. One request (GetBucketWebsite).
    package func website() async throws(StorageError) -> BucketWebsite? {
        let doing = "reading the bucket's website settings"
        let response = try await answer(BucketCall(method: "GET", query: [("website", nil)]), doing: doing)
        let refusal = BucketErrorResponse(response)
        if refusal.code == "NoSuchWebsiteConfiguration" { return nil }
        guard response.status == 200 else { throw dialect.error(refusal, doing: doing) }
        return BucketWebsite(XMLElement.parse(response.body))
    }

    /// Replaces the bucket's website settings (PutBucketWebsite). Its routing rules, for redirects and for fetching from an origin, are deleted.
    package func set(_ website: BucketWebsite) async throws(StorageError) {
        _ = try await good(
            "PUT", nil, query: [("website", nil)], headers: [("Content-Type", "application/xml")], body: .bytes(Array(website.xml.utf8)),
            doing: "setting the bucket's website settings")
    }
}
