import Foundation

/// The machine that the tests run on.
package enum Machine {
    /// Whether more work waits than it has processors for: what the program keeps back for its last half second may then not be enough.
    package static var isBusy: Bool {
        let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.split(separator: " ").first.flatMap { Double($0) } ?? 0
        return load > Double(ProcessInfo.processInfo.activeProcessorCount)
    }
}
