package import Foundation

/// One line of a run's log.
package struct LogLine: Hashable, Sendable {
    /// Who wrote a line.
    package enum Source: String, Hashable, Sendable, Codable, CaseIterable {
        /// shipkeeper itself.
        case own
        /// A process of the run, on its standard output.
        case output = "out"
        /// A process of the run, on its standard error.
        case error = "err"

        /// - Parameter stream: Of a process; nil for shipkeeper's own lines.
        package init(_ stream: LogStream?) {
            switch stream {
            case nil: self = .own
            case .standardOutput: self = .output
            case .standardError: self = .error
            }
        }
    }

    /// When it was written, to the millisecond; nil for lines of versions that did not record it.
    package var at: Date?
    package var source: Source
    /// Without the line break.
    package var text: String

    package init(at: Date?, source: Source, text: String) {
        self.at = at
        self.source = source
        self.text = text
    }

    /// As people read it: shipkeeper's own lines begin with `#`.
    package var displayText: String { source == .own ? "# \(text)" : text }
}
