/// A program of the user's own, as options of `init` describe it.
package struct AppProgram: Equatable, Sendable {
    /// The line that starts it.
    package var command: String
    /// The port on which it listens; nil for that of the variable `PORT`.
    package var port: Int?
    /// The path that answers once it is up.
    package var health: String

    /// Whether it can be used in an address as it is.
    package static func isHealthPath(_ text: String) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isASCII && !$0.isWhitespace && !"\"\\${}'".contains($0) }
    }

    /// - Parameter health: A path; a slash at its beginning is added where it is missing.
    package init(command: String, port: Int?, health: String?) {
        self.command = command
        self.port = port
        let path = health ?? "/"
        self.health = path.hasPrefix("/") ? path : "/" + path
    }

    var options: [String] {
        ["--command", command] + (port.map { ["--port", "\($0)"] } ?? []) + (health == "/" ? [] : ["--health", health])
    }

    /// The line of the configuration that starts it: a list of words, or a line for the shell where a shell is needed to understand it.
    var line: String {
        let words = command.split(separator: " ").map(String.init)
        let isPlain = words.joined().allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:=@%+,".contains($0)) }
        // A variable is the shell's to fill in, from the job's environment.
        guard isPlain, words.first?.contains("=") == false else { return "shell: '\(command.replacing("'", with: "''").replacing("$", with: "$$"))'" }
        return "command: [\(words.map(AppProgram.element).joined(separator: ", "))]"
    }

    /// A word in a list of YAML, in quotes where it would be something else without.
    private static func element(_ word: String) -> String {
        let isOther = Double(word) != nil || ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(word.lowercased())
        let isSafe = word.first.map { $0.isLetter || $0 == "/" || $0 == "." && word.count > 1 || $0 == "-" && word.count > 1 } ?? false
        return isSafe && !isOther && !word.contains(where: { ":,%@=".contains($0) }) ? word : "\"\(word)\""
    }

    /// An image that has what its first word needs.
    var image: String {
        let name = command.split(separator: " ").first.map { $0.split(separator: "/").last ?? $0 } ?? ""
        if ["node", "npm", "npx", "yarn", "pnpm"].contains(name) { return "node:22-bookworm-slim" }
        if name.hasPrefix("python") || ["uvicorn", "gunicorn", "flask", "uv", "pip"].contains(name) { return "python:3.13-slim-bookworm" }
        return "debian:bookworm-slim"
    }

    /// How the image gets what it needs in addition to its files.
    var preparation: String {
        switch image {
        case "node:22-bookworm-slim": "RUN npm ci --omit=dev"
        case "python:3.13-slim-bookworm": "RUN pip install --no-cache-dir -r requirements.txt"
        default: "RUN ./build.sh"
        }
    }
}
