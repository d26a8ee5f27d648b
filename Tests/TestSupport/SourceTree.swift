import Foundation

/// Places in the source tree, and the programs built from it.
package enum SourceTree {
    package static let root = String(#filePath.dropLast("/Tests/TestSupport/SourceTree.swift".count))

    /// The folder that the tests were built into: debug or release, wherever it lies.
    package static let built = ((try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "").parentFolder

    /// The program under test, which lies beside the tests.
    package static let program = shared(built + "/shipkeeper")

    /// The plug-ins, the examples and the stand-ins, where the program under test may read them.
    package static let plugins = shared(root + "/Plugins")
    package static let examples = shared(root + "/Examples")
    package static let standIns = shared(root + "/Tests/TestSupport")

    /// A path that a plain user may read: a copy of it where the source tree is closed to others.
    private static func shared(_ path: String) -> String {
        guard Account.plain.isOther, let isOpen = try? Shell.run("\(Account.plain.commandPrefix)test -r '\(path)'"), isOpen.status != 0 else { return path }
        let copy = "/tmp/shipkeeper-test-copies-\(ProcessInfo.processInfo.processIdentifier)"
        _ = try? Shell.run("mkdir -p '\(copy)' && cp -r '\(path)' '\(copy)/' && chmod -R a+rX '\(copy)'")
        _ = removal
        return copy + "/" + (path as NSString).lastPathComponent
    }

    private static let removal: Void = { atexit { _ = try? Shell.run("rm -rf '/tmp/shipkeeper-test-copies-\(ProcessInfo.processInfo.processIdentifier)'") } }()
}

extension String {
    /// All but the last name of a path.
    package var parentFolder: String { (self as NSString).deletingLastPathComponent }
}
