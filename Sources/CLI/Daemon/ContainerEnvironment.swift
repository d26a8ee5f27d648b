import Config
import Foundation

/// The variables of this container, with what they tell about the platform.
enum ContainerEnvironment {
    /// Set to anything but 0 or false: nothing is restored, started or backed up.
    static let safeModeVariable = "SHIPKEEPER_SAFE_MODE"

    static let own = ProcessInfo.processInfo.environment
    static let platform = Platform(own)

    /// What stands in the configuration as `${…}`, and what jobs are given.
    static let all = own.merging(platform.variables) { own, known in own.isEmpty ? known : own }

    static var isSafeMode: Bool { !["", "0", "false", "no", "off"].contains((own[safeModeVariable] ?? "").lowercased()) }
}
