import CProcess
import Dispatch
import Glibc

/// Signals sent to this process, as values.
package final class SignalStream: Sendable {
    // Sources are made for use from any thread; Dispatch only doesn't say so to the compiler on Linux.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]
    package let signals: AsyncStream<Int32>

    /// From now on these signals don't end the program but come out of `signals`.
    package init(_ numbers: [Int32]) {
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        signals = stream
        unsafe sources = numbers.map { number in
            Glibc.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(number) }
            source.activate()
            return source
        }
    }
}

/// What the program does for its own process at start.
package enum OwnProcess {
    /// A write to a closed pipe is an error, not the end; and we stop when the init above us is gone.
    package static func prepare(hasInit: Bool) {
        // A reload that comes before anybody listens is none.
        for number in [SIGPIPE, SIGHUP] { Glibc.signal(number, SIG_IGN) }
        if hasInit { _ = cprocess_set_parent_death_signal(SIGTERM) }
    }

    /// What is left behind by what we start becomes ours from now on: it is found without a search, and leaves no zombie.
    /// All children of this process are collected from now on.
    package static func adoptOrphans() { ChildKeeper.shared.adoptOrphans() }

    /// Ends the program at once, whatever it is doing.
    package static func leave(code: Int32) -> Never { _exit(code) }
}
