/// Where the log of a run ended at an instant: with it a successor of the program finds what was written after that.
package struct LogEnd: Hashable, Sendable {
    /// The number of the file on its disk; 0 where there was none.
    package var file: UInt64
    /// In bytes.
    package var size: Int64

    package init(file: UInt64, size: Int64) {
        self.file = file
        self.size = size
    }

    package static let none = LogEnd(file: 0, size: 0)
}
