extension JobScheduler {
    /// What is recorded from now on, or after a position of this feed.
    package nonisolated func events(after position: Int64? = nil) -> SchedulerEvents {
        SchedulerEvents(feed: feed, position: position ?? feed.position)
    }

    /// The position of the newest event.
    package nonisolated var position: Int64 { feed.position }

    /// Sends listeners a line about the program itself.
    package nonisolated func publish(_ text: String, topic: String) { feed.publish(.message(topic: topic, text: text)) }

    /// Waits until a configuration is in force that was not at a position of the feed; false when the scheduler has ended first, or the task is cancelled.
    package nonisolated func nextConfiguration(after position: Int64) async -> Bool {
        for await event in events(after: position) {
            switch event.content {
            // What is in force then may be another.
            case .configured, .missed: return true
            case .run, .service, .progress, .log, .message: continue
            }
        }
        return false
    }

    /// Waits until the state has what `found` looks for; nil when the scheduler has ended first, or the task is cancelled.
    ///
    /// - Parameter found: Called with the state now, and after each change to it.
    package nonisolated func wait<Value: Sendable>(until found: @Sendable (SchedulerSnapshot) async -> Value?) async -> Value? {
        var events = events().makeAsyncIterator()
        while true {
            if let snapshot = await snapshot(), let value = await found(snapshot) { return value }
            repeat {
                guard let event = await events.next() else { return nil }
                switch event.content {
                case .progress, .log, .message: continue
                case .run, .service, .configured, .missed: break
                }
                break
            } while true
        }
    }
}
