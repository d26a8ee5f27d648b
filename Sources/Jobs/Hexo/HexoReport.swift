import JobKit

/// What Hexo reports about its work: it exits with 0 though pages are broken, and names causes in the line after the complaint.
struct HexoReport: Sendable {
    private static let mostErrors = 20
    /// Lines after a complaint that may be about it.
    private static let mostAfter = 20
    private static let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
    /// Complaints without information: the next line has it.
    private static let empties = ["Maybe you can find the solution here", "hexo.io/docs/troubleshooting"]

    private struct Complaint {
        var level: String
        var text: String
        var after: [String] = []
    }

    /// Complaints that make a build a failure, each with its cause.
    private(set) var errors: [String] = []
    /// How many files it reports as written; nil where it did not get that far.
    private(set) var generated: Int?
    /// Whether its database could not be read. It builds without it then, and stores none.
    private(set) var hasLostDatabase = false
    /// Styles and scripts that could not be made, as the site names them.
    private(set) var failedAssets: [String] = []
    private var pending: [LogStream: Complaint] = [:]

    /// - Parameter line: Without its end, and without colours.
    mutating func hear(_ line: String, from stream: LogStream) {
        guard let level = HexoReport.levels.first(where: { line == $0 || line.hasPrefix("\($0) ") }) else {
            if let complaint = pending[stream], complaint.after.count < HexoReport.mostAfter { pending[stream]?.after.append(line) }
            return
        }
        close(stream)
        let text = String(line.dropFirst(level.count)[...].trimmed)
        switch level {
        case "ERROR", "FATAL": pending[stream] = Complaint(level: level, text: text)
        case "INFO":
            // INFO  214 files generated in 1.2 s
            let words = text.split(separator: " ")
            if words.count >= 3, words[1].hasPrefix("file"), words[2] == "generated" { generated = Int(words[0]) }
        default: break
        }
    }

    /// There is no more output.
    mutating func finish() {
        for stream in [LogStream.standardError, .standardOutput] { close(stream) }
    }

    private mutating func close(_ stream: LogStream) {
        guard let complaint = pending.removeValue(forKey: stream) else { return }
        if complaint.text.hasPrefix("Database load failed") {
            hasLostDatabase = true
            return
        }
        let failed = "Asset render failed: "
        if complaint.text.hasPrefix(failed) { failedAssets.append(String(complaint.text.dropFirst(failed.count))) }
        if errors.count < HexoReport.mostErrors { errors.append(HexoReport.sentence(complaint).clipped) }
    }

    private static func sentence(_ complaint: Complaint) -> String {
        let isEmpty = complaint.text.isEmpty || empties.contains(where: complaint.text.contains)
        let parts = [isEmpty ? "" : complaint.text, cause(complaint.after)].filter { !$0.isEmpty }
        if parts.isEmpty { return complaint.text.isEmpty ? complaint.level : "\(complaint.level) \(complaint.text)" }
        return "\(complaint.level) \(parts.joined(separator: ": "))"
    }

    /// The line that names the cause; a template's error also says what is wrong below an excerpt of it.
    private static func cause(_ lines: [String]) -> String {
        guard let first = lines.firstIndex(where: { !$0[...].trimmed.isEmpty }) else { return "" }
        let cause = String(lines[first][...].trimmed)
        if cause.hasPrefix("at ") { return "" }
        guard cause.contains(/:\d+$/) else { return cause }
        let rest = lines[lines.index(after: first)...].prefix { !$0[...].trimmed.hasPrefix("at ") }
        guard let gap = rest.lastIndex(where: { $0[...].trimmed.isEmpty }) else { return cause }
        guard let words = rest[gap...].first(where: { !$0[...].trimmed.isEmpty && $0.first?.isWhitespace == false }) else { return cause }
        return "\(cause): \(words)"
    }
}

