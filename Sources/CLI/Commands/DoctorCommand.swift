import ArgumentParser
import Backups
import Config
import Control
import Daemon
import Files
import Foundation
import HTTPClient
import JobKit
import Jobs
import Scheduler
import Settings
import Storage

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check credentials, repositories and publish targets, and suggest fixes.",
        discussion: "Nothing stored is touched. Exits with 0 when nothing has failed, else with 1; a warning is not a failure.")

    @Option(name: .shortAndLong, help: "The configuration file.")
    var config: String?

    @OptionGroup var json: JSONOption

    private struct Line: Encodable {
        var about: String
        var check: String
        var verdict: String
        var message: String
        var hint: String?
    }

    private struct Answer: Encodable {
        var checks: [Line]
    }

    func run() async throws {
        let file = await ConfigurationFile.orOfServer(option: config, state: nil)
        var lines = configurationLines(file)
        if let configuration = lines.configuration {
            lines.lines += await platformLines(configuration, file)
            lines.lines += localLines(configuration)
            lines.lines += await repositoryLines(RepositoryPlans(configuration: configuration))
            lines.lines += await jobLines(configuration)
        }
        if Console.answered(Answer(checks: lines.lines)) { report(lines.lines) } else { show(lines.lines) }
        if lines.configuration == nil { throw Exit.badConfiguration }
        if lines.lines.contains(where: { $0.verdict == StoreCheck.Verdict.failed.rawValue }) { throw ExitCode.failure }
    }

    /// Programs find all that is wrong in one place, whatever they asked.
    private func report(_ lines: [Line]) {
        for line in lines where line.verdict != StoreCheck.Verdict.ok.rawValue {
            let severity: ProblemAnswer.Severity = line.verdict == StoreCheck.Verdict.failed.rawValue ? .error : .warning
            Console.problem(ProblemAnswer("\(line.about): \(line.check): \(line.message)", severity: severity, hint: line.hint))
        }
    }

    private func show(_ lines: [Line]) {
        var about = ""
        for line in lines {
            if line.about != about { Console.out(Console.paint(line.about, .bold)) }
            about = line.about
            let colour: Console.Colour = line.verdict == "ok" ? .green : line.verdict == "warning" ? .yellow : .red
            let mark = line.verdict == "ok" ? "ok  " : line.verdict == "warning" ? "warn" : "FAIL"
            let text = wrapped("\(line.check): \(line.message)", width: Console.width, indent: "       ")
            Console.out("  \(Console.paint(mark, colour)) \(text.drop { $0 == " " })")
            if let hint = line.hint { Console.out(wrapped("→ \(hint)", width: Console.width, indent: "       ")) }
        }
    }

    // MARK: Checks

    private func configurationLines(_ file: ConfigurationFile) -> (lines: [Line], configuration: Configuration?) {
        let about = "configuration"
        do {
            let configuration = try file.read(ConfigurationFile.catalog(http: CurlClient()))
            let good = Line(about: about, check: "valid", verdict: "ok", message: "\(file.path), \(configuration.jobs.count.counted("job"))")
            let warnings = configuration.warnings.map { Line(about: about, check: "warning", verdict: "warning", message: $0.description) }
            let disabled = configuration.jobs.compactMap { job in
                job.definition.disabled.flatMap { reason in
                    reason.hint.map { Line(about: about, check: job.definition.name, verdict: "failed", message: "disabled, \(reason)", hint: $0) }
                }
            }
            return ([good] + warnings + disabled, configuration)
        } catch {
            return (error.problems.map { Line(about: about, check: "mistake", verdict: "failed", message: $0.description) }, nil)
        }
    }

    private func platformLines(_ configuration: Configuration, _ file: ConfigurationFile) async -> [Line] {
        let checks = PlatformChecks(file: file)
        let all = checks.local(configuration) + [await checks.visibility(CurlClient())].compactMap(\.self)
        return all.map { Line(about: "platform", check: $0.name, verdict: $0.verdict.rawValue, message: $0.message, hint: $0.hint) }
    }

    private func localLines(_ configuration: Configuration) -> [Line] {
        let about = "this machine"
        var lines: [Line] = []
        do {
            let state = try StateFolder.prepare(configured: configuration.stateFolder)
            lines.append(Line(about: about, check: "state folder", verdict: "ok", message: "\(state.path) can be written"))
            lines += spaceLine("disk of the state folder", state.path, about)
        } catch {
            lines.append(Line(about: about, check: "state folder", verdict: "failed", message: error.message))
        }
        var seen = Set<String>()
        for use in RepositoryPlans(configuration: configuration).uses where seen.insert(use.source.readable).inserted {
            lines += use.source.places.map { folderLine($0, about) }
        }
        return lines
    }

    private func spaceLine(_ check: String, _ path: String, _ about: String) -> [Line] {
        guard let space = try? Folder.open(path).space() else { return [] }
        let isLow = space.bytes < 1_000_000_000
        return [
            Line(
                about: about, check: check, verdict: isLow ? "warning" : "ok", message: "\(ByteSizeText.readable(space.bytes)) free",
                hint: isLow ? "a backup needs room for its archive there" : nil)
        ]
    }

    /// A folder to be stored: whether it, or what it will be made in, can be written.
    private func folderLine(_ path: String, _ about: String) -> Line {
        var place = path
        while place != "/", !FileManager.default.fileExists(atPath: place) {
            place = URL(fileURLWithPath: place).deletingLastPathComponent().path
        }
        let isThere = place == path
        guard FileManager.default.isWritableFile(atPath: place) else {
            return Line(
                about: about, check: path, verdict: "failed", message: "\(place) can't be written by this user",
                hint: "give user \(getuid()) the right to, or use a folder below \(ProcessInfo.processInfo.environment["HOME"] ?? "its home")")
        }
        return Line(about: about, check: path, verdict: "ok", message: isThere ? "can be written" : "will be made in \(place)")
    }

    private func jobLines(_ configuration: Configuration) async -> [Line] {
        var lines: [Line] = []
        for job in JobEnvironment(stateFolder: "").jobs(of: configuration) where job.definition.disabled == nil {
            guard case .job(let work) = job.work else { continue }
            let checks = await work.diagnose(environment: job.environment)
            lines += checks.map {
                Line(about: "job \(job.definition.name)", check: $0.name, verdict: $0.verdict.rawValue, message: $0.message, hint: $0.hint)
            }
        }
        return lines
    }

    private func repositoryLines(_ plans: RepositoryPlans) async -> [Line] {
        var lines: [Line] = []
        for (name, resource) in plans.configuration.repositories.sorted(by: { $0.key < $1.key }) {
            let about = "repository \(name)"
            guard let repository = resource.value as? Repository else {
                let secrets = resource.missingSecrets.joined(separator: ", ")
                lines.append(
                    Line(about: about, check: "secret", verdict: "failed", message: "\(secrets) is not set", hint: "set it in the container's secrets"))
                continue
            }
            let checks: [StoreCheck]
            do { checks = try await RepositoryOptions.withScratch { await repository.store.diagnose(scratch: try Console.folder($0)) } } catch {
                checks = [StoreCheck("temporary folder", .failed, "\(error)", hint: "make \(TemporaryPlace.find()) writable, or set TMPDIR")]
            }
            lines += checks.map { Line(about: about, check: $0.name, verdict: $0.verdict.rawValue, message: $0.message, hint: $0.hint) }
        }
        return lines
    }
}
