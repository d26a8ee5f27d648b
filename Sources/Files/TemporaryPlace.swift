import Foundation

/// Where files for a moment can be made, in containers that have no usual place for them.
package enum TemporaryPlace {
    private static let variables = ["TMPDIR", "XDG_RUNTIME_DIR"]
    private static let usual = ["/tmp", "/var/tmp", "/dev/shm"]

    /// The first folder that this user may write to: `TMPDIR`, the usual ones, the home, the current folder; `/tmp` where there is none.
    package static func find(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
        let places = variables.compactMap { environment[$0] } + usual + [environment["HOME"], FileManager.default.currentDirectoryPath].compactMap(\.self)
        return places.first { $0.hasPrefix("/") && FileManager.default.isWritableFile(atPath: $0) } ?? usual[0]
    }
}
