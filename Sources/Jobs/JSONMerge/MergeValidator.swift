import JobKit
import Settings
import Synchronization

/// A program that judges a file by its exit code.
struct MergeValidator: Sendable {
    /// The placeholder for the path of the file to be judged, in arguments and variables.
    private static let placeholder = "{file}"
    /// The most of what it prints that is looked at, in lines.
    private static let mostLines = 200

    let program: ProgramLine
    let environment: [String: String]
    /// The longest one judgement may take.
    let timeout: Duration

    static func read(_ reader: inout SettingsReader) -> MergeValidator? {
        let program = reader.program()
        let environment = reader.stringMap(
            "env", "Environment variables of the program; {file} is replaced by the path of the file to check, as in \"command\"")
        let timeout = reader.duration("timeout", "The longest one check may take", default: .seconds(60), in: .seconds(1) ... .seconds(3600))
        return program.map { MergeValidator(program: $0, environment: environment, timeout: timeout) }
    }

    /// - Parameter file: A whole path.
    func judge(_ file: String, _ context: RunContext) async throws(JobError) -> AcceptedSubsetSearch.Verdict {
        var command = context.command(filled(program, file))
        for (name, value) in environment { command.environment[name] = value.replacing(MergeValidator.placeholder, with: file) }
        command.environment["SHIPKEEPER_FILE"] = file
        let heard = Mutex<[String]>([])
        let lines = OutputLines { line in heard.withLock { if $0.count < MergeValidator.mostLines { $0.append(line) } } }
        // It may run many times: only the first line of its output is reported.
        command.onOutput = { bytes, stream, whenKept in
            lines.hear(bytes, stream)
            whenKept?(.none)
        }
        let judged = command
        do throws(JobError) {
            let exit = try await Deadline.within(timeout, context.clock) { () throws(JobError) in try await context.finish(judged) }
            lines.finish()
            guard let exit else { return .unknown("\(program) did not end within \(DurationText.format(timeout))") }
            guard case .exited(let code) = exit else { return .unknown("\(program) \(exit)") }
            let words = heard.withLock { $0 }
            if code != 0, let first = words.first { context.log("the validator says: \(MergeValidator.masked(first))") }
            return code == 0 ? .accepted : .rejected(words.joined(separator: "\n"))
        } catch {
            return .unknown(error.summary)
        }
    }

    /// Values of the file may be in what it says, mostly in quotes or as one long word: keys are shown, values never.
    private static func masked(_ line: String) -> String {
        String(line.prefix(300)).replacing(/"[^"]*"|'[^']*'|`[^`]*`/, with: "…").replacing(/[A-Za-z0-9_\-+=\/]*[0-9][A-Za-z0-9_\-+=\/]{11,}/, with: "…")
    }

    private func filled(_ program: ProgramLine, _ file: String) -> ProgramLine {
        switch program {
        case .command(let words): .command(words.map { $0.replacing(MergeValidator.placeholder, with: file) })
        // Left to the shell's own variable: a path would need quoting.
        case .shell: program
        }
    }
}
