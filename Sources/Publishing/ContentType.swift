/// What kind of content a name stands for, as web servers say it.
///
/// JavaScript and feeds have the names under which Aliyun OSS compresses them on its own.
package enum ContentType {
    private static let texts: [String: String] = [
        "html": "text/html", "htm": "text/html", "css": "text/css", "js": "application/javascript", "mjs": "application/javascript",
        "json": "application/json", "map": "application/json", "webmanifest": "application/manifest+json", "xml": "text/xml", "atom": "text/xml",
        "rss": "text/xml", "txt": "text/plain", "md": "text/plain", "csv": "text/csv",
    ]
    private static let others: [String: String] = [
        "svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
        "avif": "image/avif", "ico": "image/x-icon", "woff": "font/woff", "woff2": "font/woff2", "ttf": "font/ttf", "otf": "font/otf",
        "eot": "application/vnd.ms-fontobject", "mp4": "video/mp4", "webm": "video/webm", "mp3": "audio/mpeg", "ogg": "audio/ogg",
        "wav": "audio/wav", "pdf": "application/pdf", "zip": "application/zip", "gz": "application/gzip", "wasm": "application/wasm",
    ]

    /// The type of a file, by its name's ending; bytes of no known kind where that says nothing.
    package static func of(_ key: String) -> String {
        let name = key.split(separator: "/").last.map(String.init) ?? key
        if name == "CNAME" { return "text/plain; charset=utf-8" }
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "application/octet-stream" }
        let ending = name[name.index(after: dot)...].lowercased()
        if let text = texts[ending] { return text + "; charset=utf-8" }
        return others[ending] ?? "application/octet-stream"
    }
}
