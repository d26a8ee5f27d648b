/// Why a job does not run.
package enum DisabledReason: Hashable, Sendable, CustomStringConvertible {
    /// Someone wants it so.
    case switchedOff
    /// Declared secrets that it was granted have no value.
    case missingSecrets([String])
    /// Someone wants to look around before anything happens.
    case safeMode
    /// What it would run can't be used, for a reason.
    case unusable(String)

    package var description: String {
        switch self {
        case .switchedOff: "\"enabled\" is false"
        case .missingSecrets(let names):
            names.count == 1 ? "the secret \(names[0]) is not set" : "the secrets \(names.joined(separator: ", ")) are not set"
        case .safeMode: "this is safe mode; take SHIPKEEPER_SAFE_MODE away and restart"
        case .unusable(let reason): reason
        }
    }

    /// What to do about it; nil where it is as someone wants it.
    package var hint: String? {
        switch self {
        case .switchedOff, .safeMode: nil
        case .missingSecrets: "set it in the container's secrets and restart"
        case .unusable: "shipkeeper plugins"
        }
    }
}
