/// Runs work with a time limit.
package enum Deadline {
    private enum End<Value: Sendable>: Sendable {
        case done(Result<Value, JobError>)
        case late
        /// The caller was cancelled, and so is the work: its result counts.
        case cut
    }

    /// Suspends until `work` has ended. Nil where the time was up first, in which case the work was cancelled, and waited for. When the task itself
    /// is cancelled, so is the work, and its result is returned.
    /// - Throws: What the work throws.
    package static func within<Value: Sendable>(
        _ length: Duration, _ clock: any WallClock, _ work: @escaping @Sendable () async throws(JobError) -> Value
    ) async throws(JobError) -> Value? {
        let end = await withTaskGroup(of: End<Value>.self) { group in
            group.addTask {
                do throws(JobError) { return .done(.success(try await work())) } catch { return .done(.failure(error)) }
            }
            group.addTask {
                do { try await clock.sleep(for: length) } catch { return .cut }
                return .late
            }
            var end = await group.next()
            if case .cut = end { end = await group.next() }
            group.cancelAll()
            return end
        }
        if case .done(let result) = end { return try result.get() }
        return nil
    }
}
