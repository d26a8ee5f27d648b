import Foundation

/// Places in the source tree.
package enum SourceTree {
    package static let root = String(#filePath.dropLast("/Tests/TestSupport/Repository.swift".count))
    package static let program = root + "/.build/debug/shipkeeper"
}
