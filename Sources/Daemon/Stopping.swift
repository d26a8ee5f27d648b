import Init
import JobKit

/// How long a stop may take, and who sees to it: Init where it is ours, else a watchdog.
final class Stopping: Sendable {
    private enum Keeper {
        case initProgram(InitLink)
        case watchdog(StopWatchdog)
    }

    /// Differs with every start of the program that takes nothing over; begins the marks of all its processes.
    let bootID: String
    /// What the program before this one has left running.
    let takeover: Takeover
    private let keeper: Keeper
    private let budget = SharedValue(Duration.zero)
    /// What is left of a stop in which the program before this one was killed.
    private let left = ContainerEnvironment.own[InitProgram.stopVariable].flatMap { Int64($0) }.map { Duration.milliseconds($0) }
    /// What came after the runs at earlier stops; nil where that is not known.
    let afterRuns = SharedValue<Duration?>(nil)
    private let begun = SharedValue<ContinuousClock.Instant?>(nil)
    /// The longest that the last lines are waited for, in all, and what they leave for the end itself.
    private static let longestFarewell = Duration.milliseconds(600)
    private static let reserve = Duration.milliseconds(300)

    /// Asks Init for what it has kept. Blocks for a moment.
    init() {
        let link = InitLink(ContainerEnvironment.own[InitLink.variable])
        takeover = Takeover(link)
        bootID = takeover.bootID ?? String(UInt64.random(in: 0 ... .max), radix: 36)
        keeper = link.map { .initProgram($0) } ?? .watchdog(StopWatchdog())
    }

    /// The line to Init, where it is ours.
    var link: InitLink? { if case .initProgram(let link) = keeper { link } else { nil } }

    /// Whether this program is there to continue a stop.
    var isContinued: Bool { left != nil }

    /// From now on a stop may take so long.
    func use(_ budget: Duration) {
        self.budget.value = min(budget, left ?? budget)
        if case .initProgram(let link) = keeper { link.report(budget: budget) }
    }

    /// How long the last lines may be waited for: a log reader that has stalled takes nothing off the budget that is needed.
    var farewell: Duration {
        guard let begun = begun.value else { return Stopping.longestFarewell }
        let left = budget.value - (ContinuousClock.now - begun) - Stopping.reserve
        return max(.milliseconds(20), min(Stopping.longestFarewell, left / 2))
    }

    /// The program is to stop; gives how long that may take from now on.
    func begin() -> Duration {
        let budget = budget.value
        begun.value = begun.value ?? .now
        if case .watchdog(let watchdog) = keeper { watchdog.begin(budget) }
        return budget
    }
}
