extension JobScheduler {
    /// Waits until a run has ended that was asked for after a position of the feed, or until the scheduler has ended.
    package nonisolated func end(of run: Int64, after position: Int64) async {
        for await event in events(after: position) {
            switch event.content {
            case .run(let seen): if seen.id == run, seen.state.outcome != nil { return }
            // It may have ended among what was missed.
            case .missed: if await engine?.runs[run] == nil { return }
            case .service, .progress, .log, .message, .configured: continue
            }
        }
    }
}
