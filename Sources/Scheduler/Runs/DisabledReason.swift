/// Why a job does not run, also when it is started manually.
package enum DisabledReason: Hashable, Sendable, CustomStringConvertible {
    /// `enabled: false` in the configuration.
    case switchedOff
    /// Declared secrets that it was granted have no value.
    case missingSecrets([String])
    /// `SHIPKEEPER_SAFE_MODE` is set, which disables every job.
    case safeMode
    /// `SHIPKEEPER_DISABLED_JOBS` names it: something else runs it.
    case elsewhere
    /// The plug-in or program that it would run can't be used; why, and what to do about it.
    case unusable(String, hint: String)

    /// The reason as a clause, for messages.
    package var description: String {
        switch self {
        case .switchedOff: "\"enabled\" is false"
        case .missingSecrets(let names):
            names.count == 1 ? "the secret \(names[0]) is not set" : "the secrets \(names.joined(separator: ", ")) are not set"
        case .safeMode: "this is safe mode; unset SHIPKEEPER_SAFE_MODE and restart"
        case .elsewhere: "SHIPKEEPER_DISABLED_JOBS names it"
        case .unusable(let reason, _): reason
        }
    }

    /// What to do about it; nil where it is intended.
    package var hint: String? {
        switch self {
        case .switchedOff, .safeMode, .elsewhere: nil
        case .missingSecrets: "set it in the container's secrets and restart"
        case .unusable(_, let hint): hint
        }
    }
}
