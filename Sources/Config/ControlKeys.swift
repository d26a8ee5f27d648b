package import Settings

extension Configuration {
    /// Who may ask the program, and for what.
    package struct Control: Hashable, Sendable {
        /// What an assistant may do by `shipkeeper mcp`.
        package enum Assistant: String, CaseIterable, Sendable {
            case read, write
        }

        /// Nil where nobody can log in.
        package var token: Secret?
        package var mcp = Assistant.read
    }
}

/// Reads `control`.
enum ControlKeys {
    /// Characters that are beyond guessing, where they are random.
    private static let shortestToken = 16

    /// The group `control`; without a token where the file has none.
    static func section(_ reader: inout SettingsReader) -> Configuration.Control {
        reader.section("control", "Who may ask the program: by the page below /-/ of the public port, and as an assistant", read) ?? Configuration.Control()
    }

    private static func read(_ reader: inout SettingsReader) -> Configuration.Control {
        let token = reader.secret("token", "The token that opens the page, at least \(shortestToken) characters; without one nothing can be changed there")
        let mcp: Configuration.Control.Assistant = reader.choice(
            "mcp", "Whether an assistant may only look by \"shipkeeper mcp\" (read), or start, stop and restore too (write)", default: .read)
        guard let token, token.revealed.count < shortestToken else { return Configuration.Control(token: token, mcp: mcp) }
        reader.warn(
            at: reader.place(of: "token"), "\"control.token\" has \(token.revealed.count) characters and is not used, so nobody can log in",
            hint: "make one of at least \(shortestToken) characters, such as by openssl rand -hex 16")
        return Configuration.Control(mcp: mcp)
    }
}
