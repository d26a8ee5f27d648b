import Config
import Init
package import Platforms

/// The variables of this container, with what they tell about the platform. They are copied out of the process's own environment, which
/// loses the secrets among them.
package enum ContainerEnvironment {
    /// Set to anything but 0 or false: nothing is restored, started or backed up.
    package static let safeModeVariable = "SHIPKEEPER_SAFE_MODE"

    /// Names of jobs, with commas, that something else runs: they are switched off here.
    package static let disabledJobsVariable = "SHIPKEEPER_DISABLED_JOBS"

    /// As they were when the program started. A value that is not UTF-8 is shown repaired.
    package static let own: [String: String] = {
        ContainerEnvironment.split.reduce(into: [:]) { $0[text($1.name)] = text($1.value) }
    }()

    /// Those that are not UTF-8, by their name as it is shown: jobs get these bytes.
    package static let bytes: [String: [UInt8]] = {
        ContainerEnvironment.split.reduce(into: [:]) { bytes, variable in
            let whole = variable.name + [equals] + variable.value
            if !text(whole).utf8.elementsEqual(whole) { bytes[text(variable.name)] = whole }
        }
    }()

    private static let equals = UInt8(ascii: "=")

    private static let split = OwnStart.variables.compactMap { variable in
        variable.firstIndex(of: equals).map { (name: Array(variable[..<$0]), value: Array(variable[($0 + 1)...])) }
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    package static let platform = Platform(own)

    /// What is in the configuration as `${…}`, and what jobs are given.
    package static let all = withPlatform(own)

    /// Variables with what they tell about the platform, where they do not say it themselves.
    package static func withPlatform(_ variables: [String: String]) -> [String: String] {
        variables.merging(Platform(variables).variables) { own, known in own.isEmpty ? known : own }
    }

    /// Takes variables out of this process's environment: from now on only what is handed to a job on purpose has them.
    package static func withhold(_ names: [String]) {
        _ = (own, bytes)
        OwnStart.forget(names)
    }

    package static var isSafeMode: Bool { !["", "0", "false", "no", "off"].contains((own[safeModeVariable] ?? "").lowercased()) }
}
