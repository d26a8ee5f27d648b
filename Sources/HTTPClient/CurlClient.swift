import CCurl
import Foundation
import Synchronization

/// HTTP over libcurl: all transfers on one thread of its own, so that no other thread ever waits for the network.
///
/// Every `unsafe` word about the loop stands in this file.
@safe package final class CurlClient: HTTPTransport {
    private struct State {
        var added: [(id: UInt64, transfer: CurlTransfer)] = []
        /// Exchanges whose end was asked for, whether or not they have begun.
        var cancelled: Set<UInt64> = []
        var nextID: UInt64 = 0
        var isClosed = false
    }

    // Made once, used by the loop's thread, and woken from any: libcurl allows the latter.
    private nonisolated(unsafe) let multi: UnsafeMutableRawPointer
    private let state = Mutex(State())
    private let authorities: CurlAuthorities
    private let onExchange: (@Sendable (HTTPExchange) -> Void)?

    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// - Parameters:
    ///   - environment: Names other certificate authorities with `CURL_CA_BUNDLE` or `SSL_CERT_FILE`, and `SSL_CERT_DIR`. A proxy
    ///     named by `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy` is libcurl's own affair.
    ///   - onExchange: Told of every exchange that has ended, on the client's thread.
    package init(
        environment: [String: String] = ProcessInfo.processInfo.environment, onExchange: (@Sendable (HTTPExchange) -> Void)? = nil
    ) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        authorities = CurlAuthorities(file: value("CURL_CA_BUNDLE") ?? value("SSL_CERT_FILE"), folder: value("SSL_CERT_DIR"))
        self.onExchange = onExchange
        precondition(CurlClient.isReady, "libcurl could not start")
        guard let multi = unsafe curl_multi_init() else { preconditionFailure("libcurl could not start: out of memory") }
        unsafe self.multi = unsafe multi
        let thread = Thread { [self] in loop() }
        thread.name = "shipkeeper-http"
        thread.stackSize = 512 * 1024
        thread.start()
    }

    /// Ends all transfers and the thread. Nothing is sent after this.
    package func close() {
        // Woken under the lock: the thread frees its handle only after it has had the lock once more.
        state.withLock { state in
            state.isClosed = true
            wake()
        }
    }

    package func send(
        _ request: HTTPRequest, onBody: HTTPBodyReceiver?
    ) async throws(HTTPFailure) -> HTTPResponse {
        try await carry(request, connectOnly: false, onBody)
    }

    package func connect(host: String, port: Int, timeout: Duration) async throws(HTTPFailure) {
        let address = host.contains(":") ? "[\(host)]" : host
        let request = HTTPRequest("GET", "http://\(address):\(port)/", timeout: timeout, connectTimeout: timeout)
        _ = try await carry(request, connectOnly: true, nil)
    }

    private func carry(
        _ request: HTTPRequest, connectOnly: Bool, _ onBody: HTTPBodyReceiver?
    ) async throws(HTTPFailure) -> HTTPResponse {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>) in
                let transfer = CurlTransfer(request, authorities: authorities, connectOnly: connectOnly, onBody: onBody) {
                    [onExchange] result, exchange in
                    onExchange?(exchange)
                    continuation.resume(returning: result)
                }
                guard let transfer else { return continuation.resume(returning: .failure(.broken("out of memory"))) }
                let isOpen = state.withLock { state in
                    let isOpen = !state.isClosed && !state.cancelled.contains(id)
                    if isOpen {
                        state.added.append((id, transfer))
                        wake()
                    }
                    return isOpen
                }
                if !isOpen { transfer.endCancelled() }
            }
        } onCancel: {
            state.withLock { state in
                guard !state.isClosed else { return }
                state.cancelled.insert(id)
                wake()
            }
        }
        state.withLock { _ = $0.cancelled.remove(id) }
        return try result.get()
    }

    private func wake() { unsafe _ = curl_multi_wakeup(multi) }

    // MARK: The thread

    private func loop() {
        var transfers: [UInt64: CurlTransfer] = [:]
        while true {
            let (added, cancelled, isClosed) = state.withLock { state in
                defer { state.added = [] }
                return (state.added, state.cancelled, state.isClosed)
            }
            for (id, transfer) in added {
                transfers[id] = transfer
                unsafe curl_multi_add_handle(multi, transfer.handle)
            }
            for id in isClosed ? Set(transfers.keys) : cancelled {
                guard let transfer = transfers.removeValue(forKey: id) else { continue }
                unsafe curl_multi_remove_handle(multi, transfer.handle)
                transfer.endCancelled()
            }
            if isClosed { break }
            var running: Int32 = 0
            unsafe curl_multi_perform(multi, &running)
            collect(&transfers)
            unsafe curl_multi_poll(multi, nil, 0, 60_000, nil)
        }
        state.withLock { _ in unsafe _ = curl_multi_cleanup(multi) }
    }

    private func collect(_ transfers: inout [UInt64: CurlTransfer]) {
        var easy: UnsafeMutableRawPointer?
        var code = CURLE_OK
        while unsafe ccurl_next_done(multi, &easy, &code) == 1 {
            guard let found = transfers.first(where: { unsafe $0.value.handle == easy }) else { continue }
            transfers[found.key] = nil
            unsafe curl_multi_remove_handle(multi, easy)
            found.value.end(code)
        }
    }
}
