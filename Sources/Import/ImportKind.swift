package import Settings

/// The programs whose files are read. The raw values are what the command line takes.
package enum ImportKind: String, CaseIterable, Sendable {
    case crontab, supervisord, procfile
    case compose = "docker-compose"
    case systemd
    case s6 = "s6-overlay"

    /// What its files say, as a configuration, with each difference in meaning. Pure.
    /// - Parameter parse: Reads YAML without variables; the root is nil where the text is none.
    package func read(_ source: ImportSource, parse: (_ text: String, _ file: String) -> (root: ConfigNode?, problems: [Problem])) -> ImportedConfiguration {
        var found = ImportedConfiguration(title: "\(rawValue) \(source.path)")
        switch self {
        case .crontab: CrontabReader.read(source, into: &found)
        case .supervisord: SupervisordReader.read(source, into: &found)
        case .procfile: ProcfileReader.read(source, into: &found)
        case .compose: ComposeReader.read(source, parse, into: &found)
        case .systemd: SystemdReader.read(source, into: &found)
        case .s6: S6Reader.read(source, into: &found)
        }
        return found
    }
}
