import ArgumentParser
import Config
import Control
import Daemon
import Scheduler
import Settings

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check programs, credentials, repositories and publish targets, and suggest fixes.",
        discussion: "Nothing stored is touched, and no job's program is started. Exits with 0 when nothing has failed, else with 1; a warning is not a failure."
    )

    @Argument(help: "Only these jobs and the repositories that they name.", completion: .jobs)
    var jobs: [String] = []

    @Option(name: .shortAndLong, help: "The configuration file.")
    var config: String?

    @OptionGroup var json: JSONOption

    func run() async throws {
        let file = await ConfigurationFile.orOfServer(option: config, state: nil)
        let found = try await RepositoryOptions.withScratch { await Doctor(file: file, jobs: jobs, scratch: $0).run() }
        if let configuration = found.configuration { try refuseUnknown(configuration.jobs.map(\.definition.name)) }
        if Console.answered(DoctorAnswer(checks: found.checks)) { report(found.checks) } else { show(found.checks) }
        if found.configuration == nil { throw Exit.badConfiguration }
        if found.checks.contains(where: { $0.verdict == .failed }) { throw ExitCode.failure }
    }

    private func refuseUnknown(_ known: [String]) throws {
        for name in jobs where !known.contains(name) {
            let nearest = NearestWord.find(name, in: known).map { "did you mean \"\($0)\"?" }
            Console.error("no job is named \"\(name)\"", hint: nearest ?? "the jobs are \(known.joined(separator: ", "))", code: .noSuchJob)
            throw Exit.noSuchJob
        }
    }

    /// Programs find all that is wrong in one place, whatever they asked.
    private func report(_ checks: [DoctorAnswer.Check]) {
        for check in checks where check.verdict != .ok {
            Console.problem(
                ProblemAnswer("\(check.about): \(check.check): \(check.message)", severity: check.verdict == .failed ? .error : .warning, hint: check.hint))
        }
    }

    private func show(_ checks: [DoctorAnswer.Check]) {
        var about = ""
        for check in checks {
            if check.about != about { Console.out(Console.paint(check.about, .bold)) }
            about = check.about
            let colour: Console.Colour = check.verdict == .ok ? .green : check.verdict == .warning ? .yellow : .red
            let mark = check.verdict == .ok ? "ok  " : check.verdict == .warning ? "warn" : "FAIL"
            let name = check.message.hasPrefix("\(check.check): ") ? "" : "\(check.check): "
            let text = wrapped(name + check.message, width: Console.width, indent: "       ")
            Console.out("  \(Console.paint(mark, colour)) \(text.drop { $0 == " " })")
            if let hint = check.hint { Console.out(wrapped("→ \(hint)", width: Console.width, indent: "       ")) }
        }
    }
}
