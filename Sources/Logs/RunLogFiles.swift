import Dispatch
import Foundation
package import JobKit
import Settings
import Synchronization

/// Keeps the output of every run in a file of its own, and sends it to the container log. Anyone who has something to say never
/// waits: what a disk does not take in time is dropped and counted.
package final class RunLogFiles: Sendable {
    private let container: ContainerLog
    private let redactor: Redactor
    private let mostPerRun: Mutex<Int64>
    private let store: RunLogStore
    /// Output waits in its pipe while more than a little of it is under way, so this drops lines only where a disk is stalled.
    private let writing = WorkQueue(name: "shipkeeper-runs", mostInLane: 4 << 20, most: 16 << 20)

    /// - Parameter folder: Folder of the files; nil where none can be written.
    package init(folder: String?, container: ContainerLog, redactor: Redactor, mostPerRun: Int64) {
        self.container = container
        self.redactor = redactor
        self.mostPerRun = Mutex(mostPerRun)
        store = RunLogStore(folder: folder)
    }

    package func use(mostPerRun: Int64) { self.mostPerRun.withLock { $0 = mostPerRun } }

    package func note(_ notice: LogNotice) { container.note(notice) }

    package func redacted(_ text: String) -> String { redactor.redacted(text) }

    /// The log of a run. No more than the cap that is in force now is kept of it.
    /// - Parameter onGrowth: Called when more of it can be read, on the thread that writes: it must not block.
    package func file(job: String, run: Int64, onGrowth: @escaping @Sendable () -> Void = {}) -> RunLogFile {
        let most = mostPerRun.withLock { $0 }
        // After what an earlier attempt of the run has said.
        container.inOrder { [store, writing] in writing.add { store.begin(run, most: most) } }
        return RunLogFile(job: job, run: run, container: container, redactor: redactor, store: store, writing: writing, onGrowth: onGrowth)
    }

    package func forget(runs: [Int64]) { writing.add { [store] in store.forget(runs) } }

    /// A part of a run's log, of all that was said before this call; nil where there is none. Offsets count from the log's first byte ever, so a
    /// reader that follows sees what it missed and continues after a rotation.
    ///
    /// Waits as long as the disk does, and holds up nobody meanwhile.
    package func read(run: Int64, from start: LogStart) async -> LogPage? {
        let (container, writing, store) = (container, writing, store)
        return await withCheckedContinuation { reply in
            container.inOrder { writing.add { reply.resume(returning: store.read(run, from: start)) } }
        }
    }

    /// The last lines of a run's log, up to a number; none where there is no log. Waits as long as the disk does.
    package func lastLines(_ count: Int, of run: Int64) async -> [String] {
        var (lines, start): ([String], LogStart) = ([], .last(count))
        while let page = await read(run: run, from: start) {
            lines += page.lines.map(\.text)
            if page.isLast { break }
            start = .offset(page.next)
        }
        return lines.suffix(max(0, count))
    }

    /// Waits until all that was said so far is written, or the time is up. Blocks.
    package func flush(within length: Duration) {
        let end = DispatchTime.now() + length.seconds
        container.flush(within: length)
        _ = writing.flush(until: end)
    }
}

/// The log of one run. Beyond its cap the oldest half is dropped.
package final class RunLogFile: Sendable {
    /// Lines that take one step together.
    private static let mostAtOnce = 1000

    private let job: String
    private let run: Int64
    private let container: ContainerLog
    private let redactor: Redactor
    private let store: RunLogStore
    private let writing: WorkQueue
    private let onGrowth: @Sendable () -> Void
    private let assemblers = Mutex<[LogStream: LineAssembler]>([:])

    init(
        job: String, run: Int64, container: ContainerLog, redactor: Redactor, store: RunLogStore, writing: WorkQueue,
        onGrowth: @escaping @Sendable () -> Void
    ) {
        self.job = job
        self.run = run
        self.container = container
        self.redactor = redactor
        self.store = store
        self.writing = writing
        self.onGrowth = onGrowth
    }

    /// A line of the program's own.
    package func line(_ text: String) {
        let time = container.now
        container.inOrder { [self] in keep([redactor.redacted(text)], stream: nil, at: time) }
    }

    /// Bytes as a process wrote them, cut anywhere.
    package func output(_ bytes: [UInt8], from stream: LogStream) { take(bytes, stream, nil) }

    /// The same; calls back once the lines that the bytes complete are written, or could not be, with the end of the log then.
    package func output(_ bytes: [UInt8], from stream: LogStream, whenKept: (@Sendable (LogEnd) -> Void)?) { take(bytes, stream, whenKept) }

    private func take(_ bytes: [UInt8], _ stream: LogStream, _ whenKept: (@Sendable (LogEnd) -> Void)?) {
        let time = container.now
        let lines = max(1, bytes.count { $0 == 10 })
        container.inOrder(lane: run, bytes: bytes.count, lines: lines) { [self] lines in
            keep(finish(stream), stream: stream, at: time)
            keep(["\(lines.grouped) lines were dropped: they came faster than they could be kept"], stream: nil, at: time, lost: lines)
        } _: { [self] in
            let whole = assemblers.withLock { $0[stream, default: LineAssembler(redactor: redactor)].take(bytes) }
            for start in stride(from: 0, to: whole.count, by: RunLogFile.mostAtOnce) {
                keep(Array(whole[start..<min(start + RunLogFile.mostAtOnce, whole.count)]), stream: stream, at: time)
            }
        }
        // Never dropped: who gets no answer hands over no more.
        if let whenKept { container.inOrder { [writing, store, run] in writing.add { whenKept(store.place(of: run, for: stream)) } } }
    }

    /// Continues the log of a program that is gone. Before anything else: what is delivered again from where the log ended then is not written twice.
    package func resume(after ends: [LogStream: LogEnd]) {
        container.inOrder { [writing, store, run] in writing.add { store.resume(run, after: ends) } }
    }

    /// No more will come.
    package func close() {
        let time = container.now
        container.inOrder { [self] in
            for stream in [LogStream.standardOutput, .standardError] {
                keep(finish(stream), stream: stream, at: time)
            }
            writing.add { [store, run, onGrowth] in
                store.end(run)
                onGrowth()
            }
        }
    }

    private func finish(_ stream: LogStream) -> [String] { assemblers.withLock { $0[stream]?.finish() ?? [] } }

    /// Lines that were written together: each step of their way is taken once for all of them.
    private func keep(_ texts: [String], stream: LogStream?, at time: Date, lost: Int = 0) {
        guard !texts.isEmpty else { return }
        container.emit(texts, job: job, run: run, stream: stream, at: time, lost: lost)
        let lines = texts.map { LogLine(at: time, source: .init(stream), text: $0) }
        writing.add(lane: run, bytes: texts.reduce(0) { $0 + $1.utf8.count }, lines: texts.count, lost: lost) { [store, run] lines in
            store.miss(lines, of: run)
        } _: { [store, run, onGrowth] in
            store.append(lines, to: run)
            onGrowth()
        }
    }
}
