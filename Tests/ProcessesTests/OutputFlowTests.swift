import JobKit
import Processes
import Synchronization
import TestSupport
import Testing

/// A process writes no faster than its output is kept, and never waits for a log that stands still.
@Suite("flow of output", .waiting)
struct OutputFlowTests {
    private let start = ContinuousClock.now

    @Test("takes until enough is under way, and again when some of it is kept")
    func keeps() {
        var flow = OutputFlow(at: start)
        #expect(flow.verdict(of: 1, at: start + .seconds(100)) == .take)
        flow.handOver(cost: OutputFlow.most - 1, of: 1, at: start + .seconds(100))
        #expect(flow.verdict(of: 1, at: start + .seconds(101)) == .take)
        flow.handOver(cost: 10, of: 1, at: start + .seconds(101))
        #expect(flow.verdict(of: 1, at: start + .seconds(101)) == .hold(until: start + .seconds(102)))
        #expect(flow.verdict(of: 2, at: start + .seconds(101)) == .take)
        flow.keep(cost: 5, of: 1, isProgress: true, at: start + .milliseconds(101_500))
        #expect(flow.verdict(of: 1, at: start + .milliseconds(101_500)) == .hold(until: start + .milliseconds(103_500)))
        flow.keep(cost: 5, of: 1, isProgress: true, at: start + .milliseconds(101_600))
        #expect(flow.verdict(of: 1, at: start + .milliseconds(101_600)) == .take)
        flow.keep(cost: OutputFlow.most - 1, of: 1, isProgress: true, at: start + .seconds(102))
        #expect(flow.cost == 0)
    }

    @Test("forces once the log stands still, and holds again once it has kept something")
    func forces() {
        var flow = OutputFlow(at: start)
        flow.handOver(cost: OutputFlow.most, of: 1, at: start)
        #expect(flow.verdict(of: 1, at: start + .milliseconds(1999)) == .hold(until: start + .seconds(2)))
        #expect(flow.verdict(of: 1, at: start + .seconds(2)) == .force)
        #expect(flow.verdict(of: 1, at: start + .seconds(2)) == .force)
        flow.handOver(cost: 100, of: 1, at: start + .seconds(3))
        flow.keep(cost: 50, of: 1, isProgress: true, at: start + .seconds(4))
        #expect(flow.verdict(of: 1, at: start + .seconds(5)) == .hold(until: start + .seconds(6)))
    }

    @Test("a slow log that many share is not stalled while it keeps something of any of them")
    func shared() {
        var flow = OutputFlow(at: start)
        for stream in 1...9 as ClosedRange<UInt64> { flow.handOver(cost: OutputFlow.most, of: stream, at: start) }
        for second in 1...9 {
            flow.keep(cost: 1, of: 9, isProgress: true, at: start + .seconds(second))
            #expect(flow.verdict(of: 1, at: start + .seconds(second)) == .hold(until: start + .seconds(second + 2)))
        }
        // Who keeps all at once has no log, and tells nothing about it.
        flow.handOver(cost: 10, of: 10, at: start + .seconds(10))
        flow.keep(cost: 10, of: 10, isProgress: false, at: start + .seconds(10))
        #expect(flow.verdict(of: 1, at: start + .seconds(11)) == .force)
        flow.keep(cost: 1, of: 10, isProgress: false, at: start + .seconds(12))
        #expect(flow.verdict(of: 1, at: start + .seconds(12)) == .force)
    }

    @Test("all streams together are bounded, whatever their number, and each has its piece")
    func together() {
        var flow = OutputFlow(at: start)
        let count = UInt64(OutputFlow.mostTogether / (OutputFlow.most / 2))
        for stream in 1...count { flow.handOver(cost: OutputFlow.most / 2, of: stream, at: start) }
        #expect(flow.verdict(of: 1, at: start) == .hold(until: start + .seconds(2)))
        #expect(flow.verdict(of: count + 1, at: start) == .take)
        flow.handOver(cost: 1, of: count + 1, at: start)
        #expect(flow.verdict(of: count + 1, at: start) == .hold(until: start + .seconds(2)))
        flow.keep(cost: 2, of: 1, isProgress: true, at: start)
        #expect(flow.verdict(of: count + 1, at: start) == .take)
    }

    /// What a process has written, with what is not kept yet.
    private final class Log: Sendable {
        private struct State {
            var bytes: [UInt8] = []
            var waiting: [ProcessCommand.WhenKept] = []
            var isKeeping = false
            var underWay = 0
            var most = 0
        }

        private let state: Mutex<State>

        init(isKeeping: Bool) { state = Mutex(State(isKeeping: isKeeping)) }

        func take(_ bytes: [UInt8], _ whenKept: ProcessCommand.WhenKept?) {
            let isKeeping = state.withLock { state in
                state.bytes += bytes
                guard let whenKept, !state.isKeeping else { return state.isKeeping }
                state.waiting.append(whenKept)
                state.underWay += bytes.count
                state.most = max(state.most, state.underWay)
                return false
            }
            if isKeeping { whenKept?(.none) }
        }

        func keep() {
            let waiting = state.withLock { state in
                defer { (state.waiting, state.isKeeping) = ([], true) }
                return state.waiting
            }
            for whenKept in waiting { whenKept(.none) }
        }

        var count: Int { state.withLock { $0.bytes.count } }
        var most: Int { state.withLock { $0.most } }
        var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }
    }

    private func launch(_ script: String, _ log: Log, folder: String, survives: Bool) async throws -> any RunningProcess {
        var command = ProcessCommand(
            arguments: ["/bin/bash", "-c", script], environment: ["PATH": "/usr/bin:/bin"], folder: folder, mark: "flow-\(UInt64.random(in: 0 ... .max))",
            onOutput: { bytes, _, whenKept in log.take(bytes, whenKept) })
        if survives { command.survival = ProcessCommand.Survival(note: []) }
        return try await SystemProcessLauncher(clock: ManualClock()).launch(command)
    }

    @Test("a burst and then silence: all of it is there", .limited, arguments: [false, true])
    func burst(survives: Bool) async throws {
        let (folder, log) = (TemporaryFolder(), Log(isKeeping: true))
        let process = try await launch("seq 20000; touch written; exec sleep 1000", log, folder: folder.path, survives: survives)
        #expect(try RunningProgram.until("test -f '\(folder["written"])'"))
        while log.count < 108_894 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(log.text.hasSuffix("\n19999\n20000\n"))
        await process.stop(StopSteps([]))
        _ = await process.exit()
    }

    @Test("the process waits for what is kept, and all of it comes in order", .limited, arguments: [false, true])
    func waits(survives: Bool) async throws {
        let (folder, log) = (TemporaryFolder(), Log(isKeeping: false))
        let process = try await launch("seq 300000", log, folder: folder.path, survives: survives)
        // More than this is not taken before something is kept; keeping all from then on lets the rest through.
        while log.count < 20_000 { try await Task.sleep(for: .milliseconds(1)) }
        log.keep()
        #expect(await process.exit() == .exited(0))
        _ = await process.endLeftovers()
        #expect(log.text == (1...300_000).map { "\($0)\n" }.joined())
        #expect(log.most <= OutputFlow.most)
    }

    @Test("a log that keeps nothing stops no process", .limited, arguments: [false, true])
    func standsStill(survives: Bool) async throws {
        let (folder, log) = (TemporaryFolder(), Log(isKeeping: false))
        let process = try await launch("seq 300000; touch written", log, folder: folder.path, survives: survives)
        #expect(await process.exit() == .exited(0))
        _ = await process.endLeftovers()
        #expect(log.count == 1_988_895)
    }
}
