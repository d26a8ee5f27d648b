import Foundation
import Settings

/// What is known of one life of a service from itself. A value: what it says in, what follows out. Instants are of a clock that does not jump.
package struct NotifyState: Hashable, Sendable {
    package enum Phase: String, Codable, Hashable, Sendable {
        case running
        /// It reads its configuration again, and says when it is ready again.
        case reloading
        case stopping
    }

    package var phase = Phase.running
    package var status: String?
    /// Whether it has said in some way that it is ready: by a message, or by a line in its log.
    package var hasAnnounced = false
    /// When it was found to be ready, by whatever shows that; from then on it must say that it is alive.
    package var readySince: Duration?
    package var reloadingSince: Duration?
    /// When it has last said that it is alive, or when that was last expected of it for the first time.
    package var aliveAt: Duration?
    package var hasTriggered = false
    /// The start, or the reload, may take at least until then.
    package var extendedUntil: Duration?

    package init() {}

    /// - Parameter announces: Whether `READY=1` is what shows that it is ready.
    package mutating func take(_ message: NotifyMessage, announces: Bool, at now: Duration) {
        if let status = message.status { self.status = status.isEmpty ? nil : status }
        if let extended = message.extended { extendedUntil = now + extended }
        switch message.alive {
        case .ping: aliveAt = now
        case .trigger: hasTriggered = true
        case nil: break
        }
        if message.isReady {
            if announces { hasAnnounced = true }
            if phase == .reloading { (phase, reloadingSince, extendedUntil) = (.running, nil, nil) }
        } else if message.isReloading, phase == .running, readySince != nil {
            (phase, reloadingSince, extendedUntil) = (.reloading, now, message.extended.map { now + $0 })
        }
        if message.isStopping { phase = .stopping }
    }

    package mutating func becameReady(at now: Duration) {
        readySince = now
        aliveAt = now
        extendedUntil = nil
    }
}

/// Says when a service is restarted for what it says, or does not say. A value.
package struct NotifyRules: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        /// Look again then; nil for when it says something.
        case fine(until: Duration?)
        case restart(String)
    }

    /// How often it must say that it is alive; nil for never.
    package var watchdog: Duration?
    /// How long a reload may take.
    package var within: Duration

    package init(watchdog: Duration?, within: Duration) {
        self.watchdog = watchdog
        self.within = within
    }

    package func verdict(on state: NotifyState, at now: Duration) -> Verdict {
        if watchdog != nil, state.hasTriggered { return .restart("it has triggered its watchdog") }
        guard state.readySince != nil else { return .fine(until: nil) }
        var next: Duration?
        if let watchdog, let aliveAt = state.aliveAt {
            if now >= aliveAt + watchdog { return .restart("watchdog: it has not said for \(DurationText.format(watchdog)) that it is alive") }
            next = aliveAt + watchdog
        }
        if let since = state.reloadingSince {
            let end = max(since + within, state.extendedUntil ?? .zero)
            if now >= end { return .restart("it has not been ready again within \(DurationText.format(end - since)) of the begin of its reload") }
            next = min(next ?? end, end)
        }
        return .fine(until: next)
    }
}

/// What is kept of a life for a program that takes the service over. A newer version reads what an older one has written.
struct LifeRecord: Codable, Hashable, Sendable {
    /// When it became ready; nil while it has not.
    var readyAt: Date?
    var hasAnnounced: Bool?
    /// Whether it has passed its live check.
    var hasPassed: Bool?
    var phase: NotifyState.Phase?
    var status: String?

    init() {}

    init?(_ bytes: [UInt8]) {
        guard !bytes.isEmpty, let record = try? JSONDecoder().decode(LifeRecord.self, from: Data(bytes)) else { return nil }
        self = record
    }

    var bytes: [UInt8] {
        // That of each start, which waits for it.
        self == LifeRecord() ? Array("{}".utf8) : (try? JSONEncoder().encode(self)).map(Array.init) ?? []
    }
}
