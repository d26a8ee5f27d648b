import Foundation
package import JobKit
package import Scheduler
import Synchronization

/// Logs that are kept for the test, which may wait for a line.
package final class RecordedLogs: RunLogs {
    private struct State {
        var notes: [String] = []
        var runs: [Int64: [String]] = [:]
        var waiting: [(words: String, count: Int, continuation: CheckedContinuation<Void, Never>)] = []

        func isSaid(_ words: String, _ count: Int) -> Bool { notes.count { $0.contains(words) } >= count }
    }

    private final class Log: RunLog {
        let logs: RecordedLogs
        let run: Int64
        let onGrowth: @Sendable () -> Void

        init(_ logs: RecordedLogs, _ run: Int64, _ onGrowth: @escaping @Sendable () -> Void) { (self.logs, self.run, self.onGrowth) = (logs, run, onGrowth) }

        func line(_ text: String) {
            logs.state.withLock { $0.runs[run, default: []].append(text) }
            onGrowth()
        }
        func output(_ bytes: [UInt8], from stream: LogStream) { line(String(decoding: bytes, as: UTF8.self)) }
        func close() {}
    }

    private let state = Mutex(State())
    private let secret: String?

    /// - Parameter secret: What is taken out of everything.
    package init(secret: String? = nil) { self.secret = secret }

    package var notes: [String] { state.withLock { $0.notes } }
    package func lines(of run: Int64) -> [String] { state.withLock { $0.runs[run] ?? [] } }

    /// Returns once a line of the program's own has held these words so often.
    package func wait(for words: String, times: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isSaid = state.withLock { state in
                let isSaid = state.isSaid(words, times)
                if !isSaid { state.waiting.append((words, times, continuation)) }
                return isSaid
            }
            if isSaid { continuation.resume() }
        }
    }

    package func lastLines(_ count: Int, of run: Int64) async -> [String] { Array(lines(of: run).suffix(count)) }

    package func open(job: String, run: Int64, onGrowth: @escaping @Sendable () -> Void) -> any RunLog { Log(self, run, onGrowth) }

    package func note(_ notice: LogNotice) {
        let ready = state.withLock { state in
            state.notes.append(notice.job.map { "\($0): \(notice.message)" } ?? notice.message)
            let said = state
            let ready = state.waiting.filter { said.isSaid($0.words, $0.count) }
            state.waiting.removeAll { said.isSaid($0.words, $0.count) }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    package func redacted(_ text: String) -> String { secret.map { text.replacing($0, with: "<secret>") } ?? text }
    package func forget(runs: [Int64]) {}
}
