package import Logging
import JobKit

/// Sends what libraries log to the container log.
package struct ContainerLogHandler: LogHandler {
    private let container: ContainerLog
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level = .warning

    package init(_ container: ContainerLog) { self.container = container }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        container.note("\(event.message)", event.level >= .error ? .error : event.level >= .warning ? .warning : .info)
    }
}
