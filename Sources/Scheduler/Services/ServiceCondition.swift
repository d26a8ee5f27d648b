package import JobKit

/// What is known of a running service, put into one state and one note. A value.
package struct ServiceCondition: Hashable, Sendable {
    package var isReady = false
    /// What its live check has found, where that counts.
    package var failure: String?
    /// What is to be known of its checks, and does not change its state.
    package var remark: String?
    /// What it says itself.
    package var phase = NotifyState.Phase.running
    package var status: String?

    package init() {}

    package var state: ServiceStatus.State {
        guard isReady else { return .starting }
        return failure == nil && phase == .running ? .ready : .unready
    }

    package var note: String? {
        if let found = failure ?? remark { return found }
        switch phase {
        case .running: return status
        case .reloading: return status ?? "it is reloading"
        case .stopping: return status ?? "it says that it is stopping"
        }
    }
}
