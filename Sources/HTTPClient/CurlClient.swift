import CCurl
import Foundation
import Synchronization
import Threads

/// HTTP over libcurl: all transfers on one thread of its own, so that no other thread ever waits for the network. That thread waits for
/// nothing but the network: what reads and takes contents has threads of its own. Clients have nothing in common with each other. The library is
/// loaded, and the thread started, with the first request.
package final class CurlClient: HTTPTransport {
    private struct State {
        var added: [(id: UInt64, transfer: CurlTransfer)] = []
        /// Exchanges whose end was asked for, whether or not they have begun.
        var cancelled: Set<UInt64> = []
        /// Exchanges that have paused and can continue.
        var ready: Set<UInt64> = []
        /// Exchanges whose receivers have got all.
        var told: [UInt64] = []
        var nextID: UInt64 = 0
        /// Once there is something to send.
        var multi: CurlMulti?
        var isClosed = false
    }

    private static let stackBytes = 512 * 1024

    private let state = Mutex(State())
    private let authorities: CurlAuthorities
    private let onExchange: (@Sendable (HTTPExchange) -> Void)?

    /// Why libcurl can't be used; nil where it can. Loads it at the first look, which blocks for some ten milliseconds.
    static let libraryFailure: String? = unsafe ccurl_load().map { unsafe String(cString: $0) }

    /// - Parameters:
    ///   - environment: Names other certificate authorities with `CURL_CA_BUNDLE` or `SSL_CERT_FILE`, and `SSL_CERT_DIR`. A proxy
    ///     named by `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy` is libcurl's own affair.
    ///   - onExchange: Called after each exchange, on a thread of the client, which must not be blocked. With a body receiver this is once the
    ///     receiver has got everything.
    package init(
        environment: [String: String] = ProcessInfo.processInfo.environment, onExchange: (@Sendable (HTTPExchange) -> Void)? = nil
    ) {
        authorities = CurlAuthorities(environment)
        self.onExchange = onExchange
    }

    /// Ends all transfers, with `HTTPFailure.cancelled`, and the client's thread; does not wait for them. Requests after this fail with `cancelled`.
    package func close() {
        // Woken under the lock: the thread frees its handle only after it has had the lock once more.
        note { $0.isClosed = true }
    }

    /// Suspends; the transfer runs on the client's own thread. Redirects are not followed, and only `http` and `https` are spoken.
    /// - Throws: See `HTTPFailure`; `noThread` where the client's thread could not be started.
    package func send(
        _ request: HTTPRequest, onBody: HTTPBodyReceiver?
    ) async throws(HTTPFailure) -> HTTPResponse {
        try await carry(request, connectOnly: false, onBody)
    }

    /// Suspends; the connection is opened and closed on the client's own thread.
    package func connect(host: String, port: Int, timeout: Duration) async throws(HTTPFailure) {
        let address = host.contains(":") ? "[\(host)]" : host
        let request = HTTPRequest("GET", "http://\(address):\(port)/", timeout: timeout, connectTimeout: timeout)
        _ = try await carry(request, connectOnly: true, nil)
    }

    private func carry(
        _ request: HTTPRequest, connectOnly: Bool, _ onBody: HTTPBodyReceiver?
    ) async throws(HTTPFailure) -> HTTPResponse {
        if let failure = CurlClient.libraryFailure { throw .broken(failure) }
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>) in
                let transfer = CurlTransfer(
                    request, authorities: authorities, connectOnly: connectOnly, onBody: onBody, onReady: { [weak self] in self?.note { $0.ready.insert(id) } }
                ) { [onExchange] result, exchange in
                    onExchange?(exchange)
                    continuation.resume(returning: result)
                }
                guard let transfer else { return continuation.resume(returning: .failure(.broken("out of memory"))) }
                do throws(ThreadError) {
                    if try !add(transfer, id) { transfer.endCancelled() }
                } catch {
                    transfer.endWithoutThread(error)
                }
            }
        } onCancel: {
            note { $0.cancelled.insert(id) }
        }
        state.withLock { _ = $0.cancelled.remove(id) }
        return try result.get()
    }

    /// Hands a transfer to the thread, and starts that for the first one. False where nothing is sent any more.
    private func add(_ transfer: CurlTransfer, _ id: UInt64) throws(ThreadError) -> Bool {
        let result: Result<Bool, ThreadError> = state.withLock { state in
            guard !state.isClosed, !state.cancelled.contains(id) else { return .success(false) }
            let multi = state.multi ?? CurlMulti()
            if state.multi == nil {
                do throws(ThreadError) {
                    try SystemThread.start("shipkeeper-http", stackBytes: CurlClient.stackBytes) { self.loop(multi) }
                } catch {
                    multi.free()
                    return .failure(error)
                }
                state.multi = multi
            }
            state.added.append((id, transfer))
            multi.wake()
            return .success(true)
        }
        return try result.get()
    }

    /// Lets the thread know something, as long as there is one.
    private func note(_ change: (inout State) -> Void) {
        state.withLock { state in
            guard !state.isClosed else { return }
            change(&state)
            state.multi?.wake()
        }
    }

    // MARK: The thread

    /// What the thread has in hand.
    private struct Transfers {
        var running: [UInt64: CurlTransfer] = [:]
        /// Over, and their receivers have not got all yet.
        var ending: [UInt64: CurlTransfer] = [:]
    }

    private func loop(_ multi: CurlMulti) {
        var transfers = Transfers()
        while true {
            let news = state.withLock { state in
                defer { (state.added, state.ready, state.told) = ([], [], []) }
                return state
            }
            for (id, transfer) in news.added {
                transfers.running[id] = transfer
                multi.add(transfer)
            }
            for id in news.told { transfers.ending[id] = nil }
            for id in news.isClosed ? Set(transfers.running.keys).union(transfers.ending.keys) : news.cancelled { cancel(id, multi, &transfers) }
            if news.isClosed { break }
            for id in news.ready { resume(id, multi, &transfers) }
            multi.perform()
            collect(multi, &transfers)
            multi.wait()
        }
        state.withLock { state in
            state.multi = nil
            multi.free()
        }
    }

    private func cancel(_ id: UInt64, _ multi: CurlMulti, _ transfers: inout Transfers) {
        if let transfer = transfers.running.removeValue(forKey: id) {
            multi.remove(transfer)
            transfer.endCancelled()
        }
        transfers.ending.removeValue(forKey: id)?.endCancelled()
    }

    private func resume(_ id: UInt64, _ multi: CurlMulti, _ transfers: inout Transfers) {
        guard let transfer = transfers.running[id], !transfer.resume() else { return }
        transfers.running[id] = nil
        multi.remove(transfer)
        transfers.ending[id] = transfer
        transfer.endDeclined { [weak self] in self?.note { $0.told.append(id) } }
    }

    private func collect(_ multi: CurlMulti, _ transfers: inout Transfers) {
        while let (handle, code) = unsafe multi.nextDone() {
            guard let (id, transfer) = transfers.running.first(where: { unsafe $0.value.handle == handle }) else { continue }
            transfers.running[id] = nil
            multi.remove(transfer)
            transfers.ending[id] = transfer
            transfer.end(code) { [weak self] in self?.note { $0.told.append(id) } }
        }
    }
}
