package import Settings

/// What was imported: jobs to be written as YAML, and what differs in meaning.
package struct ImportedConfiguration: Sendable {
    /// The kind and the file, for the first line.
    let title: String
    var timezone: String?
    private(set) var jobs: [ImportedJob] = []
    /// Each difference with its place in the file that was read: an error where something could not be carried over.
    package private(set) var differences: [Problem] = []
    private var noted: Set<String> = []

    /// Whether nothing could be carried over.
    package var isEmpty: Bool { jobs.isEmpty }

    init(title: String) { self.title = title }

    /// Adds a job under a name that no other has. Returns that name.
    @discardableResult
    mutating func add(_ job: ImportedJob) -> String {
        var job = job
        let base = ImportedJob.name(from: job.name)
        var number = 1
        job.name = base
        while jobs.contains(where: { $0.name == job.name }) {
            number += 1
            job.name = "\(base.prefix(60))-\(number)"
        }
        jobs.append(job)
        return job.name
    }

    /// Changes a job that was added.
    mutating func change(_ name: String, _ change: (inout ImportedJob) -> Void) {
        if let index = jobs.firstIndex(where: { $0.name == name }) { change(&jobs[index]) }
    }

    /// Names something that will be different.
    mutating func differs(_ file: ImportSource.File, _ line: Int, _ message: String, hint: String? = nil) { note(.warning, file, line, message, hint) }

    /// Names something that will be different for all jobs alike, at the first place only.
    mutating func differsOnce(_ file: ImportSource.File, _ line: Int, _ message: String, hint: String? = nil) {
        if noted.insert(message).inserted { note(.warning, file, line, message, hint) }
    }

    /// Names something that is left out.
    mutating func fails(_ file: ImportSource.File, _ line: Int, _ message: String, hint: String? = nil) { note(.error, file, line, message, hint) }

    private mutating func note(_ severity: Problem.Severity, _ file: ImportSource.File, _ line: Int, _ message: String, _ hint: String?) {
        let text = line > 0 && line <= file.lines.count ? file.lines[line - 1] : ""
        let column = text.prefix { $0 == " " || $0 == "\t" }.count + 1
        differences.append(Problem(severity, at: SourcePlace(file: file.path, line: line, column: line == 0 ? 0 : column), message, hint: hint))
    }

    /// The configuration file.
    package var yaml: String {
        var lines = ["# Written by: shipkeeper import \(title)", "version: 1"]
        if let timezone { lines.append("timezone: \(YAMLValue.text(timezone).inline)") }
        lines.append(jobs.isEmpty ? "jobs: {}" : "jobs:")
        for job in jobs {
            lines += job.comments.map { "  # \($0)" }
            lines += YAMLValue.map([YAMLValue.Entry(job.name, .map(job.entries))]).block(indent: 2)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// A job as it will be written.
struct ImportedJob: Sendable {
    enum Work: String { case command, service }

    var name: String
    var work: Work
    /// Lines that are written above it.
    var comments: [String] = []
    /// The value of `on`; nil leaves it out.
    var on: YAMLValue?
    var needs: [String] = []
    /// Other keys of the job, in this order.
    var keys: [YAMLValue.Entry] = []
    var environment: [YAMLValue.Entry] = []
    /// Keys below `with`, the program first.
    var with: [YAMLValue.Entry] = []

    init(_ name: String, _ work: Work) { (self.name, self.work) = (name, work) }

    var entries: [YAMLValue.Entry] {
        var entries = [YAMLValue.Entry("type", .word(work.rawValue))]
        if let on { entries.append(.init("on", on)) }
        if !needs.isEmpty { entries.append(.init("needs", .list(needs.map(YAMLValue.text)))) }
        entries += keys
        if !environment.isEmpty { entries.append(.init("env", .map(environment))) }
        return entries + [.init("with", .map(with))]
    }

    /// A name that the configuration takes: letters, digits, `-` and `_`.
    static func name(from text: String) -> String {
        let mapped = text.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : "-" }
        let trimmed = String(mapped.drop { $0 == "-" }.prefix(64))
        return trimmed.isEmpty ? "job" : trimmed
    }

    /// The program as a list of words, or as a line for the shell. Another shell than /bin/sh is a program with a line.
    mutating func run(words: [String]) { with.insert(.init("command", .list(words.map(YAMLValue.text))), at: 0) }
    mutating func run(line: String) { with.insert(.init("shell", .text(line)), at: 0) }

    /// Runs the program as another account, without a change of its process.
    /// - Parameter words: The program.
    static func words(_ words: [String], as user: String, group: String? = nil) -> [String] {
        user == "root" && group == nil ? words : ["setpriv", "--reuid", user, "--regid", group ?? user, "--init-groups", "--"] + words
    }
}
