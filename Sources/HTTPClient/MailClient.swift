import CCurl

/// Sends a mail over libcurl. Every `unsafe` word about one is in this file.
package struct MailClient: Sendable {
    /// Where a mail goes, and who sends it.
    package struct Envelope: Sendable {
        /// `smtp://HOST` or `smtps://HOST`, with a port where it is not the usual one.
        package var server: String
        /// Nil where the server asks for none.
        package var user: String?
        package var password: String?
        package var from: String
        package var to: [String]
        /// Whether nothing is sent unless the connection is encrypted, by `smtps` or STARTTLS.
        package var requiresTLS: Bool

        package init(server: String, user: String?, password: String?, from: String, to: [String], requiresTLS: Bool) {
            (self.server, self.user, self.password, self.from, self.to, self.requiresTLS) = (server, user, password, from, to, requiresTLS)
        }
    }

    package struct Failure: Error, Hashable, Sendable {
        package var message: String
        /// Whether another try may help: the server was not there, or asks to come back.
        package var isPassing: Bool
    }

    private let authorities: CurlAuthorities

    /// - Parameter environment: Names other certificate authorities, as for `CurlClient`.
    package init(environment: [String: String]) { authorities = CurlAuthorities(environment) }

    /// What libcurl reads from.
    @safe private final class Source {
        let bytes: [UInt8]
        var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        func give(_ buffer: UnsafeMutablePointer<CChar>?, _ most: Int) -> Int {
            guard let buffer = unsafe buffer else { return 0 }
            let piece = bytes[position..<min(bytes.count, position + most)]
            unsafe UnsafeMutableRawBufferPointer(start: buffer, count: piece.count).copyBytes(from: piece)
            position += piece.count
            return piece.count
        }
    }

    /// Sends one mail. Blocks until the server has taken or refused it, at most a minute.
    /// - Parameter message: Head and body, with CRLF between lines.
    package func send(_ message: [UInt8], _ envelope: Envelope) throws(Failure) {
        if let reason = CurlClient.libraryFailure { throw Failure(message: reason, isPassing: false) }
        guard let handle = unsafe ccurl_easy_init() else { throw Failure(message: "out of memory", isPassing: true) }
        defer { unsafe ccurl_easy_cleanup(handle) }
        func set(_ option: CURLoption, _ value: String) { unsafe _ = ccurl_set_string(handle, option, value) }
        func set(_ option: CURLoption, _ value: Int) { unsafe _ = ccurl_set_number(handle, option, value) }
        set(CURLOPT_URL, envelope.server)
        set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, 15_000)
        set(CURLOPT_TIMEOUT_MS, 60_000)
        if let file = authorities.file { set(CURLOPT_CAINFO, file) }
        if let folder = authorities.folder { set(CURLOPT_CAPATH, folder) }
        set(CURLOPT_USE_SSL, Int(envelope.requiresTLS ? CURLUSESSL_ALL.rawValue : CURLUSESSL_TRY.rawValue))
        if let user = envelope.user { set(CURLOPT_USERNAME, user) }
        if let password = envelope.password { set(CURLOPT_PASSWORD, password) }
        set(CURLOPT_MAIL_FROM, "<\(envelope.from)>")
        var list: UnsafeMutablePointer<curl_slist>?
        defer { unsafe ccurl_slist_free_all(list) }
        for address in envelope.to { unsafe list = unsafe ccurl_slist_append(list, "<\(address)>") }
        unsafe _ = ccurl_set_list(handle, CURLOPT_MAIL_RCPT, list)
        let source = Source(message)
        let owner = unsafe Unmanaged.passUnretained(source).toOpaque()
        set(CURLOPT_UPLOAD, 1)
        unsafe _ = ccurl_set_size(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(message.count))
        unsafe _ = ccurl_set_pointer(handle, CURLOPT_READDATA, owner)
        unsafe _ = ccurl_set_callback(handle, CURLOPT_READFUNCTION) { bytes, size, count, owner in
            unsafe owner.map { unsafe Unmanaged<Source>.fromOpaque($0).takeUnretainedValue() }?.give(bytes, size * count) ?? 0
        }
        let code = withExtendedLifetime(source) { unsafe ccurl_easy_perform(handle) }
        guard code != CURLE_OK else { return }
        throw failure(code, status: unsafe ccurl_status(handle))
    }

    /// - Parameter status: The server's last reply; 4xx asks to come back. See RFC 5321 §4.2.1.
    private func failure(_ code: CURLcode, status: Int) -> Failure {
        switch code {
        case CURLE_USE_SSL_FAILED:
            Failure(message: "the mail server does not encrypt the connection; set \"tls: none\" if that is intended", isPassing: false)
        case CURLE_LOGIN_DENIED:
            Failure(
                message: "the mail server refuses the user or the password (\(status)); many want a password of its own for programs", isPassing: status < 500)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE:
            Failure(message: "no secure connection to the mail server: \(unsafe String(cString: ccurl_easy_strerror(code)))", isPassing: false)
        case CURLE_COULDNT_RESOLVE_HOST: Failure(message: "the host name of the mail server is not known", isPassing: true)
        case CURLE_COULDNT_CONNECT: Failure(message: "no connection to the mail server", isPassing: true)
        case CURLE_OPERATION_TIMEDOUT: Failure(message: "the mail server does not answer in time", isPassing: true)
        default:
            Failure(
                message: "the mail server refuses the mail\(status > 0 ? " (\(status))" : ""): \(unsafe String(cString: ccurl_easy_strerror(code)))",
                isPassing: !(500...599).contains(status))
        }
    }
}
