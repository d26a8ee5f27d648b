import Foundation

/// Finds programs as the system does.
enum ProgramSearch {
    private static let usualFolders = "/usr/local/bin:/usr/bin:/bin"

    /// Whether a program can be executed here: by its path, or in one of the folders of `PATH`. Reads the disk.
    static func isThere(_ program: String, path: String? = ProcessInfo.processInfo.environment["PATH"]) -> Bool {
        if program.contains("/") { return FileManager.default.isExecutableFile(atPath: program) }
        return (path ?? usualFolders).split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
    }
}
