package import JobKit

/// Keeps what runs say.
package protocol RunLogs: Sendable {
    /// - Parameter onGrowth: Called when more of the log can be read, on any thread: it must not block.
    func open(job: String, run: Int64, onGrowth: @escaping @Sendable () -> Void) -> any RunLog
    /// Reports something in the log of the container, such as the end of a run or a fault of the store.
    func note(_ notice: LogNotice)
    /// Text with every secret's value taken out.
    func redacted(_ text: String) -> String
    /// Removes the logs of runs that are no longer recorded.
    func forget(runs: [Int64])
}

/// The log of one run.
package protocol RunLog: Sendable {
    func line(_ text: String)
    func output(_ bytes: [UInt8], from stream: LogStream)
    /// No more will come.
    func close()
}
