/// The media type of a file (RFC 9110 §8.3.1), with `charset=utf-8` for texts. Pure.
///
/// JavaScript and feeds have the types that Aliyun OSS compresses on its own.
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

    /// Bytes of no known kind.
    package static let unknown = "application/octet-stream"

    private static let text = "; charset=utf-8"

    /// Whether a media type, in lower case, is that of an HTML page.
    package static func isPage(_ type: String) -> Bool { type.hasPrefix("text/html") }

    /// The type of a file by the extension of its name; nil for an unknown one. Upper and lower case do not matter.
    package static func known(_ key: String) -> String? {
        let name = key.utf8.split(separator: UInt8(ascii: "/")).last ?? key.utf8[...]
        if name.elementsEqual("CNAME".utf8) { return "text/plain" + text }
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot != name.startIndex else { return nil }
        let ending = String(decoding: name[name.index(after: dot)...], as: UTF8.self).lowercased()
        return texts[ending].map { $0 + text } ?? others[ending]
    }

    // MARK: By content

    /// Marks at the beginning of a page, after blanks. See the WHATWG's MIME Sniffing Standard §7.1.
    private static let tags = [
        "!doctype html", "html", "head", "script", "iframe", "h1", "div", "font", "table", "a", "style", "title", "b", "body", "br", "p",
    ].map { Array("<\($0)".utf8) }
    private static let binaries: [(mark: [UInt8], type: String)] = [
        (Array("%PDF-".utf8), "application/pdf"), ([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], "image/png"),
        (Array("GIF87a".utf8), "image/gif"), (Array("GIF89a".utf8), "image/gif"), ([0xff, 0xd8, 0xff], "image/jpeg"),
        ([0x1f, 0x8b, 0x08], "application/gzip"), ([0x50, 0x4b, 0x03, 0x04], "application/zip"), ([0x00, 0x61, 0x73, 0x6d], "application/wasm"),
        (Array("wOFF".utf8), "font/woff"), (Array("wOF2".utf8), "font/woff2"),
    ]

    /// The type that the first 512 bytes of a content indicate, as browsers guess it; `unknown` where they do not. See the WHATWG's MIME Sniffing
    /// Standard.
    package static func sniffed(_ head: some Collection<UInt8>) -> String {
        let head = Array(head)
        if head.isEmpty { return unknown }
        if let binary = binaries.first(where: { head.starts(with: $0.mark) }) { return binary.type }
        if head.starts(with: Array("RIFF".utf8)), head.dropFirst(8).starts(with: Array("WEBP".utf8)) { return "image/webp" }
        if head.starts(with: [0xfe, 0xff]) || head.starts(with: [0xff, 0xfe]) { return "text/plain" }
        let isMarked = head.starts(with: [0xef, 0xbb, 0xbf])
        let body = head.dropFirst(isMarked ? 3 : 0).drop { [0x09, 0x0a, 0x0c, 0x0d, 0x20].contains($0) }
        let lower = body.prefix(32).map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
        if lower.starts(with: Array("<!--".utf8)) || tags.contains(where: { isTag($0, lower) }) { return "text/html" + text }
        if lower.starts(with: Array("<?xml".utf8)) { return "text/xml" + text }
        return head.contains(where: isBinary) ? unknown : "text/plain" + text
    }

    private static func isTag(_ tag: [UInt8], _ head: [UInt8]) -> Bool {
        head.starts(with: tag) && head.dropFirst(tag.count).first.map { [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x3e].contains($0) } == true
    }

    /// Bytes that no text holds.
    private static func isBinary(_ byte: UInt8) -> Bool {
        byte <= 0x08 || byte == 0x0b || (0x0e...0x1a).contains(byte) || (0x1c...0x1f).contains(byte)
    }
}
