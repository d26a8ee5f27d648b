import Files
import JobKit

extension JobError {
    /// Runs work that waits for the disk on a thread of its own.
    /// - Throws: What the work throws; also where no thread could be started.
    static func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws(JobError) -> Value) async throws(JobError) -> Value {
        let result: Result<Value, JobError>? = await DedicatedThread.run { _ in
            do throws(JobError) { return .success(try work()) } catch { return .failure(error) }
        }
        guard let result else {
            throw JobError(
                "no thread could be started", hint: "raise the limit on processes (pids.max, ulimit -u), or see what uses them up", retry: .worthwhile)
        }
        return try result.get()
    }
}
