import JobKit
import Synchronization

/// One process of a plug-in that is being tried.
struct ProbeRun: Sendable {
    /// The outcome.
    struct End: Sendable {
        /// Nil where it had to be ended from outside.
        var exit: ProcessExit?
        var told: PluginConversation.PluginResult
        /// What it printed and what it said, up to a limit.
        var words: [UInt8]
        var printed: Int
        /// Processes that it left behind.
        var leftovers: Int
        var took: Duration

        /// Whether the program would count this as a success.
        var isSuccess: Bool { exit.map { (try? PluginJob.verdict($0, told, "", "")) != nil } ?? false }
    }

    /// The most that is kept of what it prints, in bytes.
    private static let mostKept = 8 << 20

    let manifest: PluginManifest
    let launcher: any ProcessLauncher
    let clock: any WallClock
    let folder: String
    let environment: [String: String]
    /// Gets each line as it comes; nil to ignore them.
    var onLine: (@Sendable (PluginLine) -> Void)?

    private struct Heard {
        var words: [UInt8] = []
        var printed = 0
    }

    /// - Parameters:
    ///   - patience: How long it may take before it is killed.
    ///   - mostPrinted: How much it may print before it is killed.
    ///   - cancelAfter: When it is asked to end; nil for never. At once when the task is cancelled.
    func run(
        _ request: [UInt8], settings: PluginValue, patience: Duration, mostPrinted: Int, cancelAfter: Duration? = nil
    ) async throws(LaunchError) -> End {
        let lines = onLine.map { LineHearing($0) }
        lines?.hear(request, .request)
        let heard = Mutex(Heard())
        let isTooMuch = Mutex(false)
        let conversation = PluginConversation(onProgress: { _ in }, onNote: { _ in }, onFlaw: { isTooMuch.withLock { $0 = true } })
        @Sendable func keep(_ bytes: [UInt8], isPrint: Bool) {
            let printed = heard.withLock { heard in
                if heard.words.count < ProbeRun.mostKept { heard.words += bytes }
                heard.printed += isPrint ? bytes.count : 0
                return heard.printed
            }
            if printed > mostPrinted { isTooMuch.withLock { $0 = true } }
        }
        var command = ProcessCommand(
            arguments: manifest.command, environment: environment.merging(manifest.settings.variables(of: settings)) { own, _ in own }, folder: folder,
            mark: "trial:\(UInt64.random(in: 0 ... .max))"
        ) { bytes, _ in
            keep(bytes, isPrint: true)
            lines?.hear(bytes, .output)
        }
        command.conversation = .init(request: request) { bytes in
            keep(bytes, isPrint: false)
            lines?.hear(bytes, .message)
            conversation.receive(bytes)
        }
        let listening = Task { await conversation.listen() }
        defer { listening.cancel() }
        let begun = clock.uptime
        let process = try await launcher.launch(command)
        let ended = Mutex<ProcessExit?>(nil)
        let waiting = Task {
            let exit = await process.exit()
            ended.withLock { $0 = exit }
        }
        var hasCancelled = false
        while ended.withLock({ $0 }) == nil, clock.uptime - begun < patience, !isTooMuch.withLock({ $0 }), !Task.isCancelled {
            if let cancelAfter, !hasCancelled, clock.uptime - begun >= cancelAfter {
                process.send(signal: 15)
                hasCancelled = true
            }
            try? await clock.sleep(for: .milliseconds(10))
        }
        var exit = ended.withLock { $0 }
        let took = clock.uptime - begun
        if exit == nil { await process.stop(StopSteps(Task.isCancelled ? [.init(signal: 15, wait: manifest.grace)] : [])) }
        await waiting.value
        if Task.isCancelled { exit = ended.withLock { $0 } }
        let leftovers = exit == nil ? 0 : await process.endLeftovers()
        lines?.finish()
        let (words, printed) = heard.withLock { ($0.words, $0.printed) }
        return End(exit: exit, told: await conversation.end(listening), words: words, printed: printed, leftovers: leftovers, took: took)
    }
}
