import Settings

extension RunContext {
    /// Runs a process to its end, and ends what it has left behind; a cancelled task asks it to end.
    package func finish(_ command: ProcessCommand, stop steps: StopSteps = StopSteps()) async throws(JobError) -> ProcessExit {
        let process: any RunningProcess
        do { process = try await processes.launch(command) } catch {
            if let detail = error.detail { log(detail) }
            throw JobError(error.description, hint: error.hint, retry: error.isPassing ? .worthwhile : .pointless)
        }
        let context = self
        let exit = await withTaskCancellationHandler {
            await process.exit()
        } onCancel: {
            // Owned by nobody else: it ends when the process has, and the process is awaited above.
            Task { await process.stop(context.fitted(steps)) }
        }
        let left = await process.endLeftovers()
        if left > 0 { log("ended \(left.counted("process", plural: "processes")) it left behind") }
        return exit
    }
}
