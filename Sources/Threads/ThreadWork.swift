/// Runs work that blocks on a thread of its own. Where the system refuses a thread, it is tried again for up to ten seconds.
package enum ThreadWork {
    /// How long it is tried to start a thread.
    private static let patience = Duration.seconds(10)
    private static let firstWait = Duration.milliseconds(50)
    private static let longestWait = Duration.seconds(1)

    /// Suspends until `work` has returned, and returns its result. Cancelling the task does not stop `work`; it only ends further tries to start a
    /// thread.
    /// - Returns: A failure where no thread could be started within ten seconds; `work` was not called then.
    package static func result<Value: Sendable>(
        _ name: String, stackBytes: Int = 1 << 20, _ work: @escaping @Sendable () -> Value
    ) async -> Result<Value, ThreadError> {
        let end = ContinuousClock.now + patience
        var wait = firstWait
        while true {
            let result: Result<Value, ThreadError> = await withCheckedContinuation { continuation in
                do throws(ThreadError) {
                    try SystemThread.start(name, stackBytes: stackBytes) { continuation.resume(returning: .success(work())) }
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            if case .success = result { return result }
            guard ContinuousClock.now + wait <= end else { return result }
            do { try await Task.sleep(for: wait) } catch { return result }
            wait = min(longestWait, wait * 2)
        }
    }
}
