import Backups
import Control
import Daemon
import JobKit
import Jobs
import Processes
import Synchronization

/// How far work in this command is, in one line on standard error.
final class ProgressLine: Sendable {
    /// The least time between two lines of one step.
    private static let pace = Duration.milliseconds(200)

    private struct State {
        var estimator = PaceEstimator()
        var step = ""
        var shownAt: Duration?
        var isOver = false
    }

    /// In front of each line; empty for none.
    private let title: String
    private let state = Mutex(State())
    private let clock = SystemWallClock()

    init(title: String = "") { self.title = title }

    /// Takes progress as often as it comes.
    func show(_ progress: RunProgress) {
        guard Terminal.isError else { return }
        state.withLock { state in
            if state.isOver { return }
            let now = clock.uptime
            state.estimator.add(progress, at: now)
            if progress.step == state.step, let shownAt = state.shownAt, now - shownAt < ProgressLine.pace { return }
            (state.step, state.shownAt) = (progress.step, now)
            show(ProgressAnswer(MeasuredProgress(progress, state.estimator.pace(of: progress.bytes?.total, at: now))))
        }
    }

    func show(_ progress: BackupProgress) { if Terminal.isError { show(RunProgress(progress)) } }

    /// Shows what the running program says of a run.
    func show(_ answer: ProgressAnswer) {
        let columns = Console.width - 1 - DisplayWidth.of(title)
        Console.progress(title + answer.text(columns: max(20, columns)))
    }

    /// Takes the line away, and shows no other: results follow, and they show that the work continues.
    func end() {
        state.withLock { state in
            if state.isOver { return }
            state.isOver = true
            Console.clearProgress()
        }
    }
}
