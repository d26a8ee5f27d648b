/// An answer over HTTP/1.1 as bytes that have come so far, on a connection that carries nothing else. Pure.
struct WholeAnswer {
    /// The most bytes of status line and headers.
    private static let mostHead = 64 << 10

    private let mostBody: Int
    private var bytes: [UInt8] = []
    private var head: (response: HTTPResponse, length: Int)?

    init(mostBody: Int) { self.mostBody = mostBody }

    /// Takes what has come.
    /// - Returns: The answer, where it is whole without the connection's end.
    mutating func add(_ piece: ArraySlice<UInt8>) throws(HTTPFailure) -> HTTPResponse? {
        bytes += piece
        if head == nil { try readHead() }
        guard let head else { return nil }
        guard bytes.count - head.length <= mostBody + (isChunked ? mostBody / 2 + WholeAnswer.mostHead : 0) else { throw WholeAnswer.tooLong }
        guard !isChunked, let length = try contentLength(), bytes.count >= head.length + length else { return nil }
        return response(body: bytes[head.length..<head.length + length])
    }

    /// The answer, once the connection has ended.
    mutating func end() throws(HTTPFailure) -> HTTPResponse {
        guard let head else { throw bytes.isEmpty ? .broken("the connection ended without an answer") : WholeAnswer.cutOff }
        let rest = bytes[head.length...]
        if isChunked { return response(body: try WholeAnswer.joined(rest)[...]) }
        if try contentLength() != nil { throw WholeAnswer.cutOff }
        return response(body: rest)
    }

    private static let cutOff = HTTPFailure.broken("the connection ended within the answer")
    private static let invalid = HTTPFailure.broken("the answer is not HTTP")
    private static let tooLong = HTTPFailure.broken("the answer is too long")

    private func response(body: ArraySlice<UInt8>) -> HTTPResponse {
        HTTPResponse(status: head?.response.status ?? 0, headers: head?.response.headers ?? [], body: Array(body))
    }

    private var isChunked: Bool { head?.response.header("Transfer-Encoding")?.lowercased() == "chunked" }

    private func contentLength() throws(HTTPFailure) -> Int? {
        guard let text = head?.response.header("Content-Length") else { return nil }
        guard let length = Int(text), length >= 0 else { throw WholeAnswer.invalid }
        guard length <= mostBody else { throw WholeAnswer.tooLong }
        return length
    }

    private mutating func readHead() throws(HTTPFailure) {
        guard let end = bytes.prefix(WholeAnswer.mostHead).firstRange(of: [13, 10, 13, 10]) else {
            if bytes.count > WholeAnswer.mostHead || !"HTTP/1.".utf8.starts(with: bytes.prefix(7)) { throw WholeAnswer.invalid }
            return
        }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines[0].split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].count == 3, let status = Int(words[1]), status >= 100 else { throw WholeAnswer.invalid }
        if status < 200 {
            // What comes before the answer says nothing of it.
            bytes.removeFirst(end.upperBound)
            return try readHead()
        }
        var headers: [(name: String, value: String)] = []
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else { throw WholeAnswer.invalid }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers.append((String(line[..<colon]), String(value)))
        }
        head = (HTTPResponse(status: status, headers: headers), end.upperBound)
    }

    /// The content of chunks. What may follow the last one is left out.
    private static func joined(_ chunks: ArraySlice<UInt8>) throws(HTTPFailure) -> [UInt8] {
        var (body, rest): ([UInt8], ArraySlice<UInt8>) = ([], chunks)
        while true {
            guard let line = rest.prefix(64).firstRange(of: [13, 10]) else { throw cutOff }
            let digits = String(decoding: rest[..<line.lowerBound].prefix { $0 != 0x3b }, as: UTF8.self)
            guard let length = Int(digits, radix: 16), length >= 0 else { throw invalid }
            rest = rest[line.upperBound...]
            if length == 0 { return body }
            guard rest.count >= length + 2 else { throw cutOff }
            body += rest.prefix(length)
            guard rest.dropFirst(length).starts(with: [13, 10]) else { throw invalid }
            rest = rest.dropFirst(length + 2)
        }
    }
}
