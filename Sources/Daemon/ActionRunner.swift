import Config
import Control
import Foundation
import JobKit
import Logs
import Settings

/// Runs the commands that the configuration declares: each at most once at a time, for a bounded time, with a bounded part of its output. The newest
/// run of each is kept in the state file.
actor ActionRunner: ActionRunning {
    /// What is kept of the output of a run, in bytes.
    static let mostOutput = 64 << 10
    /// Whose values the newest runs are, by the actions' names.
    private static let owner = "actions"
    private static let stop = StopSteps([.init(signal: 15, wait: .seconds(5))])

    /// What a run needs besides its action.
    struct Ports: Sendable {
        /// The configuration in force.
        var configuration: @Sendable () -> Configuration
        var environment: JobEnvironment
        var processes: any ProcessLauncher
        var redactor: Redactor
        var clock: any WallClock
        /// Marks the processes as those of this start of the program.
        var bootID: String
        var isSafeMode: Bool
        /// Keeps the newest runs.
        var values: any KeyValues
        /// Writes a line to the container log and the feed of events.
        var note: @Sendable (String) -> Void
    }

    private let ports: Ports
    /// The newest run of each action that was begun or asked for since the start.
    private var runs: [String: ActionAnswer.Run] = [:]
    private var waiters: [String: [Int: CheckedContinuation<Void, Never>]] = [:]
    private var count = 0

    init(_ ports: Ports) { self.ports = ports }

    // MARK: Looking

    func actions() -> [ActionAnswer] { ports.configuration().actions.map { answer($0) } }

    func action(_ name: String) async -> ActionAnswer? {
        guard find(name) != nil else { return nil }
        if runs[name] == nil, let kept = await kept(name), runs[name] == nil { runs[name] = kept }
        return find(name).map { answer($0, run: runs[name]) }
    }

    private func find(_ name: String) -> Configuration.Action? { ports.configuration().actions.first { $0.name == name } }
    private func isRunning(_ name: String) -> Bool { runs[name].map { $0.outcome == nil } ?? false }

    private func answer(_ action: Configuration.Action, run: ActionAnswer.Run? = nil) -> ActionAnswer {
        let obstacle = obstacle(action)
        let state: ActionAnswer.State = isRunning(action.name) ? .running : obstacle == nil ? .idle : .disabled
        return ActionAnswer(
            name: action.name, label: ports.redactor.redacted(action.label), argument: action.argument.map { ports.redactor.redacted($0) }, state: state,
            note: obstacle?.summary, run: run)
    }

    /// Why it can't be run, whatever runs now.
    private func obstacle(_ action: Configuration.Action) -> JobError? {
        if ports.isSafeMode { return JobError("this is safe mode, in which nothing is run", hint: "unset SHIPKEEPER_SAFE_MODE and restart") }
        let missing = action.missingSecrets
        guard !missing.isEmpty else { return nil }
        return JobError(
            missing.count == 1 ? "the secret \(missing[0]) is not set" : "the secrets \(missing.joined(separator: ", ")) are not set",
            hint: "set it in the container's secrets and restart")
    }

    // MARK: Running

    func run(_ name: String, argument: String?, via caller: String, wait: Duration?) async throws(JobError) -> ActionAnswer {
        guard let action = find(name) else { throw JobError("no action is named \"\(name)\"") }
        if let obstacle = obstacle(action) { throw JobError("\"\(name)\" can't be run: \(obstacle.summary)", hint: obstacle.hint) }
        if isRunning(name) { throw JobError("\"\(name)\" is running already", hint: "wait for its end") }
        let begun = ActionAnswer.Run(startedAt: ports.clock.now, via: caller, argument: argument.map { ports.redactor.redacted($0) })
        runs[name] = begun
        count += 1
        let (number, configuration) = (count, ports.configuration())
        // Owned by nobody else: it ends with its process, which has a time limit.
        Task {
            // Recorded first: a run of which nothing is known later was never begun.
            await keep(begun, of: name)
            ports.note("action \(name): started by \(caller)")
            let run = await carryOut(action, argument, number, configuration, begun)
            await keep(run, of: name)
            finish(name, run)
        }
        await settle(name, within: wait)
        return answer(action, run: runs[name])
    }

    private func finish(_ name: String, _ run: ActionAnswer.Run) {
        runs[name] = run
        ports.note("action \(name): \(run.message ?? "ended") after \(DurationText.readable(ports.clock.now.since(run.startedAt)))")
        for waiter in (waiters.removeValue(forKey: name) ?? [:]).values { waiter.resume() }
    }

    // MARK: The newest runs

    private func keep(_ run: ActionAnswer.Run, of name: String) async {
        do throws(JobError) {
            let text = (try? JSONEncoder().encode(run)).map { String(decoding: $0, as: UTF8.self) }
            try await ports.values.set([name: text], of: ActionRunner.owner)
        } catch {
            ports.note("action \(name): its run is not kept over a restart: \(error.summary)")
        }
    }

    /// The run on record. One without an end has ended with the program that began it.
    private func kept(_ name: String) async -> ActionAnswer.Run? {
        guard let text = try? await ports.values.value(name, of: ActionRunner.owner),
            var run = try? JSONDecoder().decode(ActionAnswer.Run.self, from: Data(text.utf8))
        else { return nil }
        if run.outcome == nil { (run.outcome, run.message) = (.interrupted, "shipkeeper ended while it ran") }
        return run
    }

    /// Waits until a run has ended, or for a while.
    private func settle(_ name: String, within length: Duration?) async {
        guard isRunning(name), length != .zero else { return }
        count += 1
        let id = count
        let clock = ports.clock
        let timer = length.map { length in
            Task { if (try? await clock.sleep(for: length)) != nil { self.wake(name, id) } }
        }
        await withCheckedContinuation { waiters[name, default: [:]][id] = $0 }
        timer?.cancel()
    }

    private func wake(_ name: String, _ id: Int) { waiters[name]?.removeValue(forKey: id)?.resume() }

    /// Runs the program to its end; gives the run as it is then.
    private nonisolated func carryOut(
        _ action: Configuration.Action, _ argument: String?, _ number: Int, _ configuration: Configuration, _ begun: ActionAnswer.Run
    ) async -> ActionAnswer.Run {
        let output = CapturedOutput(redactor: ports.redactor, most: ActionRunner.mostOutput)
        let command = ProcessCommand(
            arguments: action.command + [argument].compactMap(\.self), environment: ports.environment.variables(of: action, in: configuration),
            folder: action.folder, mark: "\(ports.bootID):action/\(action.name):\(number)",
            onOutput: { bytes, stream in output.take(bytes, from: stream) })
        var run = begun
        do throws(LaunchError) {
            let process = try await ports.processes.launch(command)
            let clock = ports.clock
            let limit = Task {
                guard (try? await clock.sleep(for: action.timeout)) != nil else { return false }
                await process.stop(ActionRunner.stop)
                return true
            }
            let exit = await process.exit()
            limit.cancel()
            let isLate = await limit.value
            _ = await process.endLeftovers()
            run.exitCode = exit.code
            run.outcome = isLate ? .timedOut : exit == .exited(0) ? .succeeded : .failed
            run.message = isLate ? "ended after its timeout of \(DurationText.format(action.timeout))" : exit.description
        } catch {
            run.outcome = .failed
            run.message = ports.redactor.redacted("\(error) (\(error.hint))")
        }
        run.finishedAt = clock.now
        (run.output, run.bytesLeftOut) = output.finish()
        return run
    }

    private nonisolated var clock: any WallClock { ports.clock }
}
