import CCurl
import Synchronization

/// One exchange: libcurl's easy handle, what it was told, and what has come back. Every `unsafe` word about one transfer
/// stands in this file.
///
/// Owned by the caller until it is handed to the loop's thread, and by that thread from then on; hence unchecked.
@safe final class CurlTransfer: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer
    private let request: HTTPRequest
    private let onBody: (@Sendable ([UInt8]) -> Void)?
    private let onEnd: @Sendable (Result<HTTPResponse, HTTPFailure>) -> Void
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var body: UnsafeMutableBufferPointer<UInt8>?
    private var response = HTTPResponse(status: 0)
    private var isTooLong = false

    /// Nil where libcurl has no memory.
    init?(
        _ request: HTTPRequest, connectOnly: Bool = false, onBody: (@Sendable ([UInt8]) -> Void)?,
        onEnd: @escaping @Sendable (Result<HTTPResponse, HTTPFailure>) -> Void
    ) {
        guard let handle = unsafe curl_easy_init() else { return nil }
        unsafe self.handle = unsafe handle
        self.request = request
        self.onBody = onBody
        self.onEnd = onEnd
        unsafe headerList = nil
        unsafe body = nil
        configure(connectOnly: connectOnly)
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe curl_slist_free_all(headerList)
        unsafe body?.deallocate()
    }

    private func configure(connectOnly: Bool) {
        set(CURLOPT_URL, request.url)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(max(1, request.connectTimeout.milliseconds)))
        if let timeout = request.timeout { set(CURLOPT_TIMEOUT_MS, Int(max(1, timeout.milliseconds))) }
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        if let socket = request.unixSocket { set(CURLOPT_UNIX_SOCKET_PATH, socket) }
        // A proxy is for the outside world; what runs beside us is asked directly.
        if request.unixSocket != nil || request.isLoopback { set(CURLOPT_NOPROXY, "*") }
        if connectOnly { set(CURLOPT_CONNECT_ONLY, 1) }
        configureMethod()
        for header in request.headers + [("Expect", "")] {
            unsafe headerList = unsafe curl_slist_append(headerList, "\(header.name):\(header.value.isEmpty ? "" : " \(header.value)")")
        }
        unsafe ccurl_set_list(handle, CURLOPT_HTTPHEADER, headerList)
        let owner = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe ccurl_set_pointer(handle, CURLOPT_PRIVATE, owner)
        unsafe ccurl_set_pointer(handle, CURLOPT_WRITEDATA, owner)
        unsafe ccurl_set_pointer(handle, CURLOPT_HEADERDATA, owner)
        unsafe ccurl_set_callback(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, owner in
            unsafe CurlTransfer.from(owner)?.take(bytes, size * count) ?? 0
        }
        unsafe ccurl_set_callback(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, owner in
            unsafe CurlTransfer.from(owner)?.takeHeader(bytes, size * count) ?? 0
        }
    }

    private func configureMethod() {
        if request.method == "HEAD" { set(CURLOPT_NOBODY, 1) } else { set(CURLOPT_CUSTOMREQUEST, request.method) }
        guard let bytes = request.body else { return }
        // libcurl reads the body from where it lies, so it lies still until the transfer is gone.
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, bytes.count))
        _ = unsafe copy.initialize(from: bytes)
        unsafe body = unsafe copy
        set(CURLOPT_POST, 1)
        if request.method != "POST" { set(CURLOPT_CUSTOMREQUEST, request.method) }
        unsafe ccurl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
        unsafe ccurl_set_pointer(handle, CURLOPT_POSTFIELDS, copy.baseAddress)
    }

    private func set(_ option: CURLoption, _ value: String) { unsafe ccurl_set_string(handle, option, value) }
    private func set(_ option: CURLoption, _ value: Int) { unsafe ccurl_set_number(handle, option, value) }

    // MARK: What comes back

    private static func from(_ owner: UnsafeMutableRawPointer?) -> CurlTransfer? {
        unsafe owner.map { unsafe Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func take(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard let bytes = unsafe bytes else { return 0 }
        let piece = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
        if let onBody {
            unsafe onBody(Array(piece))
            return count
        }
        isTooLong = response.body.count + count > request.mostBody
        if isTooLong { return 0 }
        unsafe response.body += piece
        return count
    }

    private func takeHeader(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard let bytes = unsafe bytes else { return 0 }
        let line = unsafe String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
        if line.hasPrefix("HTTP/") { response.headers = [] }
        guard let colon = line.firstIndex(of: ":") else { return count }
        response.headers.append((String(line[..<colon]), line[line.index(after: colon)...].trimmed))
        return count
    }

    /// Tells whoever waits. Called once.
    func end(_ code: CURLcode) {
        response.status = unsafe ccurl_status(handle)
        onEnd(code == CURLE_OK ? .success(response) : .failure(failure(code)))
    }

    func endCancelled() { onEnd(.failure(.cancelled)) }

    private func failure(_ code: CURLcode) -> HTTPFailure {
        let reason = unsafe String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .unresolved("the host name is not known")
        case CURLE_COULDNT_CONNECT: return .refused("no connection: nothing listens there")
        case CURLE_OPERATION_TIMEDOUT: return .timedOut("no answer within \(request.timeout?.milliseconds ?? 0) ms")
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE:
            return .tls("no secure connection: \(reason)")
        case CURLE_WRITE_ERROR where isTooLong: return .broken("the answer is longer than \(request.mostBody) bytes")
        default: return .broken(reason)
        }
    }
}

extension HTTPRequest {
    fileprivate var isLoopback: Bool {
        let host = url.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" && $0 != ":" }
        return host == "localhost" || host.hasPrefix("127.") || host.hasPrefix("[")
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
