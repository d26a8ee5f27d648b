/// Work that may take only so long.
package enum Deadline {
    /// Nil when the time was up first: the work was cancelled then, and has ended.
    /// - Throws: What the work throws.
    package static func within<Value: Sendable>(
        _ length: Duration, _ clock: any WallClock, _ work: @escaping @Sendable () async throws(JobError) -> Value
    ) async throws(JobError) -> Value? {
        let result = await withTaskGroup(of: Result<Value, JobError>?.self) { group in
            group.addTask {
                do throws(JobError) { return .success(try await work()) } catch { return .failure(error) }
            }
            group.addTask {
                try? await clock.sleep(for: length)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        return try result?.get()
    }
}
