import Scheduler

/// Reads crontabs of users, and those of the system with an account in each line: crontab(5) of Debian and of cronie.
struct CrontabReader {
    private let file: ImportSource.File
    /// Whether a line names the account before the command.
    private let hasUsers: Bool
    private var environment: [YAMLValue.Entry] = []
    private var shell: String?
    private var zone: String?
    private var comments: [String] = []
    private var delay: String?

    static func read(_ source: ImportSource, into found: inout ImportedConfiguration) {
        for file in source.files {
            var reader = CrontabReader(file: file, hasUsers: isOfSystem(file))
            reader.read(into: &found)
        }
    }

    private init(file: ImportSource.File, hasUsers: Bool) { (self.file, self.hasUsers) = (file, hasUsers) }

    // MARK: The form

    private static let accounts: Set = [
        "root", "daemon", "www-data", "nobody", "mail", "backup", "postgres", "mysql", "redis", "nginx", "apache", "http", "git", "app", "node", "deploy",
        "ubuntu", "debian", "ec2-user", "list", "news", "man", "smmsp", "nagios", "munin", "logcheck", "rails", "django", "web", "user", "admin",
    ]

    /// Known by its place, by the usual heading, or by accounts in all of its lines.
    private static func isOfSystem(_ file: ImportSource.File) -> Bool {
        if file.path.hasSuffix("/etc/crontab") || file.path.contains("/cron.d/") || file.path == "crontab.system" { return true }
        if file.lines.contains(where: { $0.hasPrefix("#") && $0.contains(/dow\s+user(-name)?\s+command/) }) { return true }
        let rows = file.lines.compactMap { Row($0) }
        return !rows.isEmpty && rows.allSatisfy { accounts.contains($0.rest.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? "") }
    }

    /// A line with a schedule.
    private struct Row {
        let schedule: String
        let rest: String

        init?(_ line: String) {
            let text = line.drop(while: \.isWhitespace)
            guard let first = text.first, first != "#" else { return nil }
            let count = first == "@" ? 1 : 5
            guard first == "@" || first == "*" || first == "-" || first == "~" || first.isNumber || first == "?" else { return nil }
            var (fields, rest) = ([Substring](), text)
            for _ in 0..<count {
                let field = rest.prefix { !$0.isWhitespace }
                guard !field.isEmpty else { return nil }
                fields.append(field)
                rest = rest.dropFirst(field.count).drop(while: \.isWhitespace)
            }
            (schedule, self.rest) = (fields.joined(separator: " "), String(rest))
        }
    }

    // MARK: Lines

    private mutating func read(into found: inout ImportedConfiguration) {
        if hasUsers { found.differsOnce(file, 1, "read as a crontab of the system: the word after the schedule is an account") }
        for (index, line) in file.lines.enumerated() {
            let text = line.trimmingBlanks
            if text.isEmpty {
                comments = []
            } else if text.hasPrefix("#") {
                let comment = String(text.drop { $0 == "#" }).trimmingBlanks
                // A job that is switched off says nothing of the next one.
                if Row(comment) == nil, comment.first?.isLetter == true { comments.append(comment) }
            } else if let row = Row(line) {
                add(row, at: index + 1, into: &found)
                comments = []
            } else if let assignment = Assignment(text) {
                take(assignment, at: index + 1, into: &found)
                comments = []
            } else {
                found.fails(file, index + 1, "\"\(text)\" is neither a schedule with a command nor NAME=value")
            }
        }
    }

    private mutating func take(_ assignment: Assignment, at line: Int, into found: inout ImportedConfiguration) {
        switch assignment.name {
        case "SHELL": shell = assignment.value
        case "CRON_TZ": zone = assignment.value
        case "MAILTO" where assignment.value.isEmpty:
            found.differs(file, line, "output is not thrown away: it is in the container log and in \"shipkeeper logs JOB\"")
        case "MAILTO", "MAILFROM", "CONTENT_TYPE", "CONTENT_TRANSFER_ENCODING":
            found.differsOnce(
                file, line, "no mail is sent with the output: it is in the container log and in \"shipkeeper logs JOB\"",
                hint: "a job of type notify sends messages about failures")
        case "RANDOM_DELAY":
            delay = Int(assignment.value).map { "\($0)m" }
            if delay == nil { found.fails(file, line, "RANDOM_DELAY is \"\(assignment.value)\", not a number of minutes") }
        default: set(assignment)
        }
    }

    private mutating func set(_ assignment: Assignment) {
        environment.removeAll { $0.key == assignment.name }
        environment.append(.init(assignment.name, .text(assignment.value)))
    }

    /// `NAME=value`, with quotes around either.
    private struct Assignment {
        let name: String
        let value: String

