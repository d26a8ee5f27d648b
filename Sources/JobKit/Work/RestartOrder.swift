/// What comes first where a service's running process is replaced by a new one. The raw values are those of the configuration.
package enum RestartOrder: String, CaseIterable, Hashable, Sendable {
    /// The old process is ended, then the new one is started.
    case stopFirst = "stop_first"
    /// The new process is started next to the old one, which is ended once the new one is ready.
    case startFirst = "start_first"
}
