import Control
import Foundation
import Init
import JobKit
import Logs
import Processes
import Scheduler
import Settings

/// Lets another program take over: it is tried first, then no run is started any more, and once those under way have ended this program ends with all
/// services as they are. Init starts the other one.
actor Upgrade {
    private enum State {
        case idle
        case trying
        case waiting(program: String)
    }

    /// How long the other program may take to answer.
    private static let patience = Duration.seconds(60)
    private static let holder = "upgrade"

    private let link: InitLink?
    private let scheduler: JobScheduler
    private let launcher: SystemProcessLauncher
    private let configuration: String
    private let mark: String
    private let container: ContainerLog
    private let clock: SystemWallClock
    private var state = State.idle

    init(
        _ link: InitLink?, scheduler: JobScheduler, launcher: SystemProcessLauncher, configuration: String, bootID: String, container: ContainerLog,
        clock: SystemWallClock
    ) {
        self.link = link
        self.scheduler = scheduler
        self.launcher = launcher
        self.configuration = configuration
        mark = "\(bootID):upgrade"
        self.container = container
        self.clock = clock
    }

    /// - Parameter program: Nil for the file that this program was started from, which may be another one by now.
    func begin(_ program: String?) async -> UpgradeAnswer {
        let program = program ?? OwnStart.file
        func refused(_ message: String, hint: String? = nil) -> UpgradeAnswer {
            UpgradeAnswer(program: program, isAccepted: false, problems: [ProblemAnswer(message, hint: hint, code: .refused)])
        }
        guard link != nil else {
            return refused("nothing keeps the services: this program runs without an init of its own", hint: "restart the container with the new version")
        }
        guard case .idle = state else { return refused("another upgrade is already under way") }
        state = .trying
        let tried = await version(of: program)
        guard case .success(let version) = tried else {
            state = .idle
            if case .failure(let failure) = tried { return refused(failure.message, hint: failure.hint) }
            return refused("\(program) can't be used")
        }
        guard let snapshot = await scheduler.snapshot() else {
            state = .idle
            return refused("the program is starting; try again in a moment")
        }
        let hold = Hold(jobs: Set(snapshot.jobs.map(\.definition.name)), holder: Upgrade.holder, reason: "an upgrade is under way")
        if case .refused(let reason)? = await scheduler.ask(.holdRequested(hold)) {
            state = .idle
            return refused("can't upgrade now: \(reason)")
        }
        state = .waiting(program: program)
        container.note("upgrade: \(version) from \(program) takes over")
        let waiting = await waitingFor()
        // Owned by nobody: it ends with the program.
        Task { await handOver(to: program) }
        return UpgradeAnswer(program: program, version: version, isAccepted: true, waitingFor: waiting)
    }

    private func waitingFor() async -> [UpgradeAnswer.Waiting] {
        (await scheduler.snapshot()?.jobs ?? []).compactMap { job in
            guard !job.definition.isService, let run = job.current, run.state.activeAttempt != nil else { return nil }
            return UpgradeAnswer.Waiting(job: run.job, run: run.id)
        }
    }

    /// Ends this program as soon as no run is under way.
    private func handOver(to program: String) async {
        var complaint: String?
        while case .refused(let reason)? = await scheduler.ask(.handOver) {
            if reason != complaint { container.note("upgrade: waits, for \(reason)") }
            complaint = reason
            let isFree = await scheduler.wait { snapshot in
                snapshot.jobs.contains { !$0.definition.isService && $0.current?.state.activeAttempt != nil } ? nil : true
            }
            if isFree == nil { return }
        }
    }

    /// Where the program is that takes over; nil while there is none.
    var program: String? { if case .waiting(let program) = state { program } else { nil } }

    private struct Refusal: Error {
        var message: String
        var hint: String?
    }

    /// Asks the program for its version, and whether it takes the configuration.
    private func version(of program: String) async -> Result<String, Refusal> {
        switch await output(of: [program, "version"]) {
        case .failure(let failure): return .failure(failure)
        case .success(let text) where text.hasPrefix("shipkeeper "):
            if case .failure(let failure) = await output(of: [program, "check", "--config", configuration]) { return .failure(failure) }
            return .success(text.trimmingCharacters(in: .whitespacesAndNewlines))
        case .success: return .failure(Refusal(message: "\(program) is not shipkeeper: \"version\" gave another answer"))
        }
    }

    private func output(of arguments: [String]) async -> Result<String, Refusal> {
        let text = SharedValue<[UInt8]>([])
        let words = arguments.joined(separator: " ")
        do {
            let process = try await launcher.launch(
                ProcessCommand(arguments: arguments, environment: ContainerEnvironment.own, mark: mark) { bytes, _ in
                    text.update { if $0.count < 1 << 16 { $0 += bytes } }
                })
            let clock = clock
            let stop = Task {
                try await clock.sleep(for: Upgrade.patience)
                await process.stop(StopSteps([]))
            }
            let exit = await process.exit()
            stop.cancel()
            _ = await process.endLeftovers()
            let said = String(decoding: text.value, as: UTF8.self)
            guard exit == .exited(0) else {
                return .failure(Refusal(message: "\"\(words)\" \(exit)", hint: said.isEmpty ? nil : said.trimmingCharacters(in: .whitespacesAndNewlines)))
            }
            return .success(said)
        } catch {
            return .failure(Refusal(message: "\(error)", hint: error.hint))
        }
    }
}