/// What an installer reports about its failure.
struct InstallReport: Sendable {
    private static let marks = ["npm error", "npm ERR!"]
    /// Details of npm's that explain nothing.
    private static let details = ["code", "syscall", "path", "errno", "dest", "command", "A complete log"]

    private var complaints: [String] = []
    private var otherError: String?
    private var last: String?
    /// The host that could not be reached; nil where no such failure was reported.
    private(set) var unreachable: UnreachableHost?

    mutating func hear(_ line: String, from stream: LogStream) {
        let text = String(line[...].trimmed)
        if text.isEmpty { return }
        // The line that names the host comes after others with the code alone.
        if let found = UnreachableHost(text), unreachable?.host == nil { unreachable = found }
        if let mark = InstallReport.marks.first(where: text.hasPrefix) {
            let words = String(text.dropFirst(mark.count)[...].trimmed)
            if complaints.count < 20, !words.isEmpty { complaints.append(words) }
        } else if otherError == nil, text.contains("ERR_PNPM") || ["error ", "error: ", "ERROR ", "Error: "].contains(where: text.hasPrefix) {
            otherError = text
        }
        if stream == .standardError { last = text }
    }

    /// The cause in one line; nil where none was reported.
    var cause: String? {
        guard let first = complaints.first else { return (otherError ?? last)?.clipped }
        let words = complaints.first { line in !InstallReport.details.contains { line.hasPrefix($0) } }
        return (words.map { $0 == first ? "npm error \(first)" : "npm error \(first): \($0)" } ?? "npm error \(first)").clipped
    }
}

/// A host that an install could not reach.
struct UnreachableHost: Hashable, Sendable, CustomStringConvertible {
    private static let codes = ["ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ECONNREFUSED", "ECONNRESET", "ENETUNREACH", "EHOSTUNREACH", "ERR_SOCKET_TIMEOUT"]

    /// The system's word for what happened.
    let code: String
    /// Nil where the line does not name it.
    let host: String?

    /// Nil for any other line.
    init?(_ line: String) {
        guard let code = UnreachableHost.codes.first(where: line.contains) else { return nil }
        self.code = code
        let address = line.firstMatch(of: /https?:\/\/([^\/\s:"@]+)/)?.output.1
        host = (address ?? line.firstMatch(of: /(?:ENOTFOUND|EAI_AGAIN) ([a-z0-9-]+(?:\.[a-z0-9-]+)+)/)?.output.1).map(String.init)
    }

    /// What to do about it.
    /// - Parameter registry: That of npm which the job was given; nil for its usual one.
    func hint(registry: String?) -> String {
        let isRegistry = host.map { host in registry.map { $0.contains(host) } ?? host.contains("registry") } ?? true
        if let host, !isRegistry { return "does the container reach \(host), and is there a proxy to set?" }
        if let registry { return "is \(registry) (npm_config_registry) right, and does the container reach it?" }
        return "set npm_config_registry, such as https://registry.npmmirror.com, under env of the job"
    }

    var description: String { "\(host ?? "the registry of npm") can't be reached (\(code))" }
}

extension String {
    /// Cut to a length that fits a summary.
    fileprivate var clipped: String { count > 300 ? prefix(300) + "…" : self }
}

extension RunContext {
    /// Runs a process to its end and reports its lines, with the stream that each came from, on the way to the log.
    func finish(_ command: ProcessCommand, onLine: @escaping @Sendable (String, LogStream) -> Void) async throws(JobError) -> ProcessExit {
        let output = OutputLines { onLine($0, .standardOutput) }
        let errors = OutputLines { onLine($0, .standardError) }
        var command = command
        let onOutput = command.onOutput
        command.onOutput = { bytes, stream, whenKept in
            (stream == .standardError ? errors : output).hear(bytes, stream)
            onOutput(bytes, stream, whenKept)
        }
        let exit = try await finish(command)
        for lines in [output, errors] { lines.finish() }
        return exit
    }
}
