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
import PluginHost
import Scheduler
import Settings
import Storage

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

    private struct Line: Encodable {
        var about: String
        var check: String
        var verdict: String
        var message: String
        var hint: String?
        /// Of a disk, in bytes.
        var free: Int64?

        init(about: String, check: String, verdict: JobCheck.Verdict, message: String, hint: String? = nil, free: Int64? = nil) {
            (self.about, self.check, self.verdict, self.message, self.free) = (about, check, verdict.rawValue, message, free)
            // Where all is well there is nothing to do.
            self.hint = verdict == .ok ? nil : hint
        }

        init(_ about: String, _ check: JobCheck) {
            self.init(about: about, check: check.name, verdict: check.verdict, message: check.message, hint: check.hint)
        }
    }

    private struct Answer: Encodable {
        var checks: [Line]
    }

    func run() async throws {
        let file = await ConfigurationFile.orOfServer(option: config, state: nil)
        var lines = configurationLines(file)
        if let configuration = lines.configuration {
            let chosen = try chosen(configuration)
            if jobs.isEmpty { lines.lines += await platformLines(configuration, file) + localLines(configuration) }
            lines.lines += await repositoryLines(configuration, of: chosen)
            lines.lines += await jobLines(configuration, chosen, file)
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
            let name = line.message.hasPrefix("\(line.check): ") ? "" : "\(line.check): "
            let text = wrapped(name + line.message, width: Console.width, indent: "       ")
            Console.out("  \(Console.paint(mark, colour)) \(text.drop { $0 == " " })")
            if let hint = line.hint { Console.out(wrapped("→ \(hint)", width: Console.width, indent: "       ")) }
        }
    }

    // MARK: Checks

    /// The jobs that were named, or all.
    private func chosen(_ configuration: Configuration) throws -> [Configuration.Job] {
        if jobs.isEmpty { return configuration.jobs }
        let known = configuration.jobs.map(\.definition.name)
        for name in jobs where !known.contains(name) {
            let nearest = NearestWord.find(name, in: known).map { "did you mean \"\($0)\"?" }
            Console.error("no job is named \"\(name)\"", hint: nearest ?? "the jobs are \(known.joined(separator: ", "))", code: .noSuchJob)
            throw Exit.noSuchJob
        }
        return configuration.jobs.filter { jobs.contains($0.definition.name) }
    }

    private func configurationLines(_ file: ConfigurationFile) -> (lines: [Line], configuration: Configuration?) {
        let about = "configuration"
        do {
            let configuration = try file.read(ConfigurationFile.catalog(http: CurlClient()))
            let good = Line(about: about, check: "valid", verdict: .ok, message: "\(file.path), \(configuration.jobs.count.counted("job"))")
            let warnings = configuration.warnings.map { Line(about: about, check: "warning", verdict: .warning, message: $0.description) }
            let disabled = configuration.jobs.filter { jobs.isEmpty || jobs.contains($0.definition.name) }.compactMap { job in
                job.definition.disabled.flatMap { reason in
                    reason.hint.map { Line(about: about, check: job.definition.name, verdict: .failed, message: "disabled, \(reason)", hint: $0) }
                }
            }
            return ([good] + warnings + disabled, configuration)
        } catch {
            return (error.problems.map { Line(about: about, check: "mistake", verdict: .failed, message: $0.description) }, nil)
        }
    }

    private func platformLines(_ configuration: Configuration, _ file: ConfigurationFile) async -> [Line] {
        let checks = PlatformChecks(file: file)
        return (await checks.local(configuration) + [checks.visibility(CurlClient())].compactMap(\.self)).map { Line("platform", $0) }
    }

    private func localLines(_ configuration: Configuration) -> [Line] {
        let about = "this machine"
        var lines: [Line] = []
        do {
            let state = try StateFolder.prepare(configured: configuration.stateFolder)
            let room = DiskRoom(of: state.path, needsWriting: true)
            if !room.isFull { lines.append(Line(about: about, check: "state folder", verdict: .ok, message: "\(state.path) can be written")) }
            lines.append(line("disk of the state folder", state.path, room, about))
        } catch {
            lines.append(Line(about: about, check: "state folder", verdict: .failed, message: error.message))
        }
        var seen = Set<String>()
        for path in RepositoryPlans(configuration: configuration).uses.flatMap({ $0.source.places }) where seen.insert(path).inserted {
            lines.append(folderLine(path, about))
        }
        return lines
    }

    private func line(_ check: String, _ path: String, _ room: DiskRoom, _ about: String) -> Line {
        Line(about: about, check: check, verdict: room.verdict, message: room.words(path), hint: room.hint, free: room.bytes)
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
                about: about, check: path, verdict: .failed, message: "\(place) can't be written by this user",
                hint: "give user \(getuid()) the right to, or use a folder below \(ProcessInfo.processInfo.environment["HOME"] ?? "its home")")
        }
        let room = DiskRoom(of: place, needsWriting: false)
        if room.isFull { return line(path, place, room, about) }
        return Line(about: about, check: path, verdict: .ok, message: isThere ? "can be written" : "will be made in \(place)")
    }

    private func jobLines(_ configuration: Configuration, _ chosen: [Configuration.Job], _ file: ConfigurationFile) async -> [Line] {
        let names = Set(chosen.map(\.definition.name))
        let checks = JobChecks(plugins: file.plugins().plugins, environment: ContainerEnvironment.all)
        var lines: [Line] = []
        for job in JobEnvironment(stateFolder: "").jobs(of: configuration) where job.definition.disabled == nil && names.contains(job.definition.name) {
            lines += await checks.checks(of: job).map { Line("job \(job.definition.name)", $0) }
        }
        return lines
    }

    private func repositoryLines(_ configuration: Configuration, of chosen: [Configuration.Job]) async -> [Line] {
        let used = Set(chosen.flatMap(\.definition.exclusive))
        var lines: [Line] = []
        for (name, resource) in configuration.repositories.sorted(by: { $0.key < $1.key }) where jobs.isEmpty || used.contains("repository/\(name)") {
            let about = "repository \(name)"
            guard let repository = resource.value as? Repository else {
                let secrets = resource.missingSecrets.joined(separator: ", ")
                lines.append(Line(about: about, check: "secret", verdict: .failed, message: "\(secrets) is not set", hint: "set it in the container's secrets"))
                continue
            }
            let checks: [StoreCheck]
            do { checks = try await RepositoryOptions.withScratch { await repository.store.diagnose(scratch: try Console.folder($0)) } } catch {
                checks = [StoreCheck("temporary folder", .failed, "\(error)", hint: "make \(TemporaryPlace.find()) writable, or set TMPDIR")]
            }
            lines += checks.map {
                Line(about: about, check: $0.name, verdict: JobCheck.Verdict(rawValue: $0.verdict.rawValue) ?? .failed, message: $0.message, hint: $0.hint)
            }
        }
        return lines
    }
}
