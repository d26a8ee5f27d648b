import CCurl

/// libcurl's handle of many transfers: used by one thread, and woken from any. It lives until it is freed.
///
/// Every `unsafe` word about the loop is in this file.
@safe struct CurlMulti: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer
    /// How long it waits at most for something to do, in milliseconds.
    private static let longestWait: Int32 = 60_000

    init() {
        guard let handle = unsafe ccurl_multi_init() else { preconditionFailure("libcurl could not start: out of memory") }
        unsafe self.handle = unsafe handle
    }

    func free() { unsafe _ = ccurl_multi_cleanup(handle) }
    /// Ends the wait of its thread.
    func wake() { unsafe _ = ccurl_multi_wakeup(handle) }
    func add(_ transfer: CurlTransfer) { unsafe _ = ccurl_multi_add_handle(handle, transfer.handle) }
    func remove(_ transfer: CurlTransfer) { unsafe _ = ccurl_multi_remove_handle(handle, transfer.handle) }

    /// Does what can be done without waiting.
    func perform() {
        var running: Int32 = 0
        unsafe _ = ccurl_multi_perform(handle, &running)
    }

    /// Waits until there is something to do, or it is woken. Blocks.
    func wait() { unsafe _ = ccurl_multi_poll(handle, CurlMulti.longestWait) }

    /// The next transfer that has ended, with its result; nil where there is none.
    func nextDone() -> (transfer: UnsafeMutableRawPointer?, code: CURLcode)? {
        var easy: UnsafeMutableRawPointer?
        var code = CURLE_OK
        return unsafe ccurl_next_done(handle, &easy, &code) == 1 ? unsafe (easy, code) : nil
    }
}
