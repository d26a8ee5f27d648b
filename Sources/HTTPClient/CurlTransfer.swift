import CCurl
import Synchronization
import Threads

/// One exchange: libcurl's easy handle, what it was given, and what has come back. Every `unsafe` word about one transfer
/// is in this file.
///
/// Owned by the caller until it is handed to the loop's thread, and by that thread from then on; hence unchecked.
@safe final class CurlTransfer: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer
    private let request: HTTPRequest
    private let incoming: BodyHandOff?
    private let outgoing: BodyReadAhead?
    /// Called once: whatever comes first, the end or a cancellation while the receiver is still at work, which may not end for long.
    private let onEnd: Mutex<(@Sendable (Result<HTTPResponse, HTTPFailure>, HTTPExchange) -> Void)?>
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var body: UnsafeMutableBufferPointer<UInt8>?
    private var sent: Int64 = 0
    private var response = HTTPResponse(status: 0)
    private var ending = Ending.byItself

    /// Why the transfer is cut short by us.
    private enum Ending {
        case byItself, tooLong, declined, unreadable
        case noThread(ThreadError)
    }

    /// - Parameter onReady: Called on some thread: the transfer has paused and can continue, with `resume` on the loop's thread.
    /// - Returns: Nil where libcurl has no memory.
    init?(
        _ request: HTTPRequest, authorities: CurlAuthorities, connectOnly: Bool = false, onBody: HTTPBodyReceiver?,
        onReady: @escaping @Sendable () -> Void,
        onEnd: @escaping @Sendable (Result<HTTPResponse, HTTPFailure>, HTTPExchange) -> Void
    ) {
        guard let handle = unsafe ccurl_easy_init() else { return nil }
        unsafe self.handle = unsafe handle
        self.request = request
        incoming = onBody.map { BodyHandOff($0, onRoom: onReady) }
        if case .stream(let stream) = request.body { outgoing = BodyReadAhead(stream, onBytes: onReady) } else { outgoing = nil }
        self.onEnd = Mutex(onEnd)
        unsafe headerList = nil
        unsafe body = nil
        configure(connectOnly: connectOnly)
        if let file = authorities.file { set(CURLOPT_CAINFO, file) }
        if let folder = authorities.folder { set(CURLOPT_CAPATH, folder) }
    }

    deinit {
        outgoing?.drop()
        incoming?.drop()
        unsafe ccurl_easy_cleanup(handle)
        unsafe ccurl_slist_free_all(headerList)
        unsafe body?.deallocate()
    }

    private func configure(connectOnly: Bool) {
        set(CURLOPT_URL, request.url)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(max(1, request.connectTimeout.milliseconds)))
        if let timeout = request.timeout { set(CURLOPT_TIMEOUT_MS, Int(max(1, timeout.milliseconds))) }
        if let pace = request.slowest {
            set(CURLOPT_LOW_SPEED_LIMIT, pace.bytesPerSecond)
            set(CURLOPT_LOW_SPEED_TIME, max(1, Int(pace.during.components.seconds)))
        }
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        if let socket = request.unixSocket { set(CURLOPT_UNIX_SOCKET_PATH, socket) }
        // A proxy is for other machines; what runs on this one is asked directly. A bare connection would reach the proxy and say nothing of the target.
        if request.unixSocket != nil || connectOnly || HTTPOrigin(request.url)?.isThisMachine ?? false { set(CURLOPT_NOPROXY, "*") }
        if connectOnly { set(CURLOPT_CONNECT_ONLY, 1) }
        // Over a used connection that turns out dead libcurl would send it a second time of its own accord.
        if !request.isRepeatable { set(CURLOPT_FRESH_CONNECT, 1) }
        for header in request.headers + [("Expect", "")] {
            unsafe headerList = unsafe ccurl_slist_append(headerList, "\(header.name):\(header.value.isEmpty ? "" : " \(header.value)")")
        }
        unsafe ccurl_set_list(handle, CURLOPT_HTTPHEADER, headerList)
        let owner = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe configureMethod(owner)
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

    private func configureMethod(_ owner: UnsafeMutableRawPointer) {
        if request.method == "HEAD" { set(CURLOPT_NOBODY, 1) } else { set(CURLOPT_CUSTOMREQUEST, request.method) }
        switch request.body {
        case nil: break
        case .bytes(let bytes):
            // libcurl does not copy the body, so it must not move until the transfer is gone.
            let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, bytes.count))
            _ = unsafe copy.initialize(from: bytes)
            unsafe body = unsafe copy
            set(CURLOPT_POST, 1)
            unsafe ccurl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
            unsafe ccurl_set_pointer(handle, CURLOPT_POSTFIELDS, copy.baseAddress)
        case .stream(let stream):
            set(CURLOPT_UPLOAD, 1)
            unsafe ccurl_set_size(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(stream.length))
            unsafe ccurl_set_pointer(handle, CURLOPT_READDATA, owner)
            unsafe ccurl_set_pointer(handle, CURLOPT_SEEKDATA, owner)
            unsafe ccurl_set_callback(handle, CURLOPT_READFUNCTION) { bytes, size, count, owner in
                unsafe CurlTransfer.from(owner)?.give(bytes, size * count) ?? Int(CURL_READFUNC_ABORT)
            }
            unsafe ccurl_set_seek(handle) { owner, offset, origin in
                guard origin == SEEK_SET, let transfer = unsafe CurlTransfer.from(owner) else { return CURL_SEEKFUNC_CANTSEEK }
                transfer.sent = Int64(offset)
                transfer.outgoing?.seek(to: Int64(offset))
                return CURL_SEEKFUNC_OK
            }
        }
        if request.body != nil, request.method != "HEAD" { set(CURLOPT_CUSTOMREQUEST, request.method) }
    }

    private func set(_ option: CURLoption, _ value: String) { unsafe ccurl_set_string(handle, option, value) }
    private func set(_ option: CURLoption, _ value: Int) { unsafe ccurl_set_number(handle, option, value) }

    // MARK: What goes out

    private func give(_ buffer: UnsafeMutablePointer<CChar>?, _ most: Int) -> Int {
        guard let buffer = unsafe buffer, let outgoing, case .stream(let stream) = request.body else { return Int(CURL_READFUNC_ABORT) }
        let wanted = Int(min(Int64(most), stream.length - sent))
        if wanted <= 0 { return 0 }
        switch outgoing.take(wanted) {
        case .bytes(let bytes):
            unsafe UnsafeMutableRawBufferPointer(start: buffer, count: bytes.count).copyBytes(from: bytes)
            sent += Int64(bytes.count)
            request.onSent?(sent)
            return bytes.count
        case .wait: return Int(CURL_READFUNC_PAUSE)
        case .unreadable: ending = .unreadable
        case .noThread(let error): ending = .noThread(error)
        }
        return Int(CURL_READFUNC_ABORT)
    }

    // MARK: What comes back

    private static func from(_ owner: UnsafeMutableRawPointer?) -> CurlTransfer? {
        unsafe owner.map { unsafe Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func take(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard let bytes = unsafe bytes else { return 0 }
        let piece = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
        if let incoming {
            response.status = unsafe ccurl_status(handle)
            switch unsafe incoming.offer(response, Array(piece)) {
            case .taken: return count
            case .full: return Int(CURL_WRITEFUNC_PAUSE)
            case .declined: ending = .declined
            case .noThread(let error): ending = .noThread(error)
            }
            return 0
        }
        if response.body.count + count > request.mostBody {
            ending = .tooLong
            return 0
        }
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

    /// Continues after a pause. False where the receiver wants no more: then it is to be ended.
    func resume() -> Bool {
        if incoming?.isDeclined ?? false { return false }
        unsafe ccurl_resume(handle)
        return true
    }

    /// Wakes the caller, once a receiver has got everything that has come.
    /// - Parameter onTold: Called then, unless it was cancelled before.
    func end(_ code: CURLcode, onTold: @escaping @Sendable () -> Void) {
        response.status = unsafe ccurl_status(handle)
        let result: Result<HTTPResponse, HTTPFailure> = code == CURLE_OK ? .success(response) : .failure(failure(code))
        end(result, onTold: onTold)
    }

    /// The receiver wants no more.
    func endDeclined(onTold: @escaping @Sendable () -> Void) { end(.failure(.declined), onTold: onTold) }

    private func end(_ result: Result<HTTPResponse, HTTPFailure>, onTold: @escaping @Sendable () -> Void) {
        outgoing?.drop()
        let exchange = exchange(result)
        guard let incoming else {
            tell(result, exchange)
            return onTold()
        }
        incoming.finish { isDeclined in
            self.tell(isDeclined ? .failure(.declined) : result, exchange)
            onTold()
        }
    }

    /// Wakes the caller at once. A receiver that is at work gets nothing more.
    func endCancelled() {
        outgoing?.drop()
        incoming?.drop()
        tell(.failure(.cancelled), exchange(.failure(.cancelled)))
    }

    /// Nothing was sent: there was no room for the thread that sends.
    func endWithoutThread(_ error: ThreadError) {
        let failure = HTTPFailure.noThread("\(error)")
        tell(.failure(failure), exchange(.failure(failure)))
    }

    private func tell(_ result: Result<HTTPResponse, HTTPFailure>, _ exchange: HTTPExchange) {
        let told = onEnd.withLock { onEnd in
            defer { onEnd = nil }
            return onEnd
        }
        told?(result, exchange)
    }

    private func exchange(_ result: Result<HTTPResponse, HTTPFailure>) -> HTTPExchange {
        var exchange = HTTPExchange(
            method: request.method, url: request.shownURL, bytesSent: amount(CURLINFO_SIZE_UPLOAD_T),
            bytesReceived: amount(CURLINFO_SIZE_DOWNLOAD_T), milliseconds: amount(CURLINFO_TOTAL_TIME_T) / 1000)
        exchange.requestID = response.requestID
        switch result {
        case .success(let response): exchange.status = response.status
        case .failure(let failure): exchange.failure = failure
        }
        return exchange
    }

    private func amount(_ info: CURLINFO) -> Int64 { unsafe Int64(ccurl_amount(handle, info)) }

    private func failure(_ code: CURLcode) -> HTTPFailure {
        switch ending {
        case .tooLong: return .broken("the answer is longer than \(request.mostBody) bytes")
        case .declined: return .declined
        case .unreadable: return .broken("what is to be sent can't be read")
        case .noThread(let error): return .noThread("\(error)")
        case .byItself: break
        }
        let reason = unsafe String(cString: ccurl_easy_strerror(code))
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: return .unresolved("the host name is not known")
        case CURLE_COULDNT_RESOLVE_PROXY: return .unresolved("the proxy's host name is not known")
        case CURLE_COULDNT_CONNECT: return .refused("no connection: nothing listens there")
        case CURLE_OPERATION_TIMEDOUT: return .timedOut(timeoutWords)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE:
            return .tls("no secure connection: \(reason)")
        default: return .broken(reason)
        }
    }

    private var timeoutWords: String {
        let elapsed = amount(CURLINFO_TOTAL_TIME_T) / 1000
        let limit = request.timeout?.milliseconds ?? .max
        // libcurl's clock and ours may differ by a little.
        let isOver = elapsed >= limit - min(50, limit / 10)
        if !isOver, amount(CURLINFO_PRETRANSFER_TIME_T) == 0 { return "no connection within \(request.connectTimeout.milliseconds) ms" }
        if !isOver, let pace = request.slowest { return "nothing moved for \(max(1, pace.during.components.seconds)) s" }
        return "no answer within \(limit) ms"
    }
}

/// The certificate authorities to trust instead of the system's: a file of certificates (`CURLOPT_CAINFO`), a folder (`CURLOPT_CAPATH`).
struct CurlAuthorities: Sendable {
    var file: String?
    var folder: String?

    init(_ environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        file = value("CURL_CA_BUNDLE") ?? value("SSL_CERT_FILE")
        folder = value("SSL_CERT_DIR")
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