        init?(_ text: String) {
            guard let equals = text.firstIndex(of: "=") else { return nil }
            name = Assignment.bare(String(text[..<equals]).trimmingBlanks)
            value = Assignment.bare(String(text[text.index(after: equals)...]).trimmingBlanks)
            guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }) else { return nil }
        }

        private static func bare(_ text: String) -> String {
            guard text.count >= 2, let first = text.first, first == "\"" || first == "'", text.last == first else { return text }
            return String(text.dropFirst().dropLast())
        }
    }

    private func add(_ row: Row, at line: Int, into found: inout ImportedConfiguration) {
        var (user, command) = (String?.none, row.rest)
        if hasUsers {
            user = String(command.prefix { !$0.isWhitespace })
            command = String(command.dropFirst(user?.count ?? 0)).trimmingBlanks
        }
        takeFlags(&command, at: line, into: &found)
        guard !command.isEmpty else { return found.fails(file, line, "there is no command after the schedule") }
        if let sixth = CrontabReader.sixthField(command) {
            return found.fails(
                file, line, "the command begins with \"\(sixth)\", as a schedule of six fields would: cron has five",
                hint: "write the job by hand: cron takes six fields too"
            )
        }
        var job = ImportedJob(ShellWords.programName(command), .command)
        job.comments = comments
        guard let on = trigger(row.schedule, at: line, &job, into: &found) else { return }
        job.on = on
        if let zone { job.keys.append(.init("timezone", .text(zone))) }
        // Cron makes up for nothing.
        if row.schedule.lowercased() != "@reboot" { job.keys.append(.init("catch_up", .word("skip"))) }
        if let delay, !job.keys.contains(where: { $0.key == "jitter" }) { job.keys.append(.init("jitter", .word(delay))) }
        job.environment = environment
        let text = CrontabReader.line(from: command)
        if let user, user != "root" {
            job.run(words: ["su", user, "-s", shell ?? "/bin/sh", "-c", text])
            found.differsOnce(file, line, "accounts other than root are taken on by su, for which shipkeeper must run as root")
        } else if let shell, shell != "/bin/sh" {
            job.run(words: [shell, "-c", text])
        } else {
            job.run(line: text)
        }
        found.add(job)
        nameCommonDifferences(line, into: &found)
    }

    /// Flags of OpenBSD before the command: `-n` and `-q` are about mail and the log, `-s` keeps a command from running twice at once.
    private func takeFlags(_ command: inout String, at line: Int, into found: inout ImportedConfiguration) {
        guard let match = command.prefixMatch(of: /-[nqs]+\s+/)?.output else { return }
        command = String(command.dropFirst(match.count))
        found.differs(
            file, line, "the flags \(match.trimmingBlanks) are not carried over: nothing is mailed, all output is kept, and no command runs twice at once")
    }

    /// The first word of a command that is none; nil where it may be one.
    private static func sixthField(_ command: String) -> Substring? {
        let word = command.prefix { !$0.isWhitespace }
        return word.contains(/^(?:[*?]|[0-9]+|\*\/[0-9]+|[0-9][0-9,\-\/]*)$/) ? word : nil
    }

    private func nameCommonDifferences(_ line: Int, into found: inout ImportedConfiguration) {
        found.differsOnce(
            file, line,
            "a command starts in shipkeeper's folder and with the container's environment, not in the account's home with cron's PATH=/usr/bin:/bin",
            hint: "set cwd or env where it matters")
        found.differsOnce(
            file, line, "a command that is still running when it is due again is not started a second time: the scheduled time is recorded as skipped",
            hint: "overlap: queue starts it afterwards")
        found.differsOnce(file, line, "processes that a command leaves in the background are ended with it")
    }

    // MARK: Schedules

    private func trigger(_ schedule: String, at line: Int, _ job: inout ImportedJob, into found: inout ImportedConfiguration) -> YAMLValue? {
        var text = schedule
        if text.lowercased() == "@reboot" {
            found.differsOnce(file, line, "@reboot is each start of shipkeeper, which is each start of the container")
            return .word("boot")
        }
        if text.lowercased() == "@every_minute" { text = "* * * * *" }
        if text.hasPrefix("-") { text.removeFirst() }
        if text.contains("~") {
            guard let spread = CrontabReader.spread(text) else {
                found.fails(file, line, "\"\(schedule)\" picks random times; only a random minute can be carried over, as jitter")
                return nil
            }
            (text, job.keys) = (spread.text, [.init("jitter", .word(spread.jitter))])
            found.differs(file, line, "the random minute of \"\(schedule)\" becomes jitter: up to \(spread.jitter) later, each time by another length")
        }
        do throws(CronError) {
            let cron = try CronExpression(text)
            for remark in cron.remarks { found.differs(file, line, remark.message, hint: remark.hint) }
            return .map([.init("cron", .text(text))])
        } catch {
            found.fails(file, line, "\(error.message): the job is left out", hint: error.hint)
            return nil
        }
    }

    /// A minute of the form `a~b` as its first one, with the jitter that reaches the last one.
    private static func spread(_ text: String) -> (text: String, jitter: String)? {
        var fields = text.split(separator: " ").map(String.init)
        guard fields.count == 5, !fields.dropFirst().contains(where: { $0.contains("~") }) else { return nil }
        let ends = fields[0].split(separator: "~", omittingEmptySubsequences: false)
        guard ends.count == 2, let low = ends[0].isEmpty ? 0 : Int(ends[0]), let high = ends[1].isEmpty ? 59 : Int(ends[1]), low < high else { return nil }
        fields[0] = "\(low)"
        return (fields.joined(separator: " "), "\(high - low + 1)m")
    }

    // MARK: Commands

    /// A command with its percent signs: the first one begins the standard input, further ones are line ends in it, `\%` is one itself.
    static func line(from command: String) -> String {
        var (parts, isEscaped) = ([""], false)
        for letter in command {
            if isEscaped {
                parts[parts.count - 1] += letter == "%" ? "%" : "\\\(letter)"
                isEscaped = false
            } else if letter == "\\" {
                isEscaped = true
            } else if letter == "%" {
                parts.append("")
            } else {
                parts[parts.count - 1].append(letter)
            }
        }
        if isEscaped { parts[parts.count - 1] += "\\" }
        guard parts.count > 1 else { return parts[0] }
        return "{ \(parts[0].trimmingBlanks)\n} <<'END_OF_INPUT'\n\(parts.dropFirst().joined(separator: "\n"))\nEND_OF_INPUT\n"
    }
}

extension StringProtocol {
    /// Without blanks at both ends.
    var trimmingBlanks: String {
        var rest = drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
