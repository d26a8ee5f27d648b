import Dispatch
import Foundation
import JobKit
import Processes
import Settings
import Threads

/// Keeps the stop deadline where no Init of ours does: on threads of its own, which are there from the start and wait for nobody.
final class StopWatchdog: Sendable {
    /// The share of the budget that killing everything may take.
    private static let killing = 20

    private let begun = DispatchSemaphore(value: 0)
    private let budget = SharedValue(Duration.zero)

    init() {
        start { budget in
            Thread.sleep(forTimeInterval: (budget - budget / StopWatchdog.killing).seconds)
            SystemProcessLauncher.killAll()
            OwnProcess.leave(code: 1)
        }
        // Looking for processes may hang, leaving never does.
        start { budget in
            Thread.sleep(forTimeInterval: budget.seconds)
            OwnProcess.leave(code: 1)
        }
    }

    /// Without room for a thread there is no watchdog, and the stop takes as long as its steps do.
    private func start(_ work: @escaping @Sendable (Duration) -> Void) {
        try? SystemThread.start("shipkeeper-stop", stackBytes: 512 << 10) { [self] in
            begun.wait()
            work(budget.value)
        }
    }

    /// The program is gone once this time is over.
    func begin(_ budget: Duration) {
        self.budget.value = budget
        for _ in 0..<2 { begun.signal() }
    }
}
