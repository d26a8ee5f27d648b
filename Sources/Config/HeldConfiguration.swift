import Settings

/// What is left of a configuration with mistakes, where it has a public port: that port, so that visitors and the owner learn of the mistakes.
package enum HeldConfiguration {
    /// The keys at the top, without jobs, repositories and the service behind the port. Nil where the file has no `front`, or can't be read as YAML at
    /// all. Blocks: reads zone data from the disk.
    /// - Parameter file: Its path.
    package static func read(_ text: String, file: String, environment: [String: String]) -> Configuration? {
        guard let root = TopKeys.read(text, file: file, environment: environment), root["front"] != nil else { return nil }
        var reader = SettingsReader(root)
        var configuration = TopLevel.read(&reader, file: file, environment: environment)
        guard let front = FrontKeys.section(&reader, environment: environment) else { return nil }
        configuration.front = front.resolve([]).front
        configuration.front?.upstream = nil
        configuration.control = ControlKeys.section(&reader)
        configuration.secretValues = reader.secretValues
        return configuration
    }
}
