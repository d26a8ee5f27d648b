import Foundation

/// Places in the source tree, and the programs built from it.
package enum SourceTree {
    package static let root = String(#filePath.dropLast("/Tests/TestSupport/SourceTree.swift".count))

    /// The folder that the tests were built into: debug or release, wherever it lies.
    package static let built = ((try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "").parentFolder

    /// The program under test, which lies beside the tests.
    package static let program = built + "/shipkeeper"
}

extension String {
    /// All but the last name of a path.
    package var parentFolder: String { (self as NSString).deletingLastPathComponent }
}
