import JobKit
import Settings

/// A process that is started next to the one in whose place it is to step.
extension ServiceSupervisor {
    /// Why the run is over after such an end; nil where it is not: nobody waits for this process to take another one's place.
    ///
    /// One try has to do. A person or a reload has asked for it, and hears of it, while the older process serves.
    func failure(of end: ServiceEnd, _ context: RunContext) async -> JobError? {
        guard let older = await replaced() else { return nil }
        let (reason, code): (String, Int32?) =
            switch end {
            case .launchFailed(let error): ("\(error)", nil)
            case .listenFailed(let error): ("\(error)", nil)
            case .exited(let exit, _, _): ("it \(exit) before it was ready", exit.code)
            case .unhealthy(let reason, _): (reason, nil)
            }
        context.reporter.report(.stopped)
        return JobError(
            "the new process did not take the old one's place: \(reason); the old one continues (run \(older))",
            hint: "see its log for the cause, and restart the service when that is fixed", retry: .pointless, exitCode: code)
    }

    /// What looks at a process: as long as another one may answer at its port, it must listen there itself.
    func tools(for process: any RunningProcess) async -> any ServiceTools {
        await replaced() == nil ? tools : OwnPortTools(tools, process)
    }

    /// Gives the reason for a restart once the memory limit calls for one; nil when cancelled. Where the new process is to come first, it is asked for, and
    /// this one continues until then, unless the container has no room for both.
    func memory(_ watch: ServiceWatch, _ process: any RunningProcess, _ context: RunContext) async -> String? {
        while let reason = await watch.memory() {
            guard definition.restart.order == .startFirst, let limit = definition.memoryLimit else { return reason }
            let usage = await process.usage()
            guard limit.size.bytes(of: usage.containerBytes) <= usage.containerBytes - usage.residentBytes else {
                return "\(reason) (the container has no room for a second process that uses as much as the limit)"
            }
            context.log("\(reason); starting another process next to it")
            context.reporter.wantsReplacement(reason)
            // When this ends, nothing has come of it.
            do { try await context.clock.sleep(for: limit.within) } catch { return nil }
        }
        return nil
    }
}
