package import JobKit

/// Keeps what runs say.
package protocol RunLogs: Sendable {
    /// - Parameter onGrowth: Called when more of the log can be read, on any thread: it must not block.
    func open(job: String, run: Int64, onGrowth: @escaping @Sendable () -> Void) -> any RunLog
    /// The program's own lines, such as a reload or a fault of the store.
    func note(_ line: String, isWarning: Bool)
    /// Text with every secret's value taken out.
    func redacted(_ text: String) -> String
    /// Removes the logs of runs that are no longer recorded.
    func forget(runs: [Int64])
}

/// The log of one run.
package protocol RunLog: Sendable {
    func line(_ text: String)
    func output(_ bytes: [UInt8], from stream: LogStream)
    /// The same; calls back on any thread once the lines that the bytes complete are kept. Where they are dropped it need not call.
    func output(_ bytes: [UInt8], from stream: LogStream, whenKept: @escaping @Sendable () -> Void)
    /// No more will come.
    func close()
}

extension RunLog {
    package func output(_ bytes: [UInt8], from stream: LogStream, whenKept: @escaping @Sendable () -> Void) {
        output(bytes, from: stream)
        whenKept()
    }
}
