package import JobKit

/// Keeps the output of runs. Secrets are redacted before anything is written.
package protocol RunLogs: Sendable {
    /// Opens the log of a run, appending where it exists.
    /// - Parameter onGrowth: Called when more of the log can be read, on any thread: it must not block.
    func open(job: String, run: Int64, onGrowth: @escaping @Sendable () -> Void) -> any RunLog
    /// Reports something in the log of the container, such as the end of a run or a fault of the store.
    func note(_ notice: LogNotice)
    /// The text with every secret's value redacted.
    func redacted(_ text: String) -> String
    /// The last lines of a run's log, up to a number; none where there is no log. Waits as long as the disk does.
    func lastLines(_ count: Int, of run: Int64) async -> [String]
    /// Removes the logs of runs that are no longer recorded.
    func forget(runs: [Int64])
}

/// The log of one run.
package protocol RunLog: Sendable {
    /// A message about the run, one line.
    func line(_ text: String)
    /// Bytes that a process of the run has printed, cut anywhere.
    func output(_ bytes: [UInt8], from stream: LogStream)
    /// The same; calls back once, on any thread, when the lines that the bytes complete are kept or dropped, with the end of the log then.
    func output(_ bytes: [UInt8], from stream: LogStream, whenKept: (@Sendable (LogEnd) -> Void)?)
    /// Continues the log of a program that is gone. Before anything else: what is delivered again from where the log ended then is not kept twice.
    func resume(after ends: [LogStream: LogEnd])
    /// Ends the log. Must be called once; nothing may follow.
    func close()
}

extension RunLog {
    package func output(_ bytes: [UInt8], from stream: LogStream, whenKept: (@Sendable (LogEnd) -> Void)?) {
        output(bytes, from: stream)
        whenKept?(.none)
    }

    package func resume(after ends: [LogStream: LogEnd]) {}
}
